/** `chimneysweep export`: a trace in the formats of other tools. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { fileProblem } from '../files/fileProblem';
import { collectNames, tapHelp } from './tapOptions';
import { corpusNames, openForTables } from './corpus';
import { exportTargets, type ExportTarget, type WrittenFile } from './exportTargets';
import { writePcapng } from './pcapngCommand';
import { complain } from './complain';
import { ProgressLine } from './progressLine';

interface ExportOptions {
  readonly to: string;
  readonly out?: string;
  readonly tap?: readonly string[];
  readonly exactTexts?: boolean;
  readonly replace?: boolean;
  readonly json?: boolean;
}

/** What `--json` prints. */
interface ExportReport {
  readonly format: string;
  readonly out: string;
  readonly traces: readonly {
    readonly trace: string;
    readonly name: string;
    readonly complete: boolean;
    readonly files: readonly WrittenFile[];
  }[];
}

/** Adds the verb to the program. */
export function addExportCommand(program: Command, exitWith: (code: number) => void): void {
  const formats = ['pcapng', ...exportTargets.map(({ name }) => name)];
  const help = exportTargets.map(({ name, describes }) => `  ${name.padEnd(12)} ${describes}\n`).join('');
  program
    .command('export')
    .description('Write a trace in the format of another tool: docs/exports.md.')
    .argument('<traces...>', 'a .sweep file; several for parquet')
    .addOption(new Option('--to <format>', 'the format').choices(formats).makeOptionMandatory())
    .option('--out <path>', 'the file or folder to write; named after the trace by default')
    .option('--tap <name>', `pcapng: ${tapHelp}`, collectNames)
    .option('--exact-texts', 'csv: leave texts as they are that a spreadsheet would take for formulas')
    .option('--replace', 'parquet: replace what the corpus has of a trace')
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      `\nFormats:\n  pcapng       a capture for Wireshark and its like\n${help}\n` +
        'Exit codes: 0 written, 1 written, but a trace is cut or damaged, 2 not written.',
    )
    .action(async (traces: readonly string[], options: ExportOptions) => {
      exitWith(await exportTraces(traces, options));
    });
}

async function exportTraces(traces: readonly string[], options: ExportOptions): Promise<number> {
  if (options.to === 'pcapng') return exportCapture(traces, options);
  const target = exportTargets.find(({ name }) => name === options.to)!;
  if (traces.length > 1 && target.name !== 'parquet')
    return complain(`Only parquet takes several traces at once. Export one at a time to ${target.name}.`);
  const names = corpusNames(traces);
  const out = options.out ?? target.defaultOut(names[0]!);
  const clash = traces.find((trace) => path.resolve(trace) === path.resolve(out));
  if (clash !== undefined)
    return complain(`--out would overwrite ${clash}, the trace to read. Name another place.`);
  const written: { trace: string; name: string; complete: boolean; files: readonly WrittenFile[] }[] = [];
  for (const [index, trace] of traces.entries()) {
    const made = await exportOne(target, trace, names[index]!, out, options);
    if (typeof made === 'string') return complain(made);
    written.push(made);
  }
  const report: ExportReport = { format: target.name, out, traces: written };
  process.stdout.write(options.json === true ? JSON.stringify(report, null, 2) + '\n' : reportText(report));
  return written.every(({ complete }) => complete) ? 0 : 1;
}

/** Exports a trace; answers what was written, or a complaint. */
async function exportOne(
  target: ExportTarget,
  trace: string,
  name: string,
  out: string,
  options: ExportOptions,
): Promise<ExportReport['traces'][number] | string> {
  const progress = new ProgressLine(name);
  const opened = openForTables(trace, name);
  if (!opened.ok) return opened.error;
  const { source, flaw } = opened.value;
  try {
    const made = await target.write({
      source,
      name,
      out,
      texts: options.exactTexts === true ? 'exact' : 'safe',
      replace: options.replace === true,
      told: (what) => {
        progress.tell(what);
      },
    });
    if (!made.ok) return made.error;
    if (flaw !== undefined) process.stderr.write(`chimneysweep: ${trace}: ${flaw}\n`);
    return { trace, name, complete: flaw === undefined, files: made.value };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return 'code' in error
      ? fileProblem(error, 'write', out)
      : `${out} could not be written: ${error.message}`;
  } finally {
    progress.clear();
  }
}

function reportText({ out, traces, format }: ExportReport): string {
  const files = traces.flatMap((trace) => trace.files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const rows = files.every((file) => file.rows === undefined)
    ? ''
    : `${files.reduce((sum, file) => sum + (file.rows ?? 0), 0)} rows, `;
  return `${format}: ${rows}${bytes} bytes in ${out}\n`;
}

/** pcapng has options and messages of its own; it is what the verb `pcapng` makes. */
function exportCapture(traces: readonly string[], options: ExportOptions): number {
  const trace = traces[0]!;
  if (traces.length > 1) return complain('Export one trace at a time to pcapng.');
  const out = options.out ?? `${corpusNames([trace])[0]!}.pcapng`;
  const taps = options.tap === undefined ? {} : { tap: options.tap };
  if (options.json !== true) return writePcapng(trace, { out, ...taps });
  const code = writePcapng(trace, { out, ...taps, quiet: true });
  if (code === 2) return code;
  const complete = code === 0;
  const files = [{ path: out, bytes: statSync(out).size }];
  const report: ExportReport = {
    format: 'pcapng',
    out,
    traces: [{ trace, name: corpusNames([trace])[0]!, complete, files }],
  };
  process.stdout.write(JSON.stringify(report, null, 2) + '\n');
  return code;
}
