/** `chimneysweep events`: lists the events of a trace that match an expression, one a line. */
import { InvalidArgumentError, type Command } from 'commander';
import { checkTree } from '../../shared/expression/check';
import type { CheckedExpression } from '../../shared/expression/checked';
import { eventLine, summaryOf } from '../../shared/expression/eventText';
import { fieldCatalogue } from '../../shared/expression/fields';
import { parseExpression } from '../../shared/expression/parser';
import { problemText } from '../../shared/expression/problemText';
import type { ExpressionProblem } from '../../shared/expression/syntax';
import { TraceRows } from '../../shared/expression/traceRows';
import { traceVocabulary } from '../../shared/expression/traceVocabulary';
import { openTrace } from './openTrace';

interface EventsOptions {
  readonly where?: string;
  readonly limit?: number;
  readonly json?: boolean;
  readonly count?: boolean;
}

/** Characters that are collected before they are written. */
const pieceLength = 64 * 1024;

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || !Number.isSafeInteger(limit))
    throw new InvalidArgumentError('A number of events from 1.');
  return limit;
}

/** Adds the verb to the program. */
export function addEventsCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('events')
    .description('List the events of a trace that match an expression.')
    .argument('[trace]', 'a .sweep file')
    .option('--where <expression>', 'such as: handler == "MiniportTcpOffloadSend" && bytes > 64K (all)')
    .option('--limit <number>', 'list at most so many', parseLimit)
    .option('--count', 'print the number of matching events only')
    .option('--fields', 'list the fields that expressions know instead')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 events were found, 1 nothing matches or the file has a flaw, 2 the expression or the file is wrong.\n' +
        'The language and its fields: docs/expressions.md.',
    )
    .action((trace: string | undefined, options: EventsOptions & { readonly fields?: boolean }) => {
      if (options.fields === true) exitWith(listFields(options.json === true));
      else if (trace !== undefined) exitWith(events(trace, options));
      else {
        process.stderr.write('chimneysweep: name a trace, or ask for --fields.\n');
        exitWith(2);
      }
    });
}

function listFields(json: boolean): number {
  if (json) {
    process.stdout.write(`${JSON.stringify(fieldCatalogue, null, 2)}\n`);
    return 0;
  }
  const width = Math.max(...fieldCatalogue.map(({ name }) => name.length));
  for (const { name, type, kinds, meaning } of fieldCatalogue)
    process.stdout.write(
      `${name.padEnd(width)}  ${type.padEnd(8)} ${kinds.join(' ').padEnd(32)} ${meaning}\n`,
    );
  return 0;
}

/** Without an expression everything matches. */
const everything = 'true';

/** Tells what is wrong with the expression, with a mark under each place. */
function complain(text: string, problems: readonly ExpressionProblem[]): number {
  for (const problem of problems)
    process.stderr.write(`chimneysweep: --where:\n${problemText(text, problem)}\n`);
  return 2;
}

function events(path: string, options: EventsOptions): number {
  const text = options.where ?? everything;
  // A slip is told before a large file has been read; names may be the trace's own.
  const parsed = parseExpression(text);
  if (!parsed.ok) return complain(text, [parsed.error]);
  const opened = openTrace(path);
  if (!opened.ok) {
    process.stderr.write(`chimneysweep: ${opened.error}\n`);
    return 2;
  }
  const { model, flaw } = opened.value;
  const checked = checkTree(parsed.value, traceVocabulary(model));
  if (!checked.ok) return complain(text, checked.error);
  for (const warning of checked.value.warnings)
    process.stderr.write(`chimneysweep: warning:\n${problemText(text, warning)}\n`);
  const found = list(new TraceRows(model, model.store!), checked.value, options);
  if (flaw !== undefined) process.stderr.write(`chimneysweep: ${flaw}\n`);
  return found > 0 && flaw === undefined ? 0 : 1;
}

/** Prints what matches; answers how many events that are. */
function list(rows: TraceRows, expression: CheckedExpression, options: EventsOptions): number {
  const { json = false, count = false, limit = Infinity } = options;
  const { store } = rows;
  let found = 0;
  let pending = json && !count ? '[' : '';
  for (const event of rows.matching(expression)) {
    if (found >= limit) break;
    found++;
    if (count) continue;
    const line = eventLine(rows.model, store, event);
    if (line === undefined) continue;
    const time = store.time(event);
    if (json) pending += `${found === 1 ? '' : ','}\n${JSON.stringify({ id: event, time, ...line })}`;
    else {
      const milliseconds = (time / 1e6).toFixed(6).padStart(14);
      pending += `${milliseconds} ms ${String(event).padStart(8)}  ${line.kind.padEnd(9)}  ${summaryOf(line)}\n`;
    }
    if (pending.length >= pieceLength) {
      process.stdout.write(pending);
      pending = '';
    }
  }
  if (count) pending = json ? `${JSON.stringify({ count: found })}\n` : `${found}\n`;
  else if (json) pending += '\n]\n';
  process.stdout.write(pending);
  return found;
}
