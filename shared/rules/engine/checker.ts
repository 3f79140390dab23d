/**
 * Runs rules over the records of a trace in one pass, while it is recorded or afterwards: a {@link TraceListener}. A rule that throws is put
 * aside, with everything that rests on a fact that throws; the others go on.
 */
import type {
  CallRecord,
  EventId,
  FrameRecord,
  ReturnRecord,
  TraceRecord,
  VirtualTime,
} from '../../trace/records';
import type { TraceListener } from '../../trace/traceReader';
import { ruleHeading, type RuleId, type RuleSeverity } from '../catalogue';
import type { CoreFacts } from '../facts/coreFacts';
import { ListLedger } from '../facts/listLedger';
import { MachineFacts } from '../facts/machineFacts';
import { ObjectFacts } from '../facts/objectFacts';
import { OpenCalls } from '../facts/openCalls';
import { Call } from './call';
import { fingerprintOf, type Finding } from './finding';
import { WireFrame } from './frame';
import type { Breach, FactDefinition, Facts, Handlers, Rule } from './rule';

/** Findings of one rule that are kept; further ones are counted. */
export const mostFindingsOfARule = 1000;

/** What a rule has had to do. */
export interface RuleCoverage {
  readonly rule: RuleId;
  /** Cases that it decided: 0 means that the trace had nothing for it to look at. */
  readonly looks: number;
  /** Cases that broke it, kept or not. */
  readonly breaches: number;
  /** Why it was put aside; undefined while it works. */
  readonly failure: string | undefined;
}

/** A rule or a fact that takes part. */
class Participant {
  looks = 0;
  breaches = 0;
  failure: string | undefined;
  /** What rests on this fact. */
  readonly dependents: Participant[] = [];

  constructor(readonly rule: Rule | undefined) {}

  fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error instanceof Error ? error.message : String(error);
    for (const dependent of this.dependents) dependent.fail(error);
  }
}

/** Handlers of one kind of record, with whose they are. */
type Sink<Arguments extends readonly unknown[]> = {
  readonly owner: Participant;
  readonly take: (...values: Arguments) => void;
}[];

type PlainHandler = Exclude<keyof Handlers, 'call' | 'returned'>;
/** Handlers that take one thing, and those that take three. */
type OneHandler = 'component' | 'connection' | 'end';
type ThreeHandler = 'fate' | 'stateObject' | 'stateChange' | 'ownership' | 'relink' | 'counter' | 'note';
type ArgumentsOf<Name extends PlainHandler> = Parameters<NonNullable<Handlers[Name]>>;

/** All handlers, rules before facts. */
class Dispatch {
  readonly call = new Map<string, Sink<[Call]>>();
  readonly returned = new Map<string, Sink<[Call]>>();
  private readonly plain = new Map<PlainHandler, Sink<never[]>>();

  add(owner: Participant, handlers: Handlers): void {
    for (const part of ['call', 'returned'] as const)
      for (const [name, take] of Object.entries(handlers[part] ?? {})) {
        const sinks = this[part].get(name);
        if (sinks === undefined) this[part].set(name, [{ owner, take }]);
        else sinks.push({ owner, take });
      }
    for (const name of plainHandlers) {
      const take = handlers[name] as ((...values: never[]) => void) | undefined;
      // A fact's handler may be a method that needs its owner.
      if (take !== undefined) this.plainSink(name).push({ owner, take: take.bind(handlers) });
    }
  }

  sink<Name extends PlainHandler>(name: Name): Sink<ArgumentsOf<Name>> {
    return this.plainSink(name) as unknown as Sink<ArgumentsOf<Name>>;
  }

  private plainSink(name: PlainHandler): Sink<never[]> {
    let sink = this.plain.get(name);
    if (sink === undefined) this.plain.set(name, (sink = []));
    return sink;
  }
}

const plainHandlers = [
  'anyCall',
  'anyReturned',
  'frame',
  'fate',
  'component',
  'connection',
  'stateObject',
  'stateChange',
  'ownership',
  'relink',
  'counter',
  'note',
  'end',
] as const satisfies readonly PlainHandler[];

