/** Runs one seed of a walk over seeds in this thread, and records it. */
import type { RunReport } from '../../shared/analysis/runReport';
import { traceFormatVersion } from '../../shared/trace/records';
import type { Probe } from '../emulator/probe';
import { fileProblem } from '../files/fileProblem';
import { TraceFileSink } from '../files/traceFileSink';
import { zlibChecksum, zlibCodec } from '../files/zlibCodec';
import { TraceRecorder } from '../recorder/traceRecorder';
import { applicationName } from './version';

/** One seed that runs. */
export interface SeedRun<Result> {
  advance(events: number): boolean;
  report(): RunReport;
  result(): Result;
}

/** What to record. */
export interface SeedRecording<Result> {
  readonly scenario: string;
  /** Title of the trace without the seed. */
  readonly title: string;
  readonly seed: number;
  readonly connections: number;
  /** The run that tells the probe. */
  readonly start: (probe: Probe) => SeedRun<Result>;
  /** What was found, for people. */
  readonly failureText: (result: Result) => string;
}

/** Records to the file `out` and prints what was found, as JSON if asked to; answers the exit code. */
export function recordSeed<Result extends { readonly findings: readonly string[] }>(
  { scenario, title, seed, connections, start, failureText }: SeedRecording<Result>,
  out: string,
  json: boolean,
): number {
  let sink: TraceFileSink;
  try {
    sink = new TraceFileSink(out);
  } catch (error) {
    process.stderr.write(`chimneysweep: ${fileProblem(error, 'write', out)}\n`);
    return 2;
  }
  const recorder = new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: applicationName,
      scenario,
      title: `${title}, seed ${seed}`,
      seed,
      settings: { connections },
      snapLength: 128,
    },
    sink,
    { codec: zlibCodec, checksum: zlibChecksum },
  );
  const run = start(recorder);
  while (run.advance(100_000));
  recorder.finish(run.report());
  sink.close();
  const result = run.result();
  if (json) process.stdout.write(JSON.stringify(result, null, 2) + '\n');
  else if (result.findings.length === 0) process.stdout.write(`seed ${seed}: nothing found\n`);
  else process.stdout.write(failureText(result));
  return result.findings.length === 0 ? 0 : 1;
}
