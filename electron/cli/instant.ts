/** The instant of a trace that a verb looks at: a virtual time, an event, or the end. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { lastEventAt } from '../../shared/analysis/pendingAt';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { EventId } from '../../shared/trace/records';
import { parseTime } from './hostCommands';

/** What {@link addInstantOptions} leaves. */
export interface InstantOptions {
  /** ns. */
  readonly at?: number;
  readonly event?: EventId;
}

/** Reads the id of an event. */
export function parseEvent(text: string): EventId {
  const event = Number(text);
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('The id of an event: a number from 0.');
  return event;
}

/** Adds `--at` and `--event`, one of which may be given. */
export function addInstantOptions(command: Command): Command {
  return command
    .option('--at <time>', 'at this virtual time, such as 12.5ms (the end)', parseTime)
    .addOption(new Option('--event <id>', 'right after this event').argParser(parseEvent).conflicts('at'));
}

/** The event right after which is looked; the error says what the trace has. */
export function instantOf(model: TraceModel, path: string, options: InstantOptions): Result<EventId, string> {
  const length = model.store?.length ?? 0;
  if (length === 0) return fail(`${path}: there are no events in it.`);
  const { event, at } = options;
  if (event !== undefined)
    return event < length ? succeed(event) : fail(`${path} has the events 0 to ${length - 1}.`);
  return succeed(at === undefined ? length - 1 : lastEventAt(model, at));
}
