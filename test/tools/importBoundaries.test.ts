import { ESLint } from 'eslint';
import path from 'node:path';
import tseslint from 'typescript-eslint';
import { beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..', '..');

/** The rules that keep the rooms of the house apart. */
const boundaryRules = new Set([
  'chimneysweep/import-boundaries',
  'no-restricted-globals',
  'no-restricted-imports',
  'no-restricted-properties',
  'no-restricted-syntax',
]);

let linter: ESLint;

beforeAll(() => {
  linter = new ESLint({
    cwd: root,
    // The files of these tests exist in no folder, so there are no types to lint with.
    overrideConfig: [{ files: ['**/*.ts', '**/*.mts', '**/*.vue'], ...tseslint.configs.disableTypeChecked }],
  });
});

/** Lints `code` as if it stood in `file`; the broken boundary rules, in order. */
const broken = async (file: string, code: string): Promise<string[]> => {
  const [result] = await linter.lintText(code, { filePath: path.join(root, file) });
  const messages = result?.messages ?? [];
  expect(messages.filter((message) => message.fatal)).toEqual([]);
  return messages.flatMap(({ ruleId }) => (ruleId !== null && boundaryRules.has(ruleId) ? [ruleId] : []));
};

const importing = (specifier: string): string => `import { thing } from '${specifier}';\nthing();\n`;
const crossing = ['chimneysweep/import-boundaries'];

describe('imports that the map of the house forbids', () => {
  it.each([
    ['shared/state/virtual.ts', '../../electron/emulator/ndis/door'],
    ['shared/state/virtual.ts', '../../renderer/view'],
    ['shared/state/virtual.ts', '../../test/helper'],
    ['shared/state/virtual.ts', 'vue'],
    ['shared/state/virtual.ts', 'electron'],
    ['shared/state/virtual.ts', 'node:fs'],
    ['shared/state/virtual.ts', 'fs'],
    ['renderer/timeline/virtual.ts', '../../electron/main/window'],
    ['renderer/timeline/virtual.ts', '../../electron/emulator/ndis/door'],
    ['renderer/timeline/virtual.ts', 'electron'],
    ['renderer/timeline/virtual.ts', 'node:path'],
    ['electron/emulator/tcp/virtual.ts', '../../../renderer/view'],
    ['electron/emulator/tcp/virtual.ts', '../../recorder/recorder'],
    ['electron/emulator/tcp/virtual.ts', '../../main/window'],
    ['electron/emulator/tcp/virtual.ts', 'electron'],
    ['electron/emulator/tcp/virtual.ts', 'node:crypto'],
    ['electron/emulator/tcp/virtual.ts', 'vue'],
    ['electron/emulator/host/virtual.ts', '../ndis/door'],
    ['electron/emulator/host/virtual.ts', '../machine/machine'],
    ['electron/emulator/host/virtual.ts', '../observe/stateObserver'],
    ['electron/emulator/host/virtual.ts', '../target/offloadTarget'],
    ['electron/emulator/host/virtual.ts', '../probe'],
    ['electron/emulator/target/virtual.ts', '../ndis/drivers'],
    ['electron/emulator/target/virtual.ts', '../host/hostStack'],
    ['electron/emulator/target/virtual.ts', '../clock/scheduler'],
    ['electron/emulator/intermediate/virtual.ts', '../ndis/core'],
    ['electron/emulator/intermediate/virtual.ts', '../target/offloadTarget'],
    ['electron/emulator/kit/virtual.ts', '../target/offloadTarget'],
    ['electron/emulator/tcp/virtual.ts', '../kit'],
    ['electron/recorder/virtual.ts', 'node:fs/promises'],
    ['electron/recorder/virtual.ts', 'electron'],
    ['electron/recorder/virtual.ts', '../../renderer/view'],
    ['electron/main/virtual.ts', '../../renderer/view'],
    ['electron/preload/virtual.ts', '../main/window'],
    ['electron/preload/virtual.ts', '../../renderer/view'],
    ['electron/cli/virtual.ts', '../../renderer/view'],
    ['electron/cli/virtual.ts', 'electron'],
  ])('%s <- %s', async (file, specifier) => {
    expect(await broken(file, importing(specifier))).toEqual(crossing);
  });
});

describe('imports that the map of the house allows', () => {
  it.each([
    ['shared/state/virtual.ts', './neighbour'],
    ['shared/state/virtual.ts', '../ddi/catalogue'],
    ['shared/state/virtual.ts', 'zod'],
    ['renderer/timeline/virtual.ts', '../../shared/trace/records'],
    ['renderer/timeline/virtual.ts', '../panel/panel'],
    ['renderer/timeline/virtual.ts', 'vue'],
    ['renderer/timeline/virtual.ts', 'chart.js/auto'],
    ['renderer/timeline/virtual.ts', '../parse.worker?worker&inline'],
    ['electron/emulator/tcp/virtual.ts', '../../../shared/base/result'],
    ['electron/emulator/tcp/virtual.ts', '../ndis/door'],
    ['electron/emulator/tcp/virtual.ts', '@noble/hashes/sha2.js'],
    ['electron/emulator/host/virtual.ts', '../kit'],
    ['electron/emulator/host/virtual.ts', '../tcp/tcpEngine'],
    ['electron/emulator/target/virtual.ts', '../kit'],
    ['electron/emulator/target/virtual.ts', '../wire/ethernet'],
    ['electron/emulator/intermediate/virtual.ts', '../kit'],
    ['electron/emulator/intermediate/virtual.ts', '../../../shared/ddi/status'],
    ['electron/emulator/kit/virtual.ts', '../ndis/door'],
    ['electron/emulator/scenarios/virtual.ts', '../host/hostStack'],
    ['electron/emulator/scenarios/virtual.ts', '../kit'],
    ['electron/recorder/virtual.ts', '../../shared/trace/records'],
    ['electron/main/virtual.ts', 'electron'],
    ['electron/main/virtual.ts', 'node:fs'],
    ['electron/main/virtual.ts', '../emulator/machine'],
    ['electron/preload/virtual.ts', 'electron'],
    ['electron/cli/virtual.ts', 'node:fs'],
    ['electron/cli/virtual.ts', 'commander'],
    ['test/shared/virtual.ts', '../../electron/emulator/machine'],
  ])('%s <- %s', async (file, specifier) => {
    expect(await broken(file, importing(specifier))).toEqual([]);
  });
});

describe('drivers import the kit by its index alone', () => {
  it.each([['host'], ['target'], ['intermediate']])('%s', async (room) => {
    const file = `electron/emulator/${room}/virtual.ts`;
    expect(await broken(file, importing('../kit/kernel'))).toEqual(['no-restricted-imports']);
    expect(await broken(file, importing('../kit'))).toEqual([]);
  });
});

describe('every way to reach another room is seen', () => {
  it.each([
    ["import type { Thing } from '../renderer/view';\nexport type Other = Thing;\n"],
    ["import '../renderer/view';\n"],
    ["export { thing } from '../renderer/view';\n"],
    ["export * from '../renderer/view';\n"],
    ["export const load = () => import('../renderer/view');\n"],
    ["export type Thing = import('../renderer/view').Thing;\n"],
    ["export const address = new URL('../renderer/view.ts', import.meta.url);\n"],
    ["import view = require('../renderer/view');\nview();\n"],
  ])('%s', async (code) => {
    expect(await broken('shared/virtual.ts', code)).toEqual(crossing);
  });

  it('in Vue components, too', async () => {
    const component = `<script setup lang="ts">\n${importing('../../electron/main/window')}</script>\n`;
    expect(await broken('renderer/timeline/VirtualPanel.vue', component)).toEqual(crossing);
  });
});

describe('the platform stays out of the rooms that run anywhere', () => {
  it.each([
    ['shared/state/virtual.ts', "export const bytes = Buffer.from('ab');\n"],
    ['shared/state/virtual.ts', 'export const platform = process.platform;\n'],
    ['shared/state/virtual.ts', 'export const title = document.title;\n'],
    ['electron/emulator/virtual.ts', 'export const environment = globalThis.process;\n'],
    ['electron/recorder/virtual.ts', 'export const folder = __dirname;\n'],
    ['renderer/virtual.ts', 'export const platform = process.platform;\n'],
  ])('%s: %s', async (file, code) => {
    expect(await broken(file, code)).toEqual(['no-restricted-globals']);
  });
});

describe('the emulator has virtual time and seeded randomness only', () => {
  it.each([
    ['export const now = Date.now();\n', 'no-restricted-globals'],
    ['export const now = new Date();\n', 'no-restricted-globals'],
    ['export const now = performance.now();\n', 'no-restricted-globals'],
    ['setTimeout(() => undefined, 1);\n', 'no-restricted-globals'],
    ['setInterval(() => undefined, 1);\n', 'no-restricted-globals'],
    ['export const now = globalThis.Date.now();\n', 'no-restricted-globals'],
    ['export const dice = Math.random();\n', 'no-restricted-properties'],
    ['export const { random } = Math;\n', 'no-restricted-properties'],
  ])('%s', async (code, rule) => {
    expect(await broken('electron/emulator/clock/virtual.ts', code)).toEqual([rule]);
  });

  it('but the command line may look at the clock', async () => {
    expect(await broken('electron/cli/virtual.ts', 'export const now = Date.now();\n')).toEqual([]);
  });
});

describe('default exports', () => {
  it.each([['export default 1;\n'], ['const one = 1;\nexport { one as default };\n']])('%s', async (code) => {
    expect(await broken('shared/virtual.ts', code)).toEqual(['no-restricted-syntax']);
  });

  it('are for config files', async () => {
    expect(await broken('virtual.config.mts', 'export default 1;\n')).toEqual([]);
  });
});
