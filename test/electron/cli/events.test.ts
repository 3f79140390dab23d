import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chimneysweep, type CommandAnswer } from '../../harness/commandLine';
import { recordScenario } from '../../harness/recordScenario';

let folder = '';
let trace = '';

function events(...words: string[]): CommandAnswer {
  return chimneysweep('events', ...words);
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-events-'));
  trace = path.join(folder, 'run.sweep');
  writeFileSync(trace, recordScenario('transfer', { fileBytes: 100_000, loss: 0.02 }).bytes);
  // The first call may have to build the command line.
  events('--help');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep events', () => {
  it('lists matching events one a line, with time, id, kind, who, what and status', () => {
    const { code, out, err } = events(trace, '--where', 'handler == MiniportInitiateOffload');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^ +\d+\.\d{6} ms +\d+ {2}call +NDIS → Offload target: MiniportInitiateOffload( \(.+\))?\n$/,
    );
  });

  it('prints a JSON list, of as many events as --limit says', () => {
    const { code, out } = events(trace, '--where', 'kind == frame && tcp.len > 0', '--limit', '3', '--json');
    expect(code).toBe(0);
    const list = JSON.parse(out) as { id: number; time: number; kind: string; what: string }[];
    expect(list.map(({ kind }) => kind)).toEqual(['frame', 'frame', 'frame']);
    expect(list[0]!.what).toMatch(/^TCP: /);
  });

  it('counts', () => {
    const all = Number(events(trace, '--count').out);
    const some = Number(events(trace, '--count', '--where', 'kind == call').out);
    expect(some).toBeGreaterThan(50);
    expect(all).toBeGreaterThan(some);
  });

  it('answers 1, and an empty list as JSON, where nothing matches', () => {
    expect(events(trace, '--where', 'time > 1min')).toEqual({ code: 1, out: '', err: '' });
    expect(JSON.parse(events(trace, '--where', 'time > 1min', '--json').out)).toEqual([]);
  });

  it('marks the place of a mistake and answers 2', () => {
    const { code, out, err } = events(trace, '--where', 'bytes > 64K && statuss != SUCCESS');
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n').slice(1, 4)).toEqual([
      '  bytes > 64K && statuss != SUCCESS',
      '                 ^^^^^^^',
      'Nothing is called `statuss`; text stands in quotation marks. Did you mean `status`?',
    ]);
  });

  it('warns of names that the trace does not have, and takes its components bare', () => {
    expect(events(trace, '--count', '--where', 'caller == NDIS').err).toBe('');
    expect(events(trace, '--count', '--where', 'caller == "Ndis"').err).toMatch(
      /warning:[^]*Did you mean `"NDIS"`/,
    );
  });

  it('lists the fields without a trace', () => {
    const { code, out } = events('--fields');
    expect(code).toBe(0);
    expect(out).toMatch(/^SndWnd +bytes/m);
  });

  it('answers 2 to a missing file and 1 to one that was cut, which it lists all the same', () => {
    expect(events(path.join(folder, 'nothing.sweep')).code).toBe(2);
    const cut = path.join(folder, 'cut.sweep');
    const { bytes } = recordScenario('transfer', { fileBytes: 2_000_000, loss: 0.02 });
    writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * 0.9)));
    const listed = events(cut, '--where', 'kind == call');
    expect(listed.code).toBe(1);
    expect(listed.out.split('\n').length).toBeGreaterThan(20);
    expect(listed.err).not.toBe('');
  });
});
