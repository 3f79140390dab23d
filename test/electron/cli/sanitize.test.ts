import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrace } from '../../harness/readTrace';
import { recordScenario } from '../../harness/recordScenario';

const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');
let folder = '';
let trace = '';

function sweep(...words: string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const result = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-sanitize-'));
  trace = path.join(folder, 'run.sweep');
  writeFileSync(trace, recordScenario('transfer', { fileBytes: 50_000, loss: 0.02 }).bytes);
  // The first call may have to build the command line.
  sweep('sanitize', '--help');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep sanitize', () => {
  it('writes a whole trace with other addresses and the same statistics', () => {
    const out = path.join(folder, 'clean.sweep');
    const made = sweep('sanitize', trace, '--out', out, '--key', 'correct horse', '--json');
    expect([made.code, made.err]).toEqual([0, '']);
    expect(JSON.parse(made.out)).toMatchObject({ out, complete: true, bytes: readFileSync(out).length });
    const [before, after] = [readTrace(readFileSync(trace)), readTrace(readFileSync(out))];
    expect(after.store!.connections[0]!.local).not.toBe(before.store!.connections[0]!.local);
    expect(after.store!.connections[0]!.local).toMatch(/^10\.\d+\.\d+\.\d+:\d+$/);
    const calls = (file: string): string => sweep('stats', file, '--json').out.replaceAll(file, '');
    // Ends of connections are addresses; all else is as it was.
    const bare = (text: string): string => text.replace(/\d+\.\d+\.\d+\.\d+/g, 'address');
    expect(bare(calls(out))).toBe(bare(calls(trace)));
  });

  it('gives the same bytes for the same key, and others each time without one', () => {
    const bytesOf = (...words: string[]): string => {
      const out = path.join(folder, 'again.sweep');
      expect(sweep('sanitize', trace, '--out', out, ...words).code).toBe(0);
      return readFileSync(out).toString('latin1');
    };
    expect(bytesOf('--key', 'correct horse')).toBe(bytesOf('--key', 'correct horse'));
    expect(bytesOf()).not.toBe(bytesOf());
  });

  it.each([
    ['the trace itself as --out', () => [trace, '--out', trace]],
    ['a key that could be guessed', () => [trace, '--out', path.join(folder, 'x.sweep'), '--key', 'abc']],
    [
      'a file that is not there',
      () => [path.join(folder, 'none.sweep'), '--out', path.join(folder, 'x.sweep')],
    ],
    ['a folder', () => [folder, '--out', path.join(folder, 'x.sweep')]],
    ['a file that is no trace', () => [launcher, '--out', path.join(folder, 'x.sweep')]],
  ])('answers 2 and writes nothing for %s', (_, words) => {
    const before = readFileSync(trace);
    const made = sweep('sanitize', ...words());
    expect(made.code).toBe(2);
    expect(made.err).not.toMatch(/ {4}at /);
    expect(existsSync(path.join(folder, 'x.sweep'))).toBe(false);
    expect(readFileSync(trace)).toEqual(before);
  });
});
