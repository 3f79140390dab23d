/**
 * Measures what checking costs a recording: the same run recorded into a file without rules, with all of them in the same thread, and with all
 * of them in a thread beside it, in turns. Prints one line of JSON.
 * Usage: measureChecking FOLDER THREAD-PROGRAM FILE-BYTES
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { LiveCheck } from '../../../electron/cli/liveCheck';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { TraceFileSink } from '../../../electron/files/traceFileSink';
import { zlibChecksum } from '../../../electron/files/zlibCodec';
import { Recording } from '../../../electron/recorder/recording';
import { scenarioDescription } from '../../../shared/contract/scenarios';
import { emptyBaseline } from '../../../shared/rules/baseline/baseline';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { implementedRules } from '../../../shared/rules/rules';

/** What a recording took; medians. */
export interface Cost {
  /** From the first event until the last answer, s. */
  readonly wall: number;
  /** Of all threads, s. */
  readonly cpu: number;
}

/** What was measured. */
export interface CheckingMeasurement {
  readonly rules: number;
  readonly events: number;
  readonly recorded: Cost;
  readonly checked: Cost;
  readonly besides: Cost;
  /** Cases that were decided, and findings: none, as nobody is bad. */
  readonly looks: number;
  readonly findings: number;
}

/** Runs of each kind; the first one warms up. */
const rounds = 6;

const [folder = '.', script = '', fileBytes = '12000000'] = process.argv.slice(2);
const settings = {
  scenario: 'transfer',
  seed: 1,
  loss: scenarioDescription('transfer').defaultLoss,
  file: inventFile(1, Number(fileBytes)),
} as const;
const file = path.join(folder, 'checking.sweep');
let events = 0;

async function costOf(checker: RuleChecker | undefined, isBeside = false): Promise<Cost> {
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const sink = new TraceFileSink(file);
  const rules = implementedRules.map(({ id }) => id);
  const beside = isBeside
    ? new LiveCheck({ subject: '', rules, baseline: emptyBaseline, budgets: [] }, { script })
    : undefined;
  const both = {
    write: (bytes: Uint8Array) => {
      sink.write(bytes);
      beside?.write(bytes);
    },
  };
  const recording = new Recording('bench', settings, 'made up', both, { checksum: zlibChecksum, checker });
  while (recording.advance(1000));
  recording.finish(false);
  events = recording.eventCount;
  sink.close();
  const answer = await beside?.finish();
  if (answer?.ok === false) throw new Error(answer.error);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: (performance.now() - begun) / 1000, cpu: (user + system) / 1e6 };
}

function median(values: readonly number[]): number {
  const sorted = values.slice(1).sort((left, right) => left - right);
  return sorted[sorted.length >> 1]!;
}

function medians(costs: readonly Cost[]): Cost {
  return { wall: median(costs.map(({ wall }) => wall)), cpu: median(costs.map(({ cpu }) => cpu)) };
}

const costs = { recorded: [] as Cost[], checked: [] as Cost[], besides: [] as Cost[] };
let checker = new RuleChecker(implementedRules);
for (let round = 0; round < rounds; round++) {
  costs.recorded.push(await costOf(undefined));
  checker = new RuleChecker(implementedRules);
  costs.checked.push(await costOf(checker));
  costs.besides.push(await costOf(undefined, true));
}
rmSync(file);
const measured: CheckingMeasurement = {
  rules: implementedRules.length,
  events,
  recorded: medians(costs.recorded),
  checked: medians(costs.checked),
  besides: medians(costs.besides),
  looks: checker.coverage().reduce((sum, { looks }) => sum + looks, 0),
  findings: checker.findings.length,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
