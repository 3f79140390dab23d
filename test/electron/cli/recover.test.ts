import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrace } from '../../harness/traceBytes';

const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');
let folder = '';
let whole = '';

function chimneysweep(...words: string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const result = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

const inFolder = (name: string): string => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-recover-'));
  whole = inFolder('whole.sweep');
  chimneysweep('run', 'first-sweep', '--out', whole);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep recover', () => {
  it('answers 0 where nothing is lost, and the new file is the same', () => {
    const { code, out } = chimneysweep('recover', whole, '--out', inFolder('same.sweep'));
    expect(code).toBe(0);
    expect(out).toContain('Nothing is lost.');
    expect(readFileSync(inFolder('same.sweep'))).toEqual(readFileSync(whole));
  });

  it('answers 1 where something is lost, and says what', () => {
    const bytes = readFileSync(whole);
    bytes.fill(0x55, bytes.length >> 2, (bytes.length >> 2) + 40);
    writeFileSync(inFolder('damaged.sweep'), bytes);
    const { code, out } = chimneysweep(
      'recover',
      inFolder('damaged.sweep'),
      '--out',
      inFolder('recovered.sweep'),
      '--json',
    );
    expect(code).toBe(1);
    const found = JSON.parse(out) as { isWhole: boolean; damagedBytes: number; records: number };
    expect(found.isWhole).toBe(false);
    expect(found.damagedBytes).toBeGreaterThan(0);
    const reading = readTrace(readFileSync(inFolder('recovered.sweep')));
    expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(reading.records.filter(({ kind }) => kind !== 'unknown')).toHaveLength(found.records);
  });

  it('answers 2 where nothing can be had, and leaves no file', () => {
    const { code, err } = chimneysweep('recover', launcher, '--out', inFolder('none.sweep'));
    expect(code).toBe(2);
    expect(err).toContain('not a Chimneysweep trace');
    expect(chimneysweep('info', inFolder('none.sweep')).err).toContain('There is no file');
  });

  it('refuses to write over the file that it reads', () => {
    expect(chimneysweep('recover', whole, '--out', whole)).toMatchObject({ code: 2 });
  });
});

describe('chimneysweep run --keep-last', () => {
  it('writes a complete trace of the end of the run, which says how much is missing in front of it', () => {
    const out = inFolder('ring.sweep');
    const run = chimneysweep('run', 'transfer', '--keep-last', '0.004', '--out', out, '--json');
    expect(run.code).toBe(0);
    const { events, virtualTime } = JSON.parse(run.out) as { events: number; virtualTime: number };
    const reading = readTrace(readFileSync(out));
    expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(reading.records).toHaveLength(events);
    const first = reading.records.findIndex(({ kind }) => kind !== 'unknown');
    const loss = reading.records[first];
    if (loss?.kind !== 'loss') throw new Error(`the first record is a ${loss?.kind}`);
    expect(loss.reason).toBe('ring');
    expect(reading.times[loss.records]).toBeLessThanOrEqual(virtualTime - 4_000_000);
    expect(reading.records.slice(loss.records).every(({ kind }) => kind !== 'unknown')).toBe(true);
  });

  it('is the same trace each time', () => {
    const [one, other] = ['one.sweep', 'other.sweep'].map((name) => {
      chimneysweep('run', 'transfer', '--keep-last', '0.002', '--out', inFolder(name));
      return readFileSync(inFolder(name));
    });
    expect(one).toEqual(other);
  });
});
