import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importBoundaries } from './tools/eslint/importBoundaries.mjs';

/** The drivers of the emulated stack. They see of it what a driver of anybody sees, and the protocols on the wire. */
const driverRooms = ['electron/emulator/host', 'electron/emulator/target', 'electron/emulator/intermediate'];
const driverImports = ['shared', 'electron/emulator/kit', 'electron/emulator/tcp', 'electron/emulator/wire'];

/**
 * The map of the house: which room may import from which other rooms and npm packages (`node:*` is Node itself).
 * Every file may import from its own room. What is not in here is forbidden.
 *
 * @type {import('./tools/eslint/importBoundaries.mjs').Boundaries}
 */
const boundaries = {
  shared: ['zod', '@noble/hashes', 'fflate', 'yaml'],
  'electron/emulator': [
    'shared',
    'electron/emulator/kit',
    ...driverRooms,
    'electron/emulator/tcp',
    'electron/emulator/wire',
    '@noble/hashes',
  ],
  'electron/emulator/kit': ['shared', 'electron/emulator', 'electron/emulator/tcp', 'electron/emulator/wire'],
  'electron/emulator/tcp': ['shared', 'electron/emulator', 'electron/emulator/wire', '@noble/hashes'],
  'electron/emulator/wire': ['shared', 'electron/emulator', 'electron/emulator/tcp'],
  ...Object.fromEntries(driverRooms.map((room) => [room, driverImports])),
  'electron/recorder': ['shared', 'electron/emulator'],
  // It stands around the whole machine: beside the drivers' rooms it sees the kit, TCP and the wire.
  'electron/packetdrill': [
    'shared',
    'electron/emulator',
    'electron/emulator/kit',
    'electron/emulator/host',
    'electron/emulator/target',
    'electron/emulator/tcp',
    'electron/emulator/wire',
  ],
  'electron/files': ['shared', 'node:*'],
  'electron/drivers': [
    'shared',
    'electron/emulator',
    'electron/emulator/kit',
    'electron/files',
    'node:*',
    'typescript',
  ],
  'electron/engine': [
    'shared',
    'electron/emulator',
    'electron/recorder',
    'electron/files',
    'electron/drivers',
    'node:*',
    'zod',
  ],
  'electron/realwire': [
    'shared',
    'electron/emulator',
    'electron/emulator/host',
    'electron/emulator/target',
    'electron/emulator/tcp',
    'electron/emulator/wire',
    'electron/recorder',
    'electron/files',
    'node:*',
    'koffi',
  ],
  'electron/tables': ['shared', 'electron/files', 'node:*', '@duckdb/node-api', 'apache-arrow'],
  'electron/preload': ['shared', 'electron'],
  'electron/main': [
    'shared',
    'electron/emulator',
    'electron/recorder',
    'electron/files',
    'electron/drivers',
    'electron/engine',
    'electron',
    'node:*',
    'zod',
    '@noble/hashes',
  ],
  'electron/cli': [
    'shared',
    'electron/emulator',
    'electron/recorder',
    'electron/packetdrill',
    'electron/files',
    'electron/drivers',
    'electron/engine',
    'electron/realwire',
    'electron/tables',
    'electron/emulator/wire',
    'node:*',
    'zod',
    '@noble/hashes',
    'commander',
    '@duckdb/node-api',
    'package.json',
  ],
  renderer: ['shared', 'vue', 'chart.js', 'zod'],
  // A driver sees the kit and nothing else.
  examples: ['chimneysweep'],
  test: ['*'],
  // Set-up runs before node_modules exists, and loads these two only after it has made it.
  'tools/setup': ['tools/lib', 'node:*', 'yauzl', '@electron/asar'],
  'tools/lib': ['node:*'],
  tools: ['*'],
  bin: ['*'],
};

/** Rooms that run anywhere: no Node, no Electron, no DOM. */
const pureRooms = [
  'shared/**/*.ts',
  'electron/emulator/**/*.ts',
  'electron/recorder/**/*.ts',
  'electron/packetdrill/**/*.ts',
];

