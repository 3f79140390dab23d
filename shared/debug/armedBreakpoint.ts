/** Breakpoints as they are set in a run: what they look at compiled, and how often they have been hit. */
import { compileExpression, type Predicate } from '../expression/compile';
import type { EventKind } from '../expression/fieldTypes';
import type { TraceRows } from '../expression/traceRows';
import type { EventId } from '../trace/records';
import type { RuleSeverity } from '../rules/catalogue';
import type { HitCount } from './breakpoints';
import {
  dependsOn,
  kindsOf,
  type CheckedBreakpoint,
  type LaterRecord,
  type NameTest,
} from './checkedBreakpoint';
import type { LiveRow, LiveRows } from './liveRows';
import { passesStatus } from './passedStatus';
import { isAsynchronousFunction, isPending } from './requests';

/** What all kinds have in common. */
interface Armed {
  readonly checked: CheckedBreakpoint;
  /** What it says of a row; undefined for those that stop. */
  readonly say: ((row: EventId) => string) | undefined;
  /** Hits so far, those included that its hit count lets pass. */
  hits: number;
}

/** Looks at events: at their record, and at those later ones that may change the answer. */
export interface ArmedRow extends Armed {
  readonly kind: 'row';
  readonly kinds: ReadonlySet<EventKind>;
  readonly later: ReadonlySet<LaterRecord>;
  readonly holds: Predicate<EventId>;
}

/** Looks at changes of one state variable. */
export interface ArmedField extends Armed {
  readonly kind: 'field';
  /** Whether a change is one that it looks at: of its object, and of a variable that its condition asks for. */
  readonly concerns: (object: number, change: EventId) => boolean;
  readonly holds: Predicate<EventId>;
  readonly besides: Predicate<EventId>;
  /** Whether its condition held last, by object; undefined where every change counts. */
  readonly held: Set<number> | undefined;
}

/** Looks at requests that wait. */
export interface ArmedAge extends Armed {
  readonly kind: 'age';
  readonly nanoseconds: number;
  readonly handler: NameTest | undefined;
  readonly besides: Predicate<EventId>;
  readonly waiting: WaitingRequests;
}

/** Looks at broken rules. */
export interface ArmedFinding extends Armed {
  readonly kind: 'finding';
  readonly least: RuleSeverity;
  readonly rule: string | undefined;
  readonly besides: Predicate<EventId>;
}

/** See the file's head. */
export type ArmedBreakpoint = ArmedRow | ArmedField | ArmedAge | ArmedFinding;

/** Requests in the order in which they were made, which is the order in which they become too old: all may wait equally long. */
export class WaitingRequests {
  private readonly events: EventId[] = [];
  private first = 0;

  add(event: EventId): void {
    this.events.push(event);
  }

  /** The one that has been waiting for longest; undefined if there is none. */
  get oldest(): EventId | undefined {
    return this.events[this.first];
  }

  /** Takes the oldest away. */
  shift(): void {
    this.first++;
    if (this.first < 1024 || this.first * 2 < this.events.length) return;
    this.events.splice(0, this.first);
    this.first = 0;
  }
}

const always = (): boolean => true;

