/**
 * Looks at a run record by record and says where it is to stop: at breakpoints, and where a step has arrived. It is the same for a run under
 * way (the gate behind the recorder feeds it) and for a file (a reader does), so that both stop at the same events. docs/debugging.md has what
 * each kind of breakpoint looks at, and when.
 */
import { TraceRows } from '../expression/traceRows';
import type { ExpressionVocabulary } from '../expression/valueNames';
import { ruleSeverities } from '../contract/runControl';
import type { Finding } from '../rules/engine/finding';
import type { EventId, TraceRecord, VirtualTime } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import {
  armBreakpoint,
  countsAsHit,
  noteFound,
  waitsFor,
  type ArmedAge,
  type ArmedBreakpoint,
  type ArmedField,
  type ArmedFinding,
  type ArmedRow,
} from './armedBreakpoint';
import type { Breakpoint } from './breakpoints';
import { checkBreakpoint, type BreakpointProblem } from './checkedBreakpoint';
import { LiveRows, type LiveRow } from './liveRows';
import { isPending } from './requests';
import { meetsCondition, type StopCondition, type StopSurroundings } from './stopCondition';

/** A breakpoint that is met. */
export interface BreakpointHit {
  /** Its id. */
  readonly breakpoint: string;
  /** The event for which it became true: not always that of the record in hand, which may be the return of the call that is meant. */
  readonly event: EventId;
}

/** What a log-point says. */
export interface BreakpointLog extends BreakpointHit {
  readonly record: EventId;
  readonly time: VirtualTime;
  readonly text: string;
}

/** A place at which a run is to stop. */
export interface WatchHit {
  /** The record behind which it stands: at this one it became known. */
  readonly record: EventId;
  readonly time: VirtualTime;
  /** Breakpoints that are met; empty where a step has arrived and nothing else. */
  readonly breakpoints: readonly BreakpointHit[];
  /** Whether the condition of the step under way is met. */
  readonly isStepDone: boolean;
}

/** The breakpoints to look at for each kind of record. */
interface Lists {
  readonly call: ArmedRow[];
  readonly return: ArmedRow[];
  readonly completion: ArmedRow[];
  readonly frame: ArmedRow[];
  readonly fate: ArmedRow[];
  readonly state: ArmedRow[];
  readonly ownership: ArmedRow[];
  readonly note: ArmedRow[];
  readonly fields: ArmedField[];
  readonly ages: ArmedAge[];
  readonly findings: ArmedFinding[];
}

function noLists(): Lists {
  return {
    call: [],
    return: [],
    completion: [],
    frame: [],
    fate: [],
    state: [],
    ownership: [],
    note: [],
    fields: [],
    ages: [],
    findings: [],
  };
}

/** See the file's head. */
export class StopWatch implements TraceListener {
  /** Where the run is to stop because of the record that came last; undefined where it is to go on. */
  hit: WatchHit | undefined;
  /** What log-points say of the record that came last. */
  logs: readonly BreakpointLog[] = [];
  private readonly live = new LiveRows();
  private readonly rows = new TraceRows(this.live, this.live, this.live.states);
  private armed: ArmedBreakpoint[] = [];
  private lists = noLists();
  private condition: StopCondition | undefined;
  private readonly newFindings: Finding[] = [];
  private found: BreakpointHit[] = [];
  private said: BreakpointLog[] = [];
  private readonly surroundings: StopSurroundings = {
    roleOf: (component) => this.live.components[component]?.role,
    processorOf: (event) => {
      const call = this.live.calls.at(event);
      return call?.returnEvent === undefined || call.returnEvent === this.live.length - 1
        ? call?.processor
        : undefined;
    },
  };

  /** @param vocabulary names that expressions may use besides; without it, those of the components that have been declared */
  constructor(private readonly vocabulary?: ExpressionVocabulary) {}

  /** Hits of a breakpoint so far, those included that its hit count lets pass; undefined for one that is not set, or disabled. */
  hitsOf(breakpoint: string): number | undefined {
    return this.armed.find(({ checked }) => checked.definition.id === breakpoint)?.hits;
  }

  /**
   * Sets these breakpoints and no others. One that was set before as it is now keeps its count of hits. What is true already is no hit.
   * @returns what is wrong; breakpoints of which something is are left out
   */
  setBreakpoints(breakpoints: readonly Breakpoint[]): readonly BreakpointProblem[] {
    const problems: BreakpointProblem[] = [];
    const vocabulary = this.vocabulary ?? {
      components: this.live.components.map(({ name }) => name),
      arguments: [],
    };
    const known = new Map(this.armed.map((armed) => [JSON.stringify(armed.checked.definition), armed]));
    this.armed = [];
    for (const breakpoint of breakpoints) {
      const before = known.get(JSON.stringify(breakpoint));
      if (before !== undefined) {
        this.armed.push(before);
        continue;
      }
      const checked = checkBreakpoint(breakpoint, vocabulary);
      if (!checked.ok) problems.push(...checked.error);
      else if (breakpoint.enabled) this.armed.push(armBreakpoint(checked.value, this.rows, this.live));
    }
    this.lists = noLists();
    for (const armed of this.armed) this.list(armed);
    return problems;
  }

