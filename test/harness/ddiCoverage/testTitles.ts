/** Looks for test titles in the source of test files. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** What vitest puts values into: `%s` and its kin, and `$name`. */
const placeholder = /%[sdifjoc#%]|\$[a-zA-Z_][\w.]*/;

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Titles that a literal can stand for; undefined if it is all placeholder. */
function patternOf(pieces: readonly string[]): RegExp | undefined {
  const fixed = pieces.flatMap((piece) => piece.split(placeholder));
  if (fixed.join('').trim() === '') return undefined;
  return new RegExp(`^${fixed.map(escaped).join('.*')}$`, 's');
}

/** Patterns of all texts that a source holds, and the files that it imports. */
function readSource(file: string): { readonly patterns: RegExp[]; readonly imports: string[] } {
  const patterns: RegExp[] = [];
  const imports: string[] = [];
  const add = (pieces: readonly string[]): void => {
    const pattern = patternOf(pieces);
    if (pattern !== undefined) patterns.push(pattern);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      if (ts.isStringLiteral(node.moduleSpecifier)) imports.push(node.moduleSpecifier.text);
      return;
    }
    if (ts.isStringLiteralLike(node)) add([node.text]);
    else if (ts.isTemplateExpression(node))
      add([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest));
  return { patterns, imports };
}

/**
 * Finds out whether a test file can have a title: whether it, or a file of the tests that it imports, holds a text that the title
 * can come from. Templates and `%s` stand for anything.
 */
export class TestTitles {
  private readonly patternsOf = new Map<string, readonly RegExp[]>();

  /** @param root folder that the names of files are relative to */
  constructor(private readonly root: string) {}

  /** Whether `file` exists and can have the title. */
  has(file: string, title: string): boolean {
    return this.patterns(path.join(this.root, file)).some((pattern) => pattern.test(title));
  }

  private patterns(file: string): readonly RegExp[] {
    const known = this.patternsOf.get(file);
    if (known !== undefined) return known;
    const found: RegExp[] = [];
    if (existsSync(file)) {
      const { patterns, imports } = readSource(file);
      found.push(...patterns);
      for (const specifier of imports) {
        const imported = path.resolve(path.dirname(file), `${specifier}.ts`);
        if (specifier.startsWith('.') && imported.startsWith(path.join(this.root, 'test') + path.sep))
          if (existsSync(imported)) found.push(...readSource(imported).patterns);
      }
    }
    this.patternsOf.set(file, found);
    return found;
  }
}
