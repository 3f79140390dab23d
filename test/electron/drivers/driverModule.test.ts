import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTrustedDriverModule } from '../../../electron/drivers/driverModule';
import { loadTrustedDriverModules } from '../../../electron/drivers/driverModules';
import { exampleFile, loadExample, withModuleFiles } from '../../harness/driverModule';
import { recordScenario } from '../../harness/recordScenario';

/** The sentence with which a module of these files is refused. */
async function refusal(files: Readonly<Record<string, string>>): Promise<string> {
  return withModuleFiles(files, async (folder) => {
    const loaded = await loadTrustedDriverModule(path.join(folder, Object.keys(files)[0]!));
    return loaded.ok ? 'it was loaded' : loaded.error;
  });
}

/** The sentence with which a run of a target module ends early. */
async function complaint(files: Readonly<Record<string, string>>): Promise<string> {
  return withModuleFiles(files, async (folder) => {
    const target = path.join(folder, Object.keys(files)[0]!);
    const loaded = await loadTrustedDriverModules({ target });
    if (!loaded.ok) throw new Error(loaded.error);
    const { modules, describe: tell } = loaded.value;
    try {
      recordScenario('transfer', { fileBytes: 100_000, drivers: modules });
    } catch (error) {
      return tell(error) ?? 'nobody is to blame';
    }
    return 'it went well';
  });
}

/** The minimal target with a part of its text replaced. */
function changedExample(from: string, to: string): Record<string, string> {
  const text = readFileSync(exampleFile('minimal-target', 'driver.ts'), 'utf8');
  if (!text.includes(from)) throw new Error(`the example does not contain ${from}`);
  return { 'driver.ts': text.replace(from, to) };
}

/** Line and column of a text in the minimal target, as a message has them. */
function placeOf(text: string, files: Readonly<Record<string, string>>): string {
  const before = files['driver.ts']!.slice(0, files['driver.ts']!.indexOf(text)).split('\n');
  return `driver.ts:${before.length}:${before.at(-1)!.length + 1}`;
}

