import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');
let folder = '';

function sweep(...words: string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const result = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8', cwd: folder });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-verbs-'));
  // The first call may have to build the command line.
  sweep('--version');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep record', () => {
  it('records the same bytes as run', () => {
    expect(sweep('record', 'first-sweep', '--out', 'recorded.sweep').code).toBe(0);
    expect(sweep('run', 'first-sweep', '--out', 'run.sweep').code).toBe(0);
    expect(readFileSync(path.join(folder, 'recorded.sweep'))).toEqual(
      readFileSync(path.join(folder, 'run.sweep')),
    );
  });

  it('wants to know where to', () => {
    const made = sweep('record', 'first-sweep');
    expect(made.code).toBe(2);
    expect(made.err).toMatch(/--out/);
  });
});

describe('--json', () => {
  it('of info tells the header, the milestones, and how often each function was called', () => {
    sweep('record', 'first-sweep', '--out', 'info.sweep');
    const { code, out } = sweep('info', 'info.sweep', '--json');
    expect(code).toBe(0);
    const told = JSON.parse(out) as {
      calls: { function: string; status: string | null; count: number }[];
    } & Record<string, unknown>;
    expect(told).toMatchObject({
      complete: true,
      flaw: null,
      connections: 1,
      header: { scenario: 'first-sweep' },
      report: { success: true },
    });
    const optional = told.calls.filter((call) => call.function === 'NdisSetOptionalHandlers');
    expect(optional.reduce((sum, { count }) => sum + count, 0)).toBe(
      (told['report'] as { optionalHandlersCalls: number }).optionalHandlersCalls,
    );
  });

  it('of pcapng tells what was written', () => {
    sweep('record', 'first-sweep', '--out', 'capture.sweep');
    const { code, out } = sweep('pcapng', 'capture.sweep', '--out', 'capture.pcapng', '--json');
    expect(code).toBe(0);
    const bytes = readFileSync(path.join(folder, 'capture.pcapng')).length;
    expect(JSON.parse(out)).toEqual({ out: 'capture.pcapng', bytes, complete: true });
  });

  it('prints nothing where nothing could be done', () => {
    for (const words of [
      ['info', 'none.sweep'],
      ['pcapng', 'none.sweep', '--out', 'none.pcapng'],
      ['cut', 'none.sweep', '--out', 'x.sweep'],
      ['sanitize', 'none.sweep', '--out', 'x.sweep'],
    ]) {
      const { code, out, err } = sweep(...words, '--json');
      expect([words[0], code, out]).toEqual([words[0], 2, '']);
      expect(err).toMatch(/^chimneysweep: /);
    }
    expect(existsSync(path.join(folder, 'x.sweep'))).toBe(false);
  });
});
