import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrace } from '../../harness/readTrace';
import { recordScenario } from '../../harness/recordScenario';

const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');
let folder = '';
let trace = '';

interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function sweep(...words: string[]): Answer {
  const result = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-cut-'));
  trace = path.join(folder, 'run.sweep');
  writeFileSync(trace, recordScenario('many-connections', { fileBytes: 60_000 }).bytes);
  // The first call may have to build the command line.
  sweep('cut', '--help');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep cut', () => {
  it('writes a smaller trace that info takes for whole', () => {
    const out = path.join(folder, 'range.sweep');
    const made = sweep('cut', trace, '--out', out, '--from', '2ms', '--to', '4ms', '--json');
    expect([made.code, made.err]).toEqual([0, '']);
    const report = JSON.parse(made.out) as Record<string, unknown>;
    expect(report).toMatchObject({ out, complete: true, bytes: readFileSync(out).length });
    const { store } = readTrace(readFileSync(out));
    expect(report['events']).toBe(store!.length);
    expect(store!.header.settings).toMatchObject({ cutFromNs: 2_000_000, cutToNs: 4_000_000 });
    expect(sweep('info', out).code).toBe(0);
  });

  it('takes what matches, and the state', () => {
    const out = path.join(folder, 'matching.sweep');
    const made = sweep('cut', trace, '--out', out, '--where', 'kind == frame && tcp.len > 0');
    expect([made.code, made.err]).toEqual([0, '']);
    const counted = Number(sweep('events', trace, '--count', '--where', 'kind == frame && tcp.len > 0').out);
    expect(Number(sweep('events', out, '--count', '--where', 'kind == frame').out)).toBe(counted);
    const state = (file: string): string => sweep('events', file, '--count', '--where', 'kind == state').out;
    expect(state(out)).toBe(state(trace));
  });

  it('cuts a trace of version 1', () => {
    const old = path.resolve(import.meta.dirname, '../../golden/traces/v1-transfer.sweep');
    const out = path.join(folder, 'old.sweep');
    expect(sweep('cut', old, '--out', out, '--from', '200us').code).toBe(0);
    expect(readTrace(readFileSync(out)).store!.length).toBeGreaterThan(10);
  });

  it('answers 1 and writes nothing where nothing matches', () => {
    const out = path.join(folder, 'nothing.sweep');
    const made = sweep('cut', trace, '--out', out, '--where', 'handler == MiniportHaltEx && bytes > 1G');
    expect(made.code).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it('answers 1 for what it could cut out of a trace that is not whole', () => {
    const torn = path.join(folder, 'torn.sweep');
    const bytes = readFileSync(trace);
    writeFileSync(torn, bytes.subarray(0, bytes.length * 0.7));
    const out = path.join(folder, 'of-torn.sweep');
    const made = sweep('cut', torn, '--out', out, '--from', '1ms', '--to', '2ms', '--json');
    expect(made.code).toBe(1);
    expect(JSON.parse(made.out)).toMatchObject({ complete: false });
    expect(made.err).toMatch(/not whole/);
  });

  it.each([
    ['the trace itself as --out', () => ['--out', trace]],
    ['a range that is empty', () => ['--out', 'x.sweep', '--from', '3ms', '--to', '2ms']],
    ['a range behind the end', () => ['--out', 'x.sweep', '--from', '900s']],
    ['a connection that is not there', () => ['--out', 'x.sweep', '--connection', '99999']],
    ['a mistake in the expression', () => ['--out', 'x.sweep', '--where', 'bytes >']],
    ['a folder that is not there', () => ['--out', path.join(folder, 'no', 'x.sweep')]],
  ])('answers 2 and changes nothing for %s', (_, words) => {
    const before = [readdirSync(folder), readFileSync(trace)];
    const made = sweep('cut', trace, ...words());
    expect(made.code).toBe(2);
    expect(made.err).toMatch(/^chimneysweep: /);
    expect([readdirSync(folder), readFileSync(trace)]).toEqual(before);
    expect(existsSync('x.sweep')).toBe(false);
  });
});
