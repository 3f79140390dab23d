/**
 * Records a run into a file as the command line does, in a process of its own: without rules, with all of them in the same thread, or with all of
 * them in a thread beside it. Prints what it took as one line of JSON.
 * Usage: measureChecking FOLDER THREAD-PROGRAM FILE-BYTES recorded|checked|besides
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { FlushPace } from '../../../electron/cli/flushPace';
import { LiveCheck } from '../../../electron/cli/liveCheck';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { TraceFileSink } from '../../../electron/files/traceFileSink';
import { zlibChecksum } from '../../../electron/files/zlibCodec';
import { Recording } from '../../../electron/recorder/recording';
import { scenarioDescription } from '../../../shared/contract/scenarios';
import { emptyBaseline } from '../../../shared/rules/baseline/baseline';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { checkingThreadFile, threadTime } from './threadTime';
import { implementedRules } from '../../../shared/rules/rules';

/** Ways of recording. */
export type Way = 'recorded' | 'checked' | 'besides';

/** What a recording took. */
export interface CheckingMeasurement {
  readonly rules: number;
  readonly events: number;
  /** From the first event until the last answer, s. */
  readonly wall: number;
  /** Of all threads, s. */
  readonly cpu: number;
  /** Of the thread that records, s: on a machine with a core to spare it takes no longer than this. NaN where the system doesn't say. */
  readonly recordingThread: number;
  /** Of the thread that checks, its start included, s; null where there is none. */
  readonly checkingThread: number | null;
  /** From the last event until the last answer, s. */
  readonly lag: number;
  /** Cases that were decided, and findings: none, as nobody is bad. */
  readonly looks: number;
  readonly findings: number;
}

const [folder = '.', script = '', fileBytes = '12000000', way = 'recorded'] = process.argv.slice(2);
const file = path.join(folder, 'checking.sweep');
const rules = implementedRules.map(({ id }) => id);

const cpuBefore = process.cpuUsage();
const threadBefore = threadTime();
const begun = performance.now();
const beside =
  way === 'besides'
    ? new LiveCheck({ subject: '', rules, baseline: emptyBaseline, budgets: [] }, { script })
    : undefined;
const checker = way === 'checked' ? new RuleChecker(implementedRules) : undefined;
const settings = {
  scenario: 'transfer',
  seed: 1,
  loss: scenarioDescription('transfer').defaultLoss,
  file: inventFile(1, Number(fileBytes)),
} as const;
const sink = new TraceFileSink(file);
const both = {
  write: (bytes: Uint8Array) => {
    sink.write(bytes);
    beside?.write(bytes);
  },
};
const recording = new Recording('bench', settings, 'made up', both, { checksum: zlibChecksum, checker });
const pace = new FlushPace(beside);
while (recording.advance(pace.eventsPerSlice)) pace.look(recording);
recording.finish(false);
sink.close();
const recorded = performance.now();
const answer = await beside?.finish();
if (answer?.ok === false) throw new Error(answer.error);
const ended = performance.now();
const recordingThread = threadTime() - threadBefore;
const { user, system } = process.cpuUsage(cpuBefore);
const looked = checker?.coverage().reduce((sum, { looks }) => sum + looks, 0);
rmSync(file);
const measured: CheckingMeasurement = {
  rules: rules.length,
  events: recording.eventCount,
  wall: (ended - begun) / 1000,
  cpu: (user + system) / 1e6,
  recordingThread,
  checkingThread: beside === undefined ? null : Number(readFileSync(checkingThreadFile, 'latin1')),
  lag: (ended - recorded) / 1000,
  looks: looked ?? answer?.value.report.coverage.looks ?? 0,
  findings: checker?.findings.length ?? answer?.value.report.findings.length ?? 0,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
