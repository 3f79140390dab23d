import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, checkerOf, type CheckTask } from '../../../electron/cli/checkWork';
import { LiveCheck } from '../../../electron/cli/liveCheck';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { emptyBaseline } from '../../../shared/rules/baseline/baseline';
import type { CheckReport } from '../../../shared/rules/report/checkReport';
import { implementedRules } from '../../../shared/rules/rules';
import { chimneysweep, launcher } from '../../harness/commandLine';
import { mutantOf, recordMutant } from '../../harness/recordMutant';

/** The program of the thread that checks, as it is built beside the command line. */
const program = path.resolve(launcher, '../../out/cli/checker.cjs');

const task: CheckTask = {
  subject: 'a recording',
  rules: implementedRules.map(({ id }) => id),
  baseline: emptyBaseline,
  budgets: [],
};

let folder = '';
let recorded = new Uint8Array();

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-live-check-'));
  recorded = Uint8Array.from(recordMutant(mutantOf('SND-021')));
  // The first call may have to build the command line.
  chimneysweep('--version');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function scriptOf(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

function writeAll(check: LiveCheck, length: number): void {
  for (let at = 0; at < recorded.length; at += length) check.write(recorded.subarray(at, at + length));
}

describe('a check beside a recording', () => {
  it('finds what a check of the file finds, however far behind it may lag', async () => {
    const checker = checkerOf(task);
    const here = new TraceModel(undefined, [checker]);
    here.push(recorded);
    const expected = answerOf(task, { store: here.store, model: () => here }, checker, undefined);
    expect(expected.report.findings.length).toBeGreaterThan(0);
    for (const mostLag of [1, 100_000]) {
      const heard: string[] = [];
      const check = new LiveCheck(task, {
        script: program,
        mostLag,
        onFinding: ({ fingerprint }) => heard.push(fingerprint),
      });
      writeAll(check, 10_000);
      const answer = await check.finish();
      expect(answer).toEqual({ ok: true, value: structuredClone(expected) });
      expect(heard).toEqual(checker.findings.map(({ fingerprint }) => fingerprint));
      expect(check.findingCount).toBe(heard.length);
    }
  });

  it('tells of findings while the recording goes on', () => {
    const check = new LiveCheck(task, { script: program, mostLag: 1 });
    writeAll(check, 10_000);
    check.look();
    const known = check.findingCount;
    check.stop();
    expect(known).toBeGreaterThan(0);
  });

  it('lets the recording go on if its thread dies, and says why there is no answer', async () => {
    const script = scriptOf(
      'dies.mjs',
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', () => { throw new Error('out of luck'); });`,
    );
    const check = new LiveCheck(task, { script });
    writeAll(check, 10_000);
    const answer = await check.finish();
    expect(answer).toEqual({
      ok: false,
      error: 'The check ended early: out of luck. The recording does not depend on it.',
    });
  });

  it('gives a thread up that reads nothing', async () => {
    const script = scriptOf('sleeps.mjs', 'setInterval(() => undefined, 1000);');
    const check = new LiveCheck(task, { script, mostLag: 1, patience: 20 });
    writeAll(check, 10_000);
    const answer = await check.finish();
    expect(answer.ok ? '' : answer.error).toContain('its thread has read nothing for 0.02 s');
  });

  it('refuses bytes that are no trace', async () => {
    const check = new LiveCheck(task, { script: program });
    check.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
    const answer = await check.finish();
    expect(answer.ok ? '' : answer.error).toContain('does not begin like one');
  });
});

describe('chimneysweep run --check', () => {
  it('records, and reports what check reports of the file', () => {
    const out = path.join(folder, 'run.sweep');
    const run = chimneysweep('run', 'first-sweep', '--out', out, '--check', '--json');
    expect([run.code, run.err]).toEqual([0, '']);
    const { check } = JSON.parse(run.out) as { check: CheckReport };
    const checked = chimneysweep('check', out, '--json');
    const { budgets: _, ...report } = JSON.parse(checked.out) as CheckReport & { budgets: unknown };
    expect(check).toEqual(report);
    expect(check.coverage.looked).toBeGreaterThan(50);
    expect(readFileSync(out).length).toBeGreaterThan(1000);
  });

  it('answers 2 for choices of rules without --check, and for rules that nobody knows', () => {
    expect(chimneysweep('run', 'transfer', '--rules', 'SND-*').err).toContain('Say --check, too');
    expect(chimneysweep('run', 'transfer', '--check', '--rules', 'nonsense').code).toBe(2);
  });
});
