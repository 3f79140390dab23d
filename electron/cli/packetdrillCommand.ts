/** `chimneysweep packetdrill`: runs scripts in the packetdrill language against the emulated stack, in virtual time. */
import { InvalidArgumentError, type Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { RunReport } from '../../shared/analysis/runReport';
import { traceFormatVersion } from '../../shared/trace/records';
import { countingProbe } from '../emulator/observe/countingProbe';
import { silentProbe } from '../emulator/observe/silentProbe';
import { fileProblem } from '../files/fileProblem';
import { TraceFileSink } from '../files/traceFileSink';
import { zlibChecksum, zlibCodec } from '../files/zlibCodec';
import { runScript } from '../packetdrill/runner/runScript';
import { stackModes, type StackMode } from '../packetdrill/runner/handOver';
import type { ScriptReport } from '../packetdrill/runner/verdict';
import { TraceRecorder } from '../recorder/traceRecorder';
import { reportJson, reportText } from './packetdrillReport';
import { parseSeed } from './runCommand';
import { applicationName } from './version';

/** Bytes kept of each frame. */
const snapLength = 128;

interface PacketdrillOptions {
  readonly stack: StackMode;
  readonly seed: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly define?: readonly string[];
}

function parseStack(text: string): StackMode {
  const known = stackModes.find((mode) => mode === text);
  if (known === undefined) throw new InvalidArgumentError(`The stacks are: ${stackModes.join(', ')}.`);
  return known;
}

function parseDefinition(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[a-zA-Z0-9_]+=./.test(text)) throw new InvalidArgumentError('A definition is NAME=value.');
  return [...before, text];
}

/** Adds the verb to the program. */
export function addPacketdrillCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('packetdrill')
    .description('Run scripts in the packetdrill language against the emulated stack, in virtual time.')
    .argument('<scripts...>', 'files in the packetdrill language')
    .option(
      '--stack <where>',
      `where the connections are: ${stackModes.join(', ')} (after each segment)`,
      parseStack,
      'host',
    )
    .option('--seed <number>', 'seed of all randomness', parseSeed, 1)
    .option('-D, --define <name=value>', 'what a word in the scripts stands for', parseDefinition)
    .option('--out <trace>', 'record the run of a single script into this .sweep file')
    .option('--json', 'print the verdicts as JSON')
    .action((scripts: readonly string[], options: PacketdrillOptions) => {
      exitWith(runAll(scripts, options));
    });
}

/** Exit codes: 0 all scripts passed, 1 one has failed, 2 one could not be run. */
function runAll(scripts: readonly string[], options: PacketdrillOptions): number {
  if (options.out !== undefined && scripts.length > 1) {
    process.stderr.write('chimneysweep: --out records a single script\n');
    return 2;
  }
  let code = 0;
  const results: unknown[] = [];
  for (const file of scripts) {
    const read = readScript(file);
    if (read === undefined) {
      code = 2;
      continue;
    }
    let report: ScriptReport;
    try {
      report = run(file, read, options);
    } catch (error) {
      if (options.out === undefined || !(error instanceof Error && 'code' in error)) throw error;
      process.stderr.write(`chimneysweep: ${fileProblem(error, 'write', options.out)}\n`);
      return 2;
    }
    const { kind } = report.verdict;
    code = Math.max(code, kind === 'passed' ? 0 : kind === 'failed' ? 1 : 2);
    if (options.json === true) results.push(reportJson(file, report));
    else process.stdout.write(reportText(file, read, report));
  }
  if (options.json === true) process.stdout.write(JSON.stringify(results, null, 2) + '\n');
  return code;
}

function readScript(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    process.stderr.write(`chimneysweep: ${fileProblem(error, 'read', file)}\n`);
    return undefined;
  }
}

function run(file: string, source: string, options: PacketdrillOptions): ScriptReport {
  const { stack, seed, out, define = [] } = options;
  const choices = { stack, seed, definitions: define };
  if (out === undefined) return runScript(silentProbe(), source, choices);
  const sink = new TraceFileSink(out);
  const recorder = new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: applicationName,
      scenario: 'packetdrill',
      title: `packetdrill ${file}`,
      seed,
      settings: { script: file, stack },
      snapLength,
    },
    sink,
    { codec: zlibCodec, checksum: zlibChecksum },
  );
  const { probe, totals } = countingProbe(recorder);
  const report = runScript(probe, source, choices);
  recorder.finish(runReportOf(report, seed, totals));
  sink.close();
  return report;
}

function runReportOf(
  { verdict, machineTime, stack }: ScriptReport,
  seed: number,
  totals: ReturnType<typeof countingProbe>['totals'],
): RunReport {
  const summary =
    verdict.kind === 'passed'
      ? `The script is satisfied (stack: ${stack}).`
      : verdict.kind === 'failed'
        ? `Line ${verdict.position.line}: ${verdict.message}`
        : `Line ${verdict.problem.position.line}: ${verdict.problem.message}`;
  return {
    scenario: 'packetdrill',
    success: verdict.kind === 'passed',
    summary,
    seed,
    fileBytes: 0,
    sha256: { source: null, peer: null, returned: null },
    bytesSent: { hostPath: 0, chimney: 0 },
    bytesReceived: { hostPath: 0, chimney: 0 },
    callsRecorded: totals.calls,
    optionalHandlersCalls: totals.optionalHandlersCalls,
    frames: { sent: totals.framesSent, lost: totals.framesLost, retransmitted: totals.framesRetransmitted },
    virtualTime: machineTime,
  };
}
