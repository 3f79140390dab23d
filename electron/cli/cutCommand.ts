/** `chimneysweep cut`: a part of a trace as a smaller trace that stands by itself. */
import { InvalidArgumentError, type Command } from 'commander';
import { TraceModel } from '../../shared/analysis/traceModel';
import { fail, succeed, type Result } from '../../shared/base/result';
import { checkTree } from '../../shared/expression/check';
import { compileExpression } from '../../shared/expression/compile';
import { parseExpression } from '../../shared/expression/parser';
import { problemText } from '../../shared/expression/problemText';
import type { ExpressionProblem } from '../../shared/expression/syntax';
import { TraceRows } from '../../shared/expression/traceRows';
import { traceVocabulary } from '../../shared/expression/traceVocabulary';
import { MalformedBytes } from '../../shared/trace/byteReader';
import { cutTrace, type CutResult } from '../../shared/trace/cut';
import type { EventId } from '../../shared/trace/records';
import type { TraceSource } from '../../shared/trace/traceSource';
import { fileProblem } from '../files/fileProblem';
import { isSameFile, writeNewTrace } from '../files/newTraceFile';
import { zlibCodec } from '../files/zlibCodec';
import { complain } from './complain';
import { parseTime } from './hostCommands';
import { openTraceFile, type OpenTraceFile } from './openTraceFile';
import { ProgressLine } from './progressLine';

interface CutOptions {
  readonly out: string;
  readonly from?: number;
  readonly to?: number;
  readonly connection?: number;
  readonly where?: string;
  readonly json?: boolean;
}

/** Bytes that are read at a time. */
const pieceLength = 1024 * 1024;

function parseConnection(text: string): number {
  const connection = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(connection))
    throw new InvalidArgumentError('Connections are counted from 0.');
  return connection;
}

/** Adds the verb to the program. */
export function addCutCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('cut')
    .description(
      'Cut a range of time, a connection or what matches out of a trace: a trace with the state at the cut.',
    )
    .argument('<trace>', 'a .sweep file')
    .requiredOption('--out <trace>', 'write the cut to this .sweep file')
    .option('--from <time>', 'from this virtual time on, such as 1.5ms (the beginning)', parseTime)
    .option('--to <time>', 'before this virtual time (the end)', parseTime)
    .option('--connection <number>', 'this connection and what it depends on', parseConnection)
    .option('--where <expression>', 'calls, frames and notes that match; state stays whole')
    .option('--json', 'print what was written as JSON')
    .action(async (trace: string, options: CutOptions) => {
      exitWith(await cut(trace, options));
    });
}

/** What is wrong with the expression, with a mark under each place. */
function complaints(text: string, problems: readonly ExpressionProblem[]): string {
  return problems.map((problem) => `--where:\n${problemText(text, problem)}`).join('\n');
}

/** Reads all of a trace, for expressions that look at what became of a call. */
async function readModel(source: TraceSource, told: (fraction: number) => void): Promise<TraceModel> {
  const model = new TraceModel();
  for (let offset = 0; offset < source.size; offset += pieceLength) {
    model.push(await source.read(offset, Math.min(pieceLength, source.size - offset)));
    told(offset / source.size);
  }
  return model;
}

/** A test of events by an expression; the error is for people. */
async function matcher(
  text: string,
  source: TraceSource,
  told: (fraction: number) => void,
): Promise<Result<(event: EventId) => boolean, string>> {
  const parsed = parseExpression(text);
  if (!parsed.ok) return fail(complaints(text, [parsed.error]));
  const model = await readModel(source, told);
  const checked = checkTree(parsed.value, traceVocabulary(model));
  if (!checked.ok) return fail(complaints(text, checked.error));
  for (const warning of checked.value.warnings)
    process.stderr.write(`chimneysweep: warning:\n${problemText(text, warning)}\n`);
  const { store } = model;
  if (store === undefined) return fail('The trace has no header.');
  const rows = new TraceRows(model, store);
  const predicate = compileExpression(checked.value, rows);
  const { kinds } = checked.value;
  return succeed((event) => {
    const kind = rows.kind(event);
    return kind !== undefined && kinds.has(kind) && predicate(event);
  });
}

async function cut(path: string, options: CutOptions): Promise<number> {
  const { out } = options;
  if (isSameFile(path, out))
    return complain(`--out would overwrite ${path}, the trace to cut. Name another file.`);
  const progress = new ProgressLine('cut');
  const opened = await openTraceFile(path, (fraction) => {
    progress.show(fraction);
  });
  if (!opened.ok) return complain(opened.error);
  try {
    return await cutOpened(path, opened.value, options, progress);
  } catch (error) {
    progress.clear();
    if (error instanceof MalformedBytes) return complain(`${path} is damaged: ${error.message}.`);
    if (!(error instanceof Error && 'code' in error)) throw error;
    return complain(fileProblem(error, 'write', out));
  } finally {
    opened.value.close();
  }
}

async function cutOpened(
  path: string,
  { file, source, flaw }: OpenTraceFile,
  options: CutOptions,
  progress: ProgressLine,
): Promise<number> {
  const { from, to, connection, where, out } = options;
  const show = (fraction: number): void => {
    progress.show(fraction);
  };
  const matches = where === undefined ? undefined : await matcher(where, source, show);
  if (matches?.ok === false) return complain(matches.error);
  const { answer, bytes } = await writeNewTrace(out, async (sink) => {
    const made = await cutTrace(file, { from, to, connection, matches: matches?.value }, sink, {
      codec: zlibCodec,
      where,
      onProgress: show,
    });
    return { isGood: made.ok, answer: made };
  });
  progress.clear();
  if (!answer.ok) {
    const code = complain(`${path}: ${answer.error.message}`);
    return answer.error.code === 'nothing-matches' ? 1 : code;
  }
  print(answer.value, bytes, flaw, options);
  if (flaw === undefined) return 0;
  process.stderr.write(`chimneysweep: ${path}: ${flaw}\n`);
  return 1;
}

function print(result: CutResult, bytes: number, flaw: string | undefined, { out, json }: CutOptions): void {
  if (json === true) {
    const report = { out, bytes, ...result, complete: flaw === undefined };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const { events, taken, left, preludeEvents } = result;
  process.stdout.write(
    `${events} events, ${bytes} bytes in ${out}: ${taken} of ${taken + left} are the trace's, ${preludeEvents} say what was before\n`,
  );
}
