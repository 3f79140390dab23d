import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chimneysweep, launcher } from '../../harness/commandLine';
import { recordScenario } from '../../harness/recordScenario';

let folder = '';
let left = '';
let same = '';
let other = '';
let cut = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-stats-'));
  left = path.join(folder, 'left.sweep');
  same = path.join(folder, 'same.sweep');
  other = path.join(folder, 'other.sweep');
  cut = path.join(folder, 'cut.sweep');
  const choices = { seed: 3, fileBytes: 60_000 };
  writeFileSync(left, recordScenario('first-sweep', { ...choices, loss: 0 }).bytes);
  writeFileSync(same, recordScenario('first-sweep', { ...choices, loss: 0 }).bytes);
  writeFileSync(other, recordScenario('first-sweep', { ...choices, loss: 0.05 }).bytes);
  const whole = readFileSync(left);
  writeFileSync(cut, whole.subarray(0, whole.length - 10));
  // The first call may have to build the command line.
  chimneysweep('--version');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep stats', () => {
  it('prints tables, or the same figures as JSON', () => {
    const text = chimneysweep('stats', left);
    expect(text.code).toBe(0);
    expect(text.err).toBe('');
    expect(text.out).toContain('NdisOffloadTcpSend');
    const json = chimneysweep('stats', left, '--json');
    const figures = JSON.parse(json.out) as { calls: number; handlers: { calls: number }[] };
    expect(figures.handlers.reduce((sum, { calls }) => sum + calls, 0)).toBe(figures.calls);
    expect(text.out).toContain(` ${figures.calls} calls`);
  });

  it('tells the stories of connections besides, if asked', () => {
    const stats = chimneysweep('stats', left, '--stories');
    expect(stats.code).toBe(0);
    expect(stats.out).toMatch(/\nConnection 0, .*\n.* The host opens it\.\n/);
    const { stories } = JSON.parse(chimneysweep('stats', left, '--stories', '--json').out) as {
      stories: { moments: { kind: string }[] }[];
    };
    expect(stories[0]!.moments[0]!.kind).toBe('opened');
  });

  it('gives what it has of a trace that was cut, with exit code 1', () => {
    const stats = chimneysweep('stats', cut);
    expect(stats.code).toBe(1);
    expect(stats.out).toMatch(/^first-sweep, seed 3: \d+ events/);
    expect(stats.err).toMatch(/incomplete/);
  });

  it('refuses what is no trace with a sentence and exit code 2', () => {
    expect(chimneysweep('stats', launcher)).toMatchObject({ code: 2, out: '' });
    expect(chimneysweep('stats', path.join(folder, 'none')).err).toMatch(/There is no file/);
  });
});

describe('chimneysweep diff', () => {
  it('says that equal traces are equal, with exit code 0', () => {
    const diff = chimneysweep('diff', left, same);
    expect(diff).toEqual({ code: 0, out: 'The two traces are the same, byte for byte.\n', err: '' });
  });

  it('begins with the first difference and has exit code 1', () => {
    const diff = chimneysweep('diff', left, other);
    expect(diff.code).toBe(1);
    expect(diff.out.split('\n')[0]).toMatch(
      /^First difference: .*lost is false on the left, true on the right$/,
    );
    const json = chimneysweep('diff', left, other, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      same: false,
      sameBytes: false,
      first: { matter: { kind: 'frame', name: 'lost', left: 'false', right: 'true' } },
    });
  });

  it('has exit code 2 where one of them cannot be read', () => {
    const diff = chimneysweep('diff', left, path.join(folder, 'none'));
    expect(diff.code).toBe(2);
    expect(diff.out).toBe('');
    expect(diff.err).toMatch(/There is no file/);
  });
});