  /** Sets the condition of the step under way, which is met once; undefined: no step is. A stop for another reason ends the step, too. */
  stopAt(condition: StopCondition | undefined): void {
    this.condition = condition;
  }

  /** A rule is broken: to be told before the record at which that was found, which is the next to come. */
  onFinding(finding: Finding): void {
    if (this.lists.findings.length > 0) this.newFindings.push(finding);
  }

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    const { lists, live } = this;
    this.hit = undefined;
    if (this.said.length > 0) this.logs = this.said = [];
    live.advance(time);
    for (const age of lists.ages) this.findAged(age, event, time);
    live.take(record, event, time);
    switch (record.kind) {
      case 'call':
        if (lists.call.length > 0) this.look(lists.call, event, live.touched);
        if (lists.completion.length > 0)
          for (const request of live.completed) this.look(lists.completion, request.event, request);
        for (const age of lists.ages) if (waitsFor(age, record.functionName)) age.waiting.add(event);
        break;
      case 'return':
        if (lists.return.length > 0 && live.touched !== undefined)
          this.look(lists.return, record.call, live.touched);
        break;
      case 'frame':
        if (lists.frame.length > 0) this.look(lists.frame, event, live.touched);
        break;
      case 'frame-fate':
        if (lists.fate.length > 0 && live.touched !== undefined)
          this.look(lists.fate, record.frame, live.touched);
        break;
      case 'state-change':
        if (lists.state.length > 0) this.look(lists.state, event, undefined);
        for (const field of lists.fields) this.lookAtField(field, record.object, event);
        break;
      case 'ownership':
        if (lists.ownership.length > 0) this.look(lists.ownership, event, undefined);
        break;
      case 'note':
        if (lists.note.length > 0) this.look(lists.note, event, undefined);
        break;
      default:
    }
    if (this.newFindings.length > 0) this.lookAtFindings(record, event);
    this.decide(record, event, time);
  }

  private decide(record: TraceRecord, event: EventId, time: VirtualTime): void {
    const { condition } = this;
    const isStepDone = condition !== undefined && meetsCondition(condition, record, event, this.surroundings);
    if (!isStepDone && this.found.length === 0) return;
    this.hit = { record: event, time, breakpoints: this.found, isStepDone };
    this.condition = undefined;
    if (this.found.length > 0) this.found = [];
  }

  private list(armed: ArmedBreakpoint): void {
    const { lists } = this;
    switch (armed.kind) {
      case 'field':
        lists.fields.push(armed);
        return;
      case 'age':
        lists.ages.push(armed);
        return;
      case 'finding':
        lists.findings.push(armed);
        return;
      case 'row': {
        const { kinds, later } = armed;
        for (const kind of kinds) lists[kind].push(armed);
        if (kinds.has('call') && later.has('return')) lists.return.push(armed);
        if (kinds.has('call') && later.has('completion')) lists.completion.push(armed);
        if (kinds.has('frame') && later.has('fate')) lists.fate.push(armed);
      }
    }
  }

  /** @param row what is remembered of the event; undefined for one of which nothing can become known later */
  private look(list: readonly ArmedRow[], event: EventId, row: LiveRow | undefined): void {
    for (const armed of list) {
      if (row?.found?.has(armed) === true || !armed.holds(event)) continue;
      if (row !== undefined) noteFound(row, armed);
      this.find(armed, event);
    }
  }

  private lookAtField(armed: ArmedField, object: number, event: EventId): void {
    const { held } = armed;
    if (!armed.concerns(object, event)) return;
    if (held !== undefined) {
      if (!armed.holds(event)) {
        held.delete(object);
        return;
      }
      if (held.has(object)) return;
      held.add(object);
    }
    if (armed.besides(event)) this.find(armed, event);
  }

  /** Looks for requests that have become too old before the record that comes, which may complete them. */
  private findAged(armed: ArmedAge, record: EventId, time: VirtualTime): void {
    const { waiting, nanoseconds } = armed;
    for (let event = waiting.oldest; event !== undefined; event = waiting.oldest) {
      const row = this.live.row(event);
      const waits = row?.call !== undefined && isPending(row.call);
      if (waits && time - row.time <= nanoseconds) return;
      waiting.shift();
      if (waits && armed.besides(event)) this.find(armed, event, record, time);
    }
  }

  private lookAtFindings(record: TraceRecord, event: EventId): void {
    const row = record.kind === 'return' ? record.call : record.kind === 'frame-fate' ? record.frame : event;
    for (const finding of this.newFindings) {
      const gravity = ruleSeverities.indexOf(finding.severity);
      for (const armed of this.lists.findings) {
        if (armed.rule !== undefined && armed.rule !== finding.rule) continue;
        if (gravity <= ruleSeverities.indexOf(armed.least) && armed.besides(row)) this.find(armed, row);
      }
    }
    this.newFindings.length = 0;
  }

  private find(
    armed: ArmedBreakpoint,
    event: EventId,
    record = this.live.length - 1,
    time = this.live.lastTime,
  ): void {
    armed.hits++;
    const { id, hitCount } = armed.checked.definition;
    if (!countsAsHit(hitCount, armed.hits)) return;
    if (armed.say === undefined) this.found.push({ breakpoint: id, event });
    else
      this.logs = this.said = [...this.said, { breakpoint: id, event, record, time, text: armed.say(event) }];
  }
}
