import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chimneysweep } from '../../harness/commandLine';

let folder = '';
let file = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-cli-'));
  file = path.join(folder, 'input.bin');
  const bytes = Buffer.alloc(300_001);
  for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 2654435761) >>> 24;
  writeFileSync(file, bytes);
  // The first call may have to build the command line.
  chimneysweep('--version');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep run', () => {
  it('carries a file there and back with loss and reports three equal hashes as JSON', () => {
    const out = path.join(folder, 'a.sweep');
    const run = chimneysweep(
      'run',
      'transfer',
      '--file',
      file,
      '--out',
      out,
      '--loss',
      '0.01',
      '--seed',
      '5',
      '--json',
    );
    expect(run.err).toBe('');
    expect(run.code).toBe(0);
    const report = JSON.parse(run.out) as {
      success: boolean;
      sha256: Record<string, string>;
      bytesSent: { hostPath: number; chimney: number };
      callsRecorded: number;
      virtualTime: number;
      wallTimeMs: number;
      events: number;
      recording: Record<string, number>;
    };
    const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
    expect(report.sha256).toEqual({ source: digest, peer: digest, returned: digest });
    expect(report.bytesSent.hostPath + report.bytesSent.chimney).toBe(300_001);
    expect(report.callsRecorded).toBeGreaterThan(50);
    expect(report.virtualTime).toBeGreaterThan(0);
    expect(report.wallTimeMs).toBeGreaterThanOrEqual(0);
    const { nanosecondsPerEvent, milliseconds, shareOfRun, saveMilliseconds } = report.recording;
    expect(nanosecondsPerEvent).toBeCloseTo((milliseconds! * 1e6) / report.events, -1);
    expect(shareOfRun).toBeGreaterThan(0);
    expect(shareOfRun).toBeLessThanOrEqual(1);
    expect(saveMilliseconds).toBeGreaterThan(0);
  });

  it('writes the same bytes for the same seed and other bytes for another', () => {
    const traces = ['7', '7', '8'].map((seed, index) => {
      const out = path.join(folder, `seed-${index}.sweep`);
      chimneysweep('run', 'transfer', '--file', file, '--out', out, '--loss', '0.01', '--seed', seed);
      return readFileSync(out);
    });
    expect(traces[0]!.equals(traces[1]!)).toBe(true);
    expect(traces[0]!.equals(traces[2]!)).toBe(false);
  });

  it.each([
    [['run', 'nothing'], /The scenarios are: first-sweep/],
    [['run', 'transfer', '--loss', '2'], /probability from 0 to/],
    [['run', 'transfer', '--seed', '-1'], /whole number/],
    [['run', 'transfer', '--file', '/nowhere/at/all'], /There is no file/],
    [['run', 'transfer', '--out', '/nowhere/at/all.sweep'], /folder .* does not exist/],
  ])('refuses %j with a sentence and exit code 2', (words, sentence) => {
    const run = chimneysweep(...words);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(sentence);
  });

  it('does not overwrite the file that it sends', () => {
    const run = chimneysweep('run', 'transfer', '--file', file, '--out', file);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(/would overwrite/);
  });
});

describe('chimneysweep soak', () => {
  const range = ['--seeds', '3', '--first', '11', '--connections', '10'];

  it('finds the same in the same seeds with one thread and with two, and counts what it did', () => {
    const [one, two] = ['1', '2'].map((threads) => {
      const soak = chimneysweep('soak', ...range, '--threads', threads, '--json');
      expect(soak.err).toBe('');
      expect(soak.code).toBe(0);
      const { wallTimeMs: _, ...result } = JSON.parse(soak.out) as Record<string, unknown>;
      return result;
    });
    expect(one).toEqual(two);
    expect(one).toMatchObject({
      seeds: 3,
      first: 11,
      connections: 10,
      done: 3,
      failures: [],
      stopped: false,
    });
    expect(one!.calls).toBeGreaterThan(1000);
  });

  it('records a seed into a trace that is complete', () => {
    const out = path.join(folder, 'soak.sweep');
    const soak = chimneysweep('soak', '--first', '11', '--connections', '10', '--out', out);
    expect(soak.out).toBe('seed 11: nothing found\n');
    expect(soak.code).toBe(0);
    const info = chimneysweep('info', out);
    expect(info.out).toMatch(/Soak, seed 11/);
    expect(info.code).toBe(0);
  });

  it('--check runs all rules of the specification over every seed', () => {
    const words = 'soak --check --seeds 2 --first 500 --connections 6 --json'.split(' ');
    const soak = chimneysweep(...words);
    expect(soak.err).toBe('');
    expect(JSON.parse(soak.out)).toMatchObject({ checked: true, done: 2, failures: [] });
    expect(soak.code).toBe(0);
  });

  it.each([
    [['--seeds', '0'], /whole number from 1/],
    [['--first', '-1'], /A seed is a whole number/],
    [['--connections', 'many'], /whole number from 1/],
    [['--out', '/nowhere/at/all.sweep'], /folder .* does not exist/],
  ])('refuses %j with a sentence and exit code 2', (words, sentence) => {
    const soak = chimneysweep('soak', ...words);
    expect(soak.code).toBe(2);
    expect(soak.err).toMatch(sentence);
  });
});

