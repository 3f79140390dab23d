/** `chimneysweep pcapng`: makes a capture of the frames that a trace has kept. */
import type { Command } from 'commander';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { captureComment, FrameTaps } from '../../shared/capture/frameTaps';
import { PcapngWriter } from '../../shared/capture/pcapngWriter';
import { TraceTaps } from '../../shared/capture/traceTaps';
import { TraceReader } from '../../shared/trace/traceReader';
import { fileProblem } from '../files/fileProblem';
import { zlibCodec } from '../files/zlibCodec';
import { TraceFileSink } from '../files/traceFileSink';
import { complain } from './complain';
import { ProgressLine } from './progressLine';
import { collectNames, tapHelp, unknownTaps } from './tapOptions';

/** Bytes that are read at a time. */
const pieceLength = 1024 * 1024;

/** Where the capture goes, and which interfaces are in it. */
export interface PcapngOptions {
  readonly out: string;
  readonly tap?: readonly string[];
  /** Says on standard output nothing of what was written. */
  readonly quiet?: boolean;
}

/** Adds the verb to the program. */
export function addPcapngCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('pcapng')
    .description('Make a pcapng capture of the frames in a trace, for Wireshark and its like.')
    .argument('<trace>', 'a .sweep file')
    .requiredOption('--out <capture>', 'write the capture to this file')
    .option('--tap <name>', tapHelp, collectNames)
    .option('--json', 'print what was written as JSON')
    .action((trace: string, { json, ...options }: PcapngOptions & { readonly json?: boolean }) => {
      const code = writePcapng(trace, { ...options, quiet: json === true });
      if (json === true && code !== 2) {
        const report = { out: options.out, bytes: statSync(options.out).size, complete: code === 0 };
        process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      }
      exitWith(code);
    });
}

/** Writes the capture and says so. Exit codes: 0 done, 1 the trace is cut or damaged and so is the capture, 2 nothing could be made. */
export function writePcapng(trace: string, { out, tap: names, quiet }: PcapngOptions): number {
  if (path.resolve(trace) === path.resolve(out))
    return complain(`--out would overwrite ${trace}, the trace to read. Name another file.`);
  let descriptor: number;
  try {
    descriptor = openSync(trace, 'r');
  } catch (error) {
    return complain(fileProblem(error, 'read', trace));
  }
  const progress = new ProgressLine('read');
  let sink: TraceFileSink | undefined;
  let doing: 'read' | 'write' = 'write';
  try {
    sink = new TraceFileSink(out);
    const file = sink;
    const taps = new TraceTaps(({ application, scenario, seed }) => {
      const section = { application, comment: captureComment(scenario, seed) };
      return new FrameTaps(new PcapngWriter(file, section), { names, snapLength: 0 });
    });
    const reader = new TraceReader([taps], zlibCodec);
    const piece = new Uint8Array(pieceLength);
    const { size } = fstatSync(descriptor);
    for (let done = 0; ;) {
      progress.show(done / Math.max(1, size));
      doing = 'read';
      const count = readSync(descriptor, piece);
      if (count === 0) break;
      done += count;
      doing = 'write';
      const pushed = reader.push(piece.subarray(0, count));
      if (!pushed.ok) {
        progress.clear();
        return complain(`${trace}: ${pushed.error.message}`);
      }
    }
    doing = 'write';
    const ending = reader.close();
    progress.clear();
    if (!ending.ok) return complain(`${trace}: ${ending.error.message}`);
    const made = taps.finish(reader.store!.header);
    const { written, cut } = made;
    const unknown = unknownTaps(made);
    if (unknown !== undefined) return complain(unknown);
    if (quiet !== true) process.stdout.write(`${written} packets in ${out}\n`);
    if (cut > 0)
      process.stderr.write(
        `chimneysweep: ${cut} packets are cut to what the trace keeps of each. ` +
          'Record with --snap-length all, or with --pcapng, to have them whole.\n',
      );
    if (ending.value.kind === 'complete') return 0;
    process.stderr.write(`chimneysweep: ${ending.value.message}\n`);
    return 1;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return complain(fileProblem(error, doing, doing === 'read' ? trace : out));
  } finally {
    progress.clear();
    closeSync(descriptor);
    sink?.close();
  }
}
