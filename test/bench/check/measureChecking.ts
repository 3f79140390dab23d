/**
 * Measures what checking costs a recording: the same run recorded into a file without rules and with all of them, in turns. Prints one line of JSON.
 * Usage: measureChecking FOLDER
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { zlibChecksum } from '../../../electron/files/zlibCodec';
import { TraceFileSink } from '../../../electron/files/traceFileSink';
import { Recording } from '../../../electron/recorder/recording';
import { scenarioDescription } from '../../../shared/contract/scenarios';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { implementedRules } from '../../../shared/rules/rules';

/** What was measured; CPU seconds are medians. */
export interface CheckingMeasurement {
  readonly rules: number;
  readonly events: number;
  readonly recordedSeconds: number;
  readonly checkedSeconds: number;
  /** Cases that were decided, and findings: none, as nobody is bad. */
  readonly looks: number;
  readonly findings: number;
}

/** Bytes that the scenario carries. */
const fileBytes = 12_000_000;

/** Runs of each kind; the first one warms up. */
const rounds = 5;

const settings = {
  scenario: 'transfer',
  seed: 1,
  loss: scenarioDescription('transfer').defaultLoss,
  file: inventFile(1, fileBytes),
} as const;
const file = path.join(process.argv[2] ?? '.', 'checking.sweep');
let events = 0;

function cpuSeconds(checker: RuleChecker | undefined): number {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const sink = new TraceFileSink(file);
  const recording = new Recording('bench', settings, 'made up', sink, { checksum: zlibChecksum, checker });
  while (recording.advance(1000));
  recording.finish(false);
  events = recording.eventCount;
  sink.close();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function median(values: readonly number[]): number {
  const sorted = values.slice(1).sort((left, right) => left - right);
  return sorted[sorted.length >> 1]!;
}

const times = { recorded: [] as number[], checked: [] as number[] };
let checker = new RuleChecker(implementedRules);
for (let round = 0; round < rounds; round++) {
  times.recorded.push(cpuSeconds(undefined));
  checker = new RuleChecker(implementedRules);
  times.checked.push(cpuSeconds(checker));
}
rmSync(file);
const measured: CheckingMeasurement = {
  rules: implementedRules.length,
  events,
  recordedSeconds: median(times.recorded),
  checkedSeconds: median(times.checked),
  looks: checker.coverage().reduce((sum, { looks }) => sum + looks, 0),
  findings: checker.findings.length,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