/** Hands one thing to everybody who wants it. There is one of these for each number of things: a list of them costs time at every record. */
function deliver<First>(sink: Sink<[First]> | undefined, first: First): void {
  if (sink === undefined) return;
  for (const { owner, take } of sink) {
    if (owner.failure !== undefined) continue;
    try {
      take(first);
    } catch (error) {
      owner.fail(error);
    }
  }
}

function deliverThree<First, Second, Third>(
  sink: Sink<[First, Second, Third]>,
  first: First,
  second: Second,
  third: Third,
): void {
  for (const { owner, take } of sink) {
    if (owner.failure !== undefined) continue;
    try {
      take(first, second, third);
    } catch (error) {
      owner.fail(error);
    }
  }
}

/** See the file's head. */
export class RuleChecker implements TraceListener {
  /** What has been found so far, in order of time. */
  readonly findings: Finding[] = [];
  /** Called for each finding as it is made. */
  onFinding: ((finding: Finding) => void) | undefined;
  private readonly participants: readonly Participant[];
  private core!: CoreFacts & { now: VirtualTime; event: EventId };
  private rules!: Dispatch;
  private facts!: Dispatch;
  private coreOwner!: Participant;
  private historyComplete = true;
  private complete = false;
  private lastTime: VirtualTime = 0;

  /** @param rules those to check */
  constructor(rules: readonly Rule[]) {
    this.participants = rules.map((one) => new Participant(one));
    this.start();
  }

