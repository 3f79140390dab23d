import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScenarioFiles } from '../../../electron/main/scenarioFiles';
import { TraceFiles } from '../../../electron/main/traceFiles';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-scenario-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Files whose dialogs answer with these names in the folder; undefined: cancelled. */
function filesThat(choose: { open?: string; save?: string }): { files: ScenarioFiles; asked: string[] } {
  const asked: string[] = [];
  const files = new ScenarioFiles({
    open: () => {
      asked.push('open');
      const { open } = choose;
      return Promise.resolve({
        canceled: open === undefined,
        filePaths: open === undefined ? [] : [path.join(folder, open)],
      });
    },
    save: ({ defaultPath }) => {
      asked.push(`save ${defaultPath ?? ''}`);
      const { save } = choose;
      return Promise.resolve({
        canceled: save === undefined,
        filePath: save === undefined ? '' : path.join(folder, save),
      });
    },
  });
  return { files, asked };
}

describe('scenario files', () => {
  test('an opened file is saved in its place without a question', async () => {
    writeFileSync(path.join(folder, 'one.yaml'), 'scenario: one\r\n');
    const { files, asked } = filesThat({ open: 'one.yaml' });
    const opened = await files.open();
    expect(opened).toMatchObject({ ok: true, value: { name: 'one.yaml', text: 'scenario: one\n' } });
    const token = opened.ok ? opened.value?.token : undefined;
    expect(await files.save({ text: 'scenario: two\n', name: 'one.yaml', token })).toMatchObject({
      ok: true,
      value: { token, name: 'one.yaml' },
    });
    expect(readFileSync(path.join(folder, 'one.yaml'), 'utf8')).toBe('scenario: two\n');
    expect(asked).toEqual(['open']);
  });

  test('a token that nobody was given, or none, asks where to save; a name is no path', async () => {
    const { files, asked } = filesThat({ save: 'new.yaml' });
    await files.save({ text: 'a', name: '../../etc/one.yaml', token: 'invented' });
    await files.save({ text: 'b', name: 'one.yaml' });
    expect(asked).toEqual(['save one.yaml', 'save one.yaml']);
    expect(readFileSync(path.join(folder, 'new.yaml'), 'utf8')).toBe('b');
  });

  test('who cancels has opened and saved nothing', async () => {
    const { files } = filesThat({});
    expect(await files.open()).toEqual({ ok: true, value: null });
    expect(await files.save({ text: 'a', name: 'one.yaml' })).toEqual({ ok: true, value: null });
  });

  test('what is no text, too large, no file, or not there is refused with a sentence', () => {
    const { files } = filesThat({});
    writeFileSync(path.join(folder, 'bytes.yaml'), new Uint8Array([0xff, 0xfe, 0x80]));
    writeFileSync(path.join(folder, 'large.yaml'), 'a'.repeat(300_000));
    for (const [name, words] of [
      ['bytes.yaml', 'no text in UTF-8'],
      ['large.yaml', 'too long'],
      ['.', 'ordinary file'],
      ['none.yaml', 'There is no file'],
    ] as const) {
      const read = files.read(path.join(folder, name));
      expect(read.ok ? '' : read.error.message).toContain(words);
    }
  });

  test('a folder that is not there can not be saved to', async () => {
    const { files } = filesThat({ save: path.join('none', 'one.yaml') });
    expect(await files.save({ text: 'a', name: 'one.yaml' })).toMatchObject({ ok: false });
  });
});

test('a trace has one token, and a token that nobody was given has no trace', () => {
  const traces = new TraceFiles();
  const token = traces.tokenOf({ path: '/a', name: 'a' });
  expect(traces.tokenOf({ path: '/a', name: 'a' })).toBe(token);
  expect(traces.fileOf(token)).toEqual({ path: '/a', name: 'a' });
  expect(traces.fileOf('/a')).toBeUndefined();
});