describe('a driver module', () => {
  it('is named with the SHA-256 of its file', async () => {
    const { name, sha256 } = await loadExample('minimal-target', 'driver.ts');
    const bytes = readFileSync(exampleFile('minimal-target', 'driver.ts'));
    expect(name).toBe('driver.ts');
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('is named in the header of the trace', async () => {
    const target = await loadExample('minimal-target', 'driver.ts');
    const { model } = recordScenario('transfer', { fileBytes: 20_000, drivers: { target } });
    expect(model.store!.header.settings).toMatchObject({
      targetDriver: 'driver.ts',
      targetDriverSha256: target.sha256,
    });
    expect(model.store!.header.settings).not.toHaveProperty('intermediateDriver');
  });

  it('records the same trace, byte for byte, for the same seed', async () => {
    const target = await loadExample('minimal-target', 'driver.ts');
    const again = await loadExample('minimal-target', 'driver.ts');
    const choices = { seed: 9, loss: 0.01, fileBytes: 100_000 };
    const first = recordScenario('transfer', { ...choices, drivers: { target } });
    const second = recordScenario('transfer', { ...choices, drivers: { target: again } });
    expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
  });

  it('imports files of its own, each of which counts for the SHA-256', async () => {
    const files = {
      'driver.mjs':
        "import { entry } from './entry.js';\nimport value from './value.json';\nexport const DriverEntry = () => entry(value.answer);",
      'entry.ts':
        "import type { NdisStatus } from 'chimneysweep/kit';\nexport const entry = (answer: NdisStatus): NdisStatus => answer;",
      'value.json': '{ "answer": 7 }',
    };
    await withModuleFiles(files, async (folder) => {
      const loaded = await loadTrustedDriverModule(path.join(folder, 'driver.mjs'));
      if (!loaded.ok) throw new Error(loaded.error);
      expect((loaded.value.DriverEntry as () => number)()).toBe(7);
      const hash = createHash('sha256');
      for (const text of Object.values(files)) hash.update(text);
      expect(loaded.value.sha256).toBe(hash.digest('hex'));
    });
  });
});

describe('a module that can not be loaded is refused with a sentence', () => {
  it('that names the place of a syntax error', async () => {
    expect(await refusal({ 'driver.ts': 'export function DriverEntry() {\n  return 0 0;\n}\n' })).toBe(
      "driver.ts:2:12: ';' expected.",
    );
  });

  it('that names the place of an error while it is evaluated', async () => {
    const text =
      'interface Unused { readonly a: 1 }\nconst nothing: any = null;\nexport const a = nothing.length;\n';
    expect(await refusal({ 'driver.ts': text })).toMatch(/^driver\.ts:3:\d+: Cannot read properties of null/);
  });

  it.each([
    ['without DriverEntry', { 'driver.ts': 'export const entry = 1;' }, /exports no function DriverEntry/],
    [
      'that imports Node',
      { 'driver.ts': "import { readFileSync } from 'node:fs';\nexport const DriverEntry = readFileSync;" },
      /imports 'node:fs'\. A driver module imports 'chimneysweep\/kit' and files of its own/,
    ],
    [
      'whose file is missing',
      { 'driver.ts': "import { a } from './gone';\nexport const DriverEntry = a;" },
      /imports '\.\/gone', which does not exist/,
    ],
  ])('%s', async (_what, files, sentence) => {
    expect(await refusal(files)).toMatch(sentence);
  });

  it('where there is no file', async () => {
    const loaded = await loadTrustedDriverModule('/nowhere/driver.ts');
    expect(loaded).toEqual({ ok: false, error: 'There is no file /nowhere/driver.ts. Check the name.' });
  });
});

describe('a run with a module that does what no driver may ends with a sentence', () => {
  it('for an error in DriverEntry', async () => {
    const text = 'export function DriverEntry(): number {\n  throw new Error("no luck");\n}\n';
    expect(await complaint({ 'driver.ts': text })).toBe('driver.ts:2:9: DriverEntry threw: no luck');
  });

  it.each([
    ['undefined', 'undefined', /DriverEntry returned undefined; it must return an NDIS_STATUS/],
    ['a promise', 'Promise.resolve(0)', /DriverEntry returned a promise; it must return an NDIS_STATUS/],
    ['a failure', '0xc0000001', /DriverEntry returned NDIS_STATUS_FAILURE/],
    ['success without a registration', '0', /has not called NdisMRegisterMiniportDriver/],
  ])('for a DriverEntry that answers %s', async (_what, answer, sentence) => {
    expect(await complaint({ 'driver.ts': `export const DriverEntry = () => ${answer};` })).toMatch(sentence);
  });

  it('for an error in a handler, with its name and place', async () => {
    const files = changedExample(
      '=> target.initiate(root)',
      "=> {\n        throw new Error('out of luck');\n      }",
    );
    expect(await complaint(files)).toBe(
      `${placeOf("new Error('out of luck')", files)}: InitiateOffloadHandler threw: out of luck`,
    );
  });

  it('for an error in a deferred call, with its place', async () => {
    const files = changedExample(
      '      const taken: Context[] = [];\n',
      "      throw new Error('too late');\n",
    );
    expect(await complaint(files)).toBe(`${placeOf("new Error('too late')", files)}: too late`);
  });

  it('for a handler that answers something else than a status', async () => {
    const files = changedExample('    return NDIS_STATUS.PENDING;\n  };', '    return undefined!;\n  };');
    expect(await complaint(files)).toMatch(
      /^driver\.ts: TcpOffload\w+Handler returned undefined; it must return an NDIS_STATUS\.$/,
    );
  });

  it('for a missing handler', async () => {
    const files = changedExample('    ...target.adapter.handlers,\n', '');
    expect(await complaint(files)).toMatch(
      /^driver\.ts:\d+:\d+: NDIS_MINIPORT_DRIVER_CHARACTERISTICS lacks RestartHandler\.$/,
    );
  });

  it('for a call of NDIS with a handle that is none, with the place of the call', async () => {
    const files = changedExample('NdisMGetOffloadHandlers(handle,', 'NdisMGetOffloadHandlers(undefined!,');
    expect(await complaint(files)).toMatch(/^driver\.ts:\d+:\d+: InitializeHandlerEx threw: /);
  });
});