  /** What each rule has had to do. */
  coverage(): RuleCoverage[] {
    return this.participants.map(({ rule, looks, breaches, failure }) => ({
      rule: rule!.id,
      looks,
      breaches,
      failure,
    }));
  }

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    this.core.now = time;
    this.core.event = event;
    this.lastTime = time;
    switch (record.kind) {
      case 'call':
        this.call(record, event, time);
        return;
      case 'return':
        this.return(record, event, time);
        return;
      case 'frame':
        this.frame(record, event, time);
        return;
      case 'frame-fate':
        this.three('fate', record, this.frames.get(record.frame), time);
        return;
      case 'component':
        this.one('component', record);
        return;
      case 'connection':
        this.one('connection', record);
        return;
      case 'state-object':
        this.three('stateObject', record, event, time);
        return;
      case 'state-change':
        this.three('stateChange', record, event, time);
        return;
      case 'ownership':
        this.three('ownership', record, event, time);
        return;
      case 'relink':
        this.three('relink', record, event, time);
        return;
      case 'counter':
        this.three('counter', record, event, time);
        return;
      case 'note':
        this.three('note', record, event, time);
        return;
      case 'loss':
        this.historyComplete = false;
        this.start();
        return;
      case 'end':
        this.complete = true;
        return;
      case 'finding':
      case 'annotation':
        return;
    }
  }

  /** No more records come: rules decide what was left open. */
  finish(): void {
    this.one('end', { time: this.lastTime, complete: this.complete });
  }

  /** Frames whose fate is not known yet, and the last ones whose fate is: a duplicate's fate comes behind the first. */
  private frames = new Map<EventId, WireFrame>();

  private call(record: CallRecord, event: EventId, time: VirtualTime): void {
    const call = new Call(event, time, record, this.core.calls.find(record.parent));
    deliver(this.rules.call.get(record.functionName), call);
    deliver(this.rules.sink('anyCall'), call);
    deliver(this.facts.call.get(record.functionName), call);
    deliver(this.facts.sink('anyCall'), call);
  }

  private return(record: ReturnRecord, event: EventId, time: VirtualTime): void {
    const call = this.core.calls.find(record.call);
    if (call === undefined) return;
    call.end(event, time, record);
    deliver(this.rules.returned.get(call.functionName), call);
    deliver(this.rules.sink('anyReturned'), call);
    deliver(this.facts.returned.get(call.functionName), call);
    deliver(this.facts.sink('anyReturned'), call);
  }

  private frame(record: FrameRecord, event: EventId, time: VirtualTime): void {
    const frame = new WireFrame(event, time, record);
    this.frames.set(event, frame);
    if (this.frames.size > mostFrames) this.frames.delete(this.frames.keys().next().value!);
    deliver(this.rules.sink('frame'), frame);
    deliver(this.facts.sink('frame'), frame);
  }

  private one<Name extends OneHandler>(name: Name, first: ArgumentsOf<Name>[0]): void {
    deliver(this.rules.sink(name) as Sink<[typeof first]>, first);
    deliver(this.facts.sink(name) as Sink<[typeof first]>, first);
  }

  private three<Name extends ThreeHandler>(
    name: Name,
    first: ArgumentsOf<Name>[0],
    second: ArgumentsOf<Name>[1],
    third: ArgumentsOf<Name>[2],
  ): void {
    type All = Sink<[typeof first, typeof second, typeof third]>;
    deliverThree(this.rules.sink(name) as unknown as All, first, second, third);
    deliverThree(this.facts.sink(name) as unknown as All, first, second, third);
  }

  /** Lets every rule begin; at the start of a trace, and behind a loss. */
  private start(): void {
    this.rules = new Dispatch();
    this.facts = new Dispatch();
    this.frames = new Map();
    const machine = new MachineFacts();
    const calls = new OpenCalls();
    const lists = new ListLedger();
    const objects = new ObjectFacts();
    const core = { now: 0, event: 0, historyComplete: this.historyComplete, machine, calls, lists, objects };
    this.core = core;
    this.coreOwner = new Participant(undefined);
    for (const fact of [machine, calls, lists, objects]) this.facts.add(this.coreOwner, fact);
    const known = new Map<object, { readonly fact: Handlers; readonly owner: Participant }>();
    const factsFor = (dependent: Participant): Facts =>
      Object.assign(Object.create(core) as CoreFacts, {
        of: <Fact extends Handlers>(definition: FactDefinition<Fact>): Fact => {
          let entry = known.get(definition);
          if (entry === undefined) {
            const owner = new Participant(undefined);
            // Facts that it builds on are made inside, and so take every record before it does.
            const fact = definition.start(factsFor(owner));
            this.facts.add(owner, fact);
            known.set(definition, (entry = { fact, owner }));
          }
          entry.owner.dependents.push(dependent);
          return entry.fact as Fact;
        },
      });
    for (const participant of this.participants) {
      if (participant.failure !== undefined) continue;
      this.coreOwner.dependents.push(participant);
      try {
        const handlers = participant.rule!.start({
          facts: factsFor(participant),
          expect: (holds, breach) => {
            participant.looks++;
            if (!holds) this.report(participant, breach());
          },
        });
        this.rules.add(participant, handlers);
      } catch (error) {
        participant.fail(error);
      }
    }
  }

  private report(participant: Participant, breach: Breach): void {
    if (participant.breaches++ >= mostFindingsOfARule) return;
    const { id } = participant.rule!;
    const { machine, objects, now } = this.core;
    const { found, expected, component, connection } = breach;
    const finding: Finding = {
      rule: id,
      severity: milder(ruleHeading(id).severity, breach.severity),
      time: now,
      events: breach.events.filter((event) => event !== undefined),
      component,
      connection,
      object: breach.object ?? objects.tcpOf(connection),
      found,
      expected,
      fingerprint: fingerprintOf({ rule: id, driver: machine.name(component), found }),
    };
    this.findings.push(finding);
    this.onFinding?.(finding);
  }
}

/** Frames that are remembered until their fate is told. */
const mostFrames = 65_536;

const severities: readonly RuleSeverity[] = ['error', 'warning', 'info'];

/** A rule may lower the gravity of a case, never raise it. */
function milder(general: RuleSeverity, asked: RuleSeverity | undefined): RuleSeverity {
  return asked !== undefined && severities.indexOf(asked) > severities.indexOf(general) ? asked : general;
}