/** Sets a breakpoint in a run. What is true already when it is set is no hit of it. */
export function armBreakpoint(checked: CheckedBreakpoint, rows: TraceRows, live: LiveRows): ArmedBreakpoint {
  const { trigger, condition, log } = checked;
  const besides = condition === undefined ? always : compileExpression(condition, rows);
  const common = { checked, say: log?.compile(rows), hits: 0 };
  switch (trigger.kind) {
    case 'row': {
      const tests: Predicate<EventId>[] = [];
      const { handler, status, expression } = trigger;
      if (handler !== undefined)
        tests.push((row) => {
          const call = live.calls.at(row);
          return call !== undefined && handler(call.functionName);
        });
      if (status !== undefined) tests.push((row) => hasStatus(live, row, status));
      if (expression !== undefined) tests.push(compileExpression(expression, rows));
      if (condition !== undefined) tests.push(besides);
      const references = [...(expression?.references ?? []), ...(condition?.references ?? [])];
      const later = (['return', 'completion', 'fate'] as const).filter(
        (record) => dependsOn(references, record) || (record === 'return' && status !== undefined),
      );
      const armed: ArmedRow = {
        ...common,
        kind: 'row',
        kinds: kindsOf(trigger.kinds, condition),
        later: new Set(later),
        holds: tests.length === 1 ? tests[0]! : (row) => tests.every((test) => test(row)),
      };
      for (const row of live.expected)
        if (looksAt(armed, row) && armed.holds(row.event)) noteFound(row, armed);
      return armed;
    }
    case 'field': {
      const { variable, object } = trigger;
      const references = [{ variable }, ...(trigger.condition?.references ?? [])];
      const asked = new Set(
        references.flatMap((reference) =>
          'variable' in reference && reference.variable.layer === variable.layer
            ? [reference.variable.index]
            : [],
        ),
      );
      const concerns = (changed: number, event: EventId): boolean => {
        if (object !== undefined && object !== changed) return false;
        if (live.stateObjects[changed]?.layer !== variable.layer) return false;
        const record = live.record(event);
        if (record.kind !== 'state-change') return false;
        return trigger.condition === undefined
          ? record.changes.some((change) => change.variable === variable.index)
          : record.changes.some((change) => asked.has(change.variable));
      };
      const armed: ArmedField = {
        ...common,
        kind: 'field',
        concerns,
        besides,
        holds: trigger.condition === undefined ? always : compileExpression(trigger.condition, rows),
        held: trigger.condition === undefined ? undefined : new Set(),
      };
      live.replayLastChanges((event, changed) => {
        if (armed.held !== undefined && layerFits(live, changed, variable.layer) && armed.holds(event))
          armed.held.add(changed);
      });
      return armed;
    }
    case 'age': {
      const { nanoseconds, handler } = trigger;
      const armed: ArmedAge = {
        ...common,
        kind: 'age',
        nanoseconds,
        handler,
        besides,
        waiting: new WaitingRequests(),
      };
      for (const { event, time, call } of live.expected)
        if (call !== undefined && waitsFor(armed, call.functionName) && live.lastTime - time <= nanoseconds)
          if (isPending(call)) armed.waiting.add(event);
      return armed;
    }
    case 'finding':
      return { ...common, kind: 'finding', least: trigger.least, rule: trigger.rule, besides };
  }
}

function layerFits(live: LiveRows, object: number, layer: string): boolean {
  return live.stateObjects[object]?.layer === layer;
}

/** Whether a breakpoint looks at a kind of row at all. */
function looksAt({ kinds }: ArmedRow, row: LiveRow): boolean {
  return kinds.has(row.call === undefined ? 'frame' : 'call');
}

/** Notes that a breakpoint has been hit for a row, which it is once. */
export function noteFound(row: LiveRow, armed: ArmedBreakpoint): void {
  (row.found ??= new Set()).add(armed);
}

/** Whether a breakpoint waits for requests of a function. */
export function waitsFor({ handler }: ArmedAge, functionName: string): boolean {
  return isAsynchronousFunction(functionName) && (handler === undefined || handler(functionName));
}

/** Whether a hit is one that counts. */
export function countsAsHit(hitCount: HitCount | undefined, hits: number): boolean {
  if (hitCount === undefined) return true;
  const { operator, count } = hitCount;
  switch (operator) {
    case '==':
      return hits === count;
    case '>=':
      return hits >= count;
    case '%':
      return hits % count === 0;
  }
}

function hasStatus(live: LiveRows, row: EventId, status: number): boolean {
  const call = live.calls.at(row);
  if (call === undefined) return false;
  if (call.status !== undefined && call.status >>> 0 === status) return true;
  const record = live.record(row);
  return record.kind === 'call' && passesStatus(record, status);
}