/** Rooms with virtual time and seeded randomness only: the same seed gives the same bytes. */
const deterministicRooms = [
  'electron/emulator/**/*.ts',
  'electron/recorder/**/*.ts',
  'electron/packetdrill/**/*.ts',
];

const nodeGlobals = [
  'Buffer',
  'process',
  'global',
  'require',
  'module',
  '__dirname',
  '__filename',
  'setImmediate',
];
const domGlobals = ['window', 'document', 'navigator', 'self', 'location', 'localStorage', 'fetch', 'alert'];
const wallClockGlobals = [
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'clearTimeout',
  'clearInterval',
  'queueMicrotask',
  'requestAnimationFrame',
  'crypto',
];

/**
 * @param {readonly string[]} names
 * @param {string} message what to use instead
 */
const forbidden = (names, message) => names.map((name) => ({ name, message }));

const noPlatform = [
  ...forbidden(
    nodeGlobals,
    'This room runs anywhere: Node is for electron/main, electron/preload and electron/cli.',
  ),
  ...forbidden(domGlobals, 'This room runs anywhere: the DOM is for the renderer.'),
];
const noWallClock = forbidden(
  wallClockGlobals,
  'Time comes from the virtual clock, randomness from the seed.',
);

const noDefaultExport = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Export by name; only Vue components and config files have a default.',
  },
  {
    selector: 'ExportSpecifier[exported.name="default"]',
    message: 'Export by name; only Vue components and config files have a default.',
  },
];

/** Files whose tool wants a default export. */
const filesWithDefaultExport = [
  '*.mjs',
  '*.mts',
  '*.ts',
  'tools/playwright/**',
  'tools/packaging/**',
  'test/harness/ddiCoverage/reporter.ts',
  '**/*.d.ts',
];

export default defineConfig(
  {
    ignores: [
      'node_modules/',
      'out/',
      'dist/',
      'test-results/',
      'tools/types/',
      'tools/electron-fallback/{runtime,node_modules,unpacking-*}/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  vue.configs['flat/recommended'],
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        // The same for every file: the project service reloads all projects when it changes.
        extraFileExtensions: ['.vue'],
      },
    },
  },
  { files: ['**/*.vue'], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  {
    plugins: { chimneysweep: { rules: { 'import-boundaries': importBoundaries } } },
    rules: {
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...noDefaultExport],
      // TypeScript knows every name.
      'no-undef': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // With noUncheckedIndexedAccess, `bytes[index]!` after a check of the length is the honest spelling.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: Object.keys(boundaries).map((room) => `${room}/**`),
    rules: {
      'chimneysweep/import-boundaries': ['error', { root: import.meta.dirname, boundaries }],
    },
  },
  {
    files: driverRooms.map((room) => `${room}/**/*.ts`),
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/kit/*'], message: "The kit's one door is its index: import from '../kit'." },
          ],
        },
      ],
    },
  },
  {
    files: pureRooms,
    rules: { 'no-restricted-globals': ['error', { globals: noPlatform, checkGlobalObject: true }] },
  },
  {
    files: deterministicRooms,
    rules: {
      'no-restricted-globals': [
        'error',
        { globals: [...noPlatform, ...noWallClock], checkGlobalObject: true },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness comes from the seed.' },
      ],
    },
  },
  {
    files: ['renderer/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...forbidden(nodeGlobals, 'The renderer has no Node: it is also the web viewer.'),
      ],
    },
  },
  { files: filesWithDefaultExport, rules: { 'no-restricted-syntax': 'off' } },
  { files: ['**/*.vue'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // A script without types, and the CommonJS that Electron's runtime loads before anything else.
    files: ['tools/generateDdi.mjs', 'tools/electron-fallback/default_app/*.js'],
    ...tseslint.configs.disableTypeChecked,
    rules: { ...tseslint.configs.disableTypeChecked.rules, '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // Typed linting does not see a cast in a JSDoc comment; the type checker does.
    files: ['**/*.mjs'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  prettier,
);
