import { isBuiltin } from 'node:module';
import path from 'node:path';

/**
 * Which room of the house may import from which. A room is a folder, relative to the root; a file belongs to the
 * longest that matches, and may always import from its own. Besides rooms, a list holds the names of npm packages,
 * `node:*` for Node's built-in modules, and `*` for anything.
 *
 * @typedef {Readonly<Record<string, readonly string[]>>} Boundaries
 */

/**
 * @param {string} relative path relative to the root, with forward slashes
 * @param {Boundaries} boundaries
 * @returns {string | undefined}
 */
const roomOf = (relative, boundaries) =>
  Object.keys(boundaries)
    .filter((room) => relative === room || relative.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];

/** @param {string} file */
const withForwardSlashes = (file) => file.replaceAll('\\', '/');

/**
 * What an import reaches for, in the words of the table.
 *
 * @param {string} specifier as written, such as `../../shared/base/result`
 * @param {string} file absolute path of the importing file
 * @param {string} root absolute path of the repository
 * @param {Boundaries} boundaries
 * @returns {string}
 */
const targetOf = (specifier, file, root, boundaries) => {
  const bare = specifier.replace(/\?.*$/, '');
  if (bare.startsWith('.') || path.isAbsolute(bare)) {
    const relative = withForwardSlashes(path.relative(root, path.resolve(path.dirname(file), bare)));
    return roomOf(relative, boundaries) ?? relative;
  }
  if (isBuiltin(bare)) return 'node:*';
  const [scope, name] = bare.split('/');
  return bare.startsWith('@') ? `${scope ?? ''}/${name ?? ''}` : (scope ?? bare);
};

/**
 * ESLint's rule for `Boundaries`, given to it as its only option together with the repository's root. It sees
 * every way to reach another file: import and export declarations, `import()`, `import('…')` types, `import =`,
 * `require` and `new URL('…', import.meta.url)`.
 *
 * @type {import('eslint').Rule.RuleModule}
 */
export const importBoundaries = {
  meta: {
    type: 'problem',
    docs: { description: 'keep the rooms of the house apart' },
    messages: {
      crossing: "{{room}} may not import from {{target}} (see the table 'boundaries' in eslint.config.mjs).",
      homeless: "This file is in no room of the table 'boundaries' in eslint.config.mjs.",
    },
    schema: [
      {
        type: 'object',
        properties: { root: { type: 'string' }, boundaries: { type: 'object' } },
        required: ['root', 'boundaries'],
        additionalProperties: false,
      },
    ],
  },
  create(context) {
    const { root, boundaries } = /** @type {{ root: string, boundaries: Boundaries }} */ (context.options[0]);
    const file = context.filename;
    const room = roomOf(withForwardSlashes(path.relative(root, file)), boundaries);
    if (room === undefined) return { Program: (node) => context.report({ node, messageId: 'homeless' }) };
    const allowed = boundaries[room] ?? [];
    if (allowed.includes('*')) return {};

    /** @param {any} source the node that holds the specifier, if it is one we can read */
    const check = (source) => {
      const specifier = source?.type === 'TSLiteralType' ? source.literal.value : source?.value;
      if (typeof specifier !== 'string') return;
      const target = targetOf(specifier, file, root, boundaries);
      if (target === room || allowed.includes(target)) return;
      context.report({ node: source, messageId: 'crossing', data: { room, target } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (/** @type {any} */ node) => check(node.source ?? node.argument),
      TSExternalModuleReference: (/** @type {any} */ node) => check(node.expression),
      CallExpression: (node) => {
        if (node.callee.type === 'Identifier' && node.callee.name === 'require') check(node.arguments[0]);
      },
      NewExpression: (node) => {
        const isUrl = node.callee.type === 'Identifier' && node.callee.name === 'URL';
        if (isUrl && node.arguments[1]?.type === 'MemberExpression') check(node.arguments[0]);
      },
    };
  },
};
