/** `chimneysweep step`: where a step of the debugger arrives in a trace. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { stepKinds, type Step, type StepKind } from '../../shared/debug/step';
import { stepTarget } from '../../shared/debug/stepTarget';
import { eventLine, summaryOf } from '../../shared/expression/eventText';
import type { EventId } from '../../shared/trace/records';
import { complain } from './complain';
import { parseEvent } from './instant';
import { openTrace } from './openTrace';

interface StepOptions {
  readonly from: EventId;
  readonly kind: Exclude<StepKind, 'cursor'>;
  readonly back?: boolean;
  readonly times: number;
  readonly json?: boolean;
}

const kinds = stepKinds.filter((kind) => kind !== 'cursor');

function parseTimes(text: string): number {
  const times = Number(text);
  if (!/^\d{1,6}$/.test(text) || times < 1) throw new InvalidArgumentError('A number of steps from 1.');
  return times;
}

/** Adds the verb to the program. */
export function addStepCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('step')
    .description('Tell where a step of the debugger arrives in a trace, forward or back.')
    .argument('<trace>', 'a .sweep file')
    .requiredOption('--from <id>', 'the event at which the cursor stands', parseEvent)
    .addOption(
      new Option('--kind <kind>', 'which step: docs/debugging.md has them all')
        .choices(kinds)
        .default('into'),
    )
    .option('--back', 'back in time instead of forward')
    .option('--times <number>', 'so many steps, one after another', parseTimes, 1)
    .option('--json', 'print JSON; all times in ns')
    .action((trace: string, options: StepOptions) => {
      exitWith(step(trace, options));
    });
}

/** Exit codes: 0 it arrives, 1 there is nothing where it could, or the trace has a flaw, 2 it could not be done. */
function step(path: string, { from, kind, back, times, json }: StepOptions): number {
  const opened = openTrace(path);
  if (!opened.ok) return complain(opened.error);
  const { model, flaw } = opened.value;
  const length = model.store?.length ?? 0;
  if (from >= length)
    return complain(
      length === 0 ? `${path}: there are no events in it.` : `${path} has the events 0 to ${length - 1}.`,
    );
  const wish: Step = { kind, direction: back === true ? 'backward' : 'forward' };
  const passed: EventId[] = [];
  for (let cursor = from; passed.length < times;) {
    const next = stepTarget(model, cursor, wish);
    if (next === undefined) break;
    passed.push(next);
    cursor = next;
  }
  const told = passed.map((event) => toldEvent(model, event));
  if (json === true) process.stdout.write(`${JSON.stringify({ from, steps: told }, null, 2)}\n`);
  else {
    for (const { event, time, what } of told)
      process.stdout.write(`${(time / 1e6).toFixed(6).padStart(14)} ms  #${event}  ${what}\n`);
    if (passed.length < times)
      process.stdout.write(
        `Nothing further ${back === true ? 'before' : 'behind'} event ${passed.at(-1) ?? from}.\n`,
      );
  }
  if (flaw !== undefined) complain(flaw);
  return passed.length === times && flaw === undefined ? 0 : 1;
}

function toldEvent(
  model: TraceModel,
  event: EventId,
): { readonly event: EventId; readonly time: number; readonly what: string } {
  const store = model.store!;
  const record = store.record(event);
  const call = record.kind === 'return' ? model.calls.at(record.call) : undefined;
  const line = eventLine(model, store, call?.event ?? event);
  const summary = line === undefined ? record.kind : summaryOf(line);
  return {
    event,
    time: store.time(event),
    what: call === undefined ? summary : `return of #${call.event} ${summary}`,
  };
}
