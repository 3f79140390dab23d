/** `chimneysweep owners`: who owns which NET_BUFFER_LIST at an instant, or the whole story of one. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { bufferOwnershipOf, type BufferLife } from '../../shared/analysis/bufferOwnership';
import { lifeText, readListAddress, stayText } from '../../shared/analysis/bufferOwnershipText';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { formatAddress } from '../../shared/base/address';
import type { EventId } from '../../shared/trace/records';
import { complain } from './complain';
import { addInstantOptions, instantOf, type InstantOptions } from './instant';
import { openTrace } from './openTrace';
import { durationText } from './statisticsText';

interface OwnersOptions extends InstantOptions {
  readonly list?: number;
  readonly json?: boolean;
}

function parseAddress(text: string): number {
  const address = readListAddress(text);
  if (address === undefined)
    throw new InvalidArgumentError('The address of a NET_BUFFER_LIST, such as fffffa80`00020580 or 0x20580.');
  return address;
}

/** Adds the verb to the program. */
export function addOwnersCommand(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command('owners')
    .description(
      'List the NET_BUFFER_LISTs that are lent at an instant with who has them, or tell the story of one.',
    )
    .argument('<trace>', 'a .sweep file');
  addInstantOptions(command)
    .addOption(
      new Option('--list <address>', 'all lives of the list at this address instead')
        .argParser(parseAddress)
        .conflicts(['at', 'event']),
    )
    .option('--json', 'print JSON; all times in ns')
    .action((trace: string, options: OwnersOptions) => {
      exitWith(owners(trace, options));
    });
}

function owners(path: string, options: OwnersOptions): number {
  const opened = openTrace(path);
  if (!opened.ok) return complain(opened.error);
  const { model, flaw } = opened.value;
  const instant = instantOf(model, path, options);
  if (!instant.ok) return complain(instant.error);
  const ownership = bufferOwnershipOf(model);
  const { list } = options;
  const lives = list === undefined ? ownership.at(instant.value) : ownership.storyOf(list);
  if (options.json === true) {
    const about = list === undefined ? { event: instant.value } : { address: list };
    process.stdout.write(`${JSON.stringify({ ...about, lists: lives }, null, 2)}\n`);
  } else
    process.stdout.write(
      list === undefined ? lentText(model, instant.value, lives) : storyText(model, list, lives),
    );
  if (flaw === undefined) return list !== undefined && lives.length === 0 ? 1 : 0;
  process.stderr.write(`chimneysweep: ${flaw}\n`);
  return 1;
}

function nameOf({ store }: TraceModel, component: number): string {
  return store!.components[component]?.name ?? `component ${component}`;
}

function lentText(model: TraceModel, event: EventId, lives: readonly BufferLife[]): string {
  if (lives.length === 0) return `No NET_BUFFER_LIST is lent right after event ${event}.\n`;
  const now = model.store!.time(event);
  const lines = [`${lives.length} NET_BUFFER_LISTs are lent right after event ${event}`];
  for (const life of lives) {
    const stay = life.stays.findLast((one) => one.event <= event) ?? life.stays[0]!;
    lines.push(
      `${nameOf(model, stay.owner)} has ${lifeText(life)}`,
      `    ${stayText(stay)} (#${stay.event}) ${durationText(now - stay.from)} ago, by ${nameOf(model, life.lender)}` +
        ` (#${life.event}) ${durationText(now - life.from)} ago`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function storyText(model: TraceModel, address: number, lives: readonly BufferLife[]): string {
  if (lives.length === 0)
    return `${formatAddress(address)} is no NET_BUFFER_LIST that is lent in this trace.\n`;
  const lines: string[] = [];
  for (const life of lives) {
    lines.push(`${lifeText(life)}, lent by ${nameOf(model, life.lender)}`);
    for (const stay of life.stays) {
      const isOver = stay === life.stays.at(-1) && life.untilEvent !== undefined;
      const length =
        isOver || stay.until === undefined ? '' : `, for ${durationText(stay.until - stay.from)}`;
      const functionName = model.calls.at(stay.event)?.functionName ?? 'return';
      lines.push(
        `    ${(stay.from / 1e6).toFixed(6)} ms  ${nameOf(model, stay.owner)}: ${stayText(stay)} by ${functionName} (#${stay.event})${length}`,
      );
    }
    if (life.untilEvent === undefined) lines.push('    It has not come back by the end of the trace.');
  }
  return `${lines.join('\n')}\n`;
}