describe('chimneysweep info', () => {
  it('tells what a trace holds', () => {
    const out = path.join(folder, 'info.sweep');
    chimneysweep('run', 'first-sweep', '--out', out);
    const info = chimneysweep('info', out);
    expect(info.code).toBe(0);
    expect(info.out).toMatch(/NdisSetOptionalHandlers → NDIS_STATUS_SUCCESS/);
  });

  it('reads a cut trace up to the cut and says so', () => {
    const out = path.join(folder, 'whole.sweep');
    chimneysweep('run', 'first-sweep', '--out', out);
    const cut = path.join(folder, 'cut.sweep');
    const whole = readFileSync(out);
    writeFileSync(cut, whole.subarray(0, Math.floor(whole.length * 0.7)));
    const info = chimneysweep('info', cut);
    expect(info.code).toBe(1);
    expect(info.out).toMatch(/NdisInitiateOffload/);
    expect(info.err).toMatch(/This trace is incomplete/);
  });

  it('refuses a file that is no trace with a sentence', () => {
    const info = chimneysweep('info', file);
    expect(info.code).toBe(2);
    expect(info.err).toMatch(/This is not a Chimneysweep trace/);
  });
});

describe('chimneysweep ddi', () => {
  it('explains functions, structures and constants', () => {
    expect(chimneysweep('ddi', 'MiniportInitiateOffload').out).toMatch(
      /completed by NdisMInitiateOffloadComplete/,
    );
    expect(chimneysweep('ddi', 'TCP_OFFLOAD_STATE_CONST').out).toMatch(/24 bytes on x64/);
    expect(chimneysweep('ddi', 'NDIS_STATUS_OFFLOAD_TCP_ENTRIES').out).toMatch(/0xC0231004/);
  });

  it('refuses a name that the catalogue does not have', () => {
    const answer = chimneysweep('ddi', 'MiniportTeleport');
    expect(answer.code).toBe(2);
    expect(answer.err).toMatch(/has no MiniportTeleport/);
  });

  describe('--coverage', () => {
    interface Item {
      readonly kind: string;
      readonly name: string;
    }
    interface Total {
      readonly kind: string;
      readonly exercised: number;
      readonly of: number;
    }
    interface Row extends Item {
      readonly exercised: boolean;
      readonly tests: readonly { readonly kind: string; readonly file: string; readonly titles: string[] }[];
      readonly scenarios: readonly string[];
    }

    const answered = {
      code: -1 as number | null,
      totals: [] as Total[],
      missing: [] as Item[],
      rows: [] as Row[],
    };

    beforeAll(() => {
      const { code, out } = chimneysweep('ddi', '--coverage', '--json');
      Object.assign(answered, JSON.parse(out), { code });
    });

    it('counts all 45 chimney functions and all 26 chimney structures', () => {
      expect(answered.totals.find(({ kind }) => kind === 'function')!.of).toBe(45);
      expect(answered.totals.find(({ kind }) => kind === 'structure')!.of).toBe(26);
    });

    it('has a test that exercises each of the 45 functions', () => {
      const functions = answered.rows.filter(({ kind }) => kind === 'function');
      expect(functions.filter(({ tests }) => tests.length === 0)).toEqual([]);
    });

    it('names test and scenario of NdisMInvalidateOffloadComplete', () => {
      const row = answered.rows.find(({ name }) => name === 'NdisMInvalidateOffloadComplete')!;
      expect(row.scenarios).toContain('neighbor-invalidated');
      expect(row.tests[0]!.file).toMatch(/^test\/.*\.test\.ts$/);
      expect(row.tests[0]!.titles.length).toBeGreaterThan(0);
    });

    it('has no row that a scenario exercises and no test', () => {
      expect(
        answered.rows.filter(({ tests, scenarios }) => tests.length === 0 && scenarios.length > 0),
      ).toEqual([]);
    });

    it('lists what is missing, and ends with exit code 1 if anything is', () => {
      const without = answered.rows.filter(({ exercised }) => !exercised);
      expect(answered.missing).toEqual(without.map(({ kind, name }) => ({ kind, name })));
      expect(answered.code).toBe(without.length === 0 ? 0 : 1);
    });

    it('says the same as text', () => {
      const { code, out } = chimneysweep('ddi', '--coverage');
      expect(code).toBe(answered.code);
      expect(out).toMatch(/^function {3}45 of 45 exercised$/m);
      expect(out).toMatch(/^function NdisInitiateOffload\n {2}test\/\S+\.test\.ts > /m);
      expect(out.match(/NO TEST EXERCISES IT/g)?.length ?? 0).toBe(answered.missing.length);
    });
  });
});
