/** `chimneysweep recover`: takes whatever can be read out of a damaged, cut or older trace. */
import type { Command } from 'commander';
import { recoverTrace, type Recovery } from '../../shared/trace/recovery';
import { fileProblem } from '../files/fileProblem';
import { FileSource } from '../files/fileSource';
import { isSameFile, writeNewTrace } from '../files/newTraceFile';
import { zlibCodec } from '../files/zlibCodec';
import { complain } from './complain';
import { ProgressLine } from './progressLine';

interface RecoverOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addRecoverCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('recover')
    .description('Take whatever can be read out of a damaged, cut or older trace.')
    .argument('<trace>', 'a .sweep file of any version, in whatever state')
    .requiredOption('--out <trace>', 'write what can be read to this .sweep file')
    .option('--json', 'print what was found as JSON')
    .addHelpText('after', '\nExit codes: 0 everything is there, 1 something is lost, 2 nothing can be had.')
    .action(async (trace: string, options: RecoverOptions) => {
      exitWith(await recover(trace, options));
    });
}

async function recover(trace: string, { out, json }: RecoverOptions): Promise<number> {
  if (isSameFile(trace, out))
    return complain(`--out would overwrite ${trace}, the trace to recover. Name another file.`);
  let source: FileSource;
  try {
    source = new FileSource(trace);
  } catch (error) {
    return complain(fileProblem(error, 'read', trace));
  }
  const progress = new ProgressLine('read');
  try {
    const { answer: recovered } = await writeNewTrace(out, async (sink) => {
      const answer = await recoverTrace(source, sink, zlibCodec, (fraction) => {
        progress.show(fraction);
      });
      return { isGood: answer.ok, answer };
    });
    progress.clear();
    if (!recovered.ok) return complain(`${trace}: ${recovered.error.message}`);
    const { value } = recovered;
    process.stdout.write(
      json === true ? JSON.stringify({ ...value, trace: out }, null, 2) + '\n' : recoveryText(value, out),
    );
    return value.isWhole ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const reads = 'syscall' in error && error.syscall === 'read';
    return complain(fileProblem(error, reads ? 'read' : 'write', reads ? trace : out));
  } finally {
    progress.clear();
    source.close();
  }
}

/** What came of it, for people. */
function recoveryText(recovery: Recovery, out: string): string {
  const { records, lastTime, gaps, version } = recovery;
  const lines = [`${records} events up to ${(lastTime / 1e6).toFixed(3)} ms are in ${out}.`];
  if (version === 1) lines.push('The original has format version 1; the new file has version 2.');
  if (recovery.headerLost)
    lines.push('The header is lost: scenario, seed and settings are unknown, and another one was made up.');
  for (const { reason, records: missing, from, until } of gaps.slice(0, 20))
    lines.push(
      `${missing} events between ${(from / 1e6).toFixed(3)} and ${(until / 1e6).toFixed(3)} ms are missing (${reason}).`,
    );
  if (gaps.length > 20) lines.push(`There are ${gaps.length - 20} more gaps.`);
  if (recovery.damagedBytes > 0) lines.push(`${recovery.damagedBytes} bytes of the original make no sense.`);
  if (recovery.unusableChunks > 0)
    lines.push(
      `${recovery.unusableChunks} chunks are whole but refer to what is lost (${recovery.unusableBecause}).`,
    );
  if (recovery.lostAtEnd !== undefined && recovery.lostAtEnd > 0)
    lines.push(`${recovery.lostAtEnd} events at the end are missing.`);
  else if (!recovery.hasEnd)
    lines.push('The recording has no end: what came behind the last event is unknown.');
  if (recovery.isWhole) lines.push('Nothing is lost.');
  return lines.join('\n') + '\n';
}
