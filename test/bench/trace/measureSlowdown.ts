/**
 * Measures what recording costs a scenario of the emulator: the same run with a silent probe and with a recorder that writes a file, in turns. Prints one line
 * of JSON. Usage: measureSlowdown FOLDER
 */
import { rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { silentProbe } from '../../../electron/emulator/observe/silentProbe';
import { inventFile, ScenarioRun } from '../../../electron/emulator/scenarios/scenarioRun';
import { saveTrace } from '../../../electron/files/saveTrace';
import { zlibChecksum } from '../../../electron/files/zlibCodec';
import { TraceFileSink } from '../../../electron/files/traceFileSink';
import { Recording } from '../../../electron/recorder/recording';
import { scenarioDescription } from '../../../shared/contract/scenarios';
import type { SlowdownMeasurement } from './traceMeasurement';

/** Bytes that the scenario carries. */
const fileBytes = 24_000_000;

/** Runs of each kind; the first one warms up. */
const rounds = 5;

const settings = {
  scenario: 'transfer',
  seed: 1,
  loss: scenarioDescription('transfer').defaultLoss,
  file: inventFile(1, fileBytes),
} as const;
const file = path.join(process.argv[2] ?? '.', 'slowdown.sweep');
let events = 0;

function cpuSeconds(work: () => void): number {
  globalThis.gc?.();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function silent(): void {
  const run = new ScenarioRun(silentProbe(), settings);
  while (run.advance(1000));
}

function recorded(): void {
  const sink = new TraceFileSink(file);
  const recording = new Recording('bench', settings, 'made up', sink, { checksum: zlibChecksum });
  while (recording.advance(1000));
  recording.finish(false);
  events = recording.eventCount;
  sink.close();
}

function median(values: readonly number[]): number {
  const sorted = values.slice(1).sort((left, right) => left - right);
  return sorted[sorted.length >> 1]!;
}

const times = { silent: [] as number[], recorded: [] as number[] };
for (let round = 0; round < rounds; round++) {
  times.silent.push(cpuSeconds(silent));
  times.recorded.push(cpuSeconds(recorded));
}
const bytesRecorded = statSync(file).size;
await saveTrace(file, false);
const measured: SlowdownMeasurement = {
  events,
  silentSeconds: median(times.silent),
  recordedSeconds: median(times.recorded),
  bytesRecorded,
  bytesSaved: statSync(file).size,
};
rmSync(file);
process.stdout.write(`${JSON.stringify(measured)}\n`);
