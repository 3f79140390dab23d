/**
 * Runs rules over the records of a trace in one pass, while it is recorded or afterwards: a {@link TraceListener}. A rule that throws is put
 * aside, with everything that rests on a fact that throws; the others go on.
 */
import type {
  CallRecord,
  EventId,
  FindingRecord,
  FrameFateRecord,
  FrameRecord,
  ReturnRecord,
  StateChangeRecord,
  TraceRecord,
  VirtualTime,
} from '../../trace/records';
import type { TraceListener } from '../../trace/traceReader';
import { isRuleId, ruleHeading, type RuleId, type RuleSeverity } from '../catalogue';
import type { CoreFacts } from '../facts/coreFacts';
import { ListLedger } from '../facts/listLedger';
import { MachineFacts } from '../facts/machineFacts';
import { ObjectFacts } from '../facts/objectFacts';
import { OpenCalls } from '../facts/openCalls';
import { Call } from './call';
import { fingerprintOf, type Finding } from './finding';
import { Dispatch, Participant } from './dispatch';
import { WireFrame } from './frame';
import { RecentMap } from './recentMap';
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
  private lastNote: { readonly event: EventId; readonly component: number } | undefined;
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
        this.fate(record, event, time);
        return;
      case 'state-change':
        this.stateChange(record, event, time);
        return;
      default:
        this.at(event, time);
        this.rare(record, event, time);
    }
  }

  private rare(
    record: Exclude<TraceRecord, { kind: 'call' | 'return' | 'frame' | 'frame-fate' | 'state-change' }>,
    event: EventId,
    time: VirtualTime,
  ): void {
    switch (record.kind) {
      case 'component':
        this.rules.component.deliver(record);
        this.facts.component.deliver(record);
        return;
      case 'connection':
        this.rules.connection.deliver(record);
        this.facts.connection.deliver(record);
        return;
      case 'state-object':
        this.rules.stateObject.deliverThree(record, event, time);
        this.facts.stateObject.deliverThree(record, event, time);
        return;
      case 'ownership':
        this.rules.ownership.deliverThree(record, event, time);
        this.facts.ownership.deliverThree(record, event, time);
        return;
      case 'relink':
        this.rules.relink.deliverThree(record, event, time);
        this.facts.relink.deliverThree(record, event, time);
        return;
      case 'counter':
        this.rules.counter.deliverThree(record, event, time);
        this.facts.counter.deliverThree(record, event, time);
        return;
      case 'note':
        this.lastNote = { event, component: record.component };
        this.rules.note.deliverThree(record, event, time);
        this.facts.note.deliverThree(record, event, time);
        return;
      case 'loss':
        this.historyComplete = false;
        this.start();
        return;
      case 'end':
        this.complete = true;
        return;
      case 'finding':
        this.passOn(record, event, time);
        return;
      case 'annotation':
        return;
    }
  }

  /** What whoever recorded has found: about the component of the note right before it, if there is one. */
  private passOn(record: FindingRecord, event: EventId, time: VirtualTime): void {
    const { rule, text: found, object } = record;
    if (!isRuleId(rule)) return;
    const note = this.lastNote?.event === event - 1 ? this.lastNote : undefined;
    const { title } = ruleHeading(rule);
    const finding: Finding = {
      rule,
      severity: record.severity === 'advice' ? 'info' : record.severity,
      time,
      events: note === undefined ? record.events : [...record.events, note.event],
      component: note?.component,
      connection: undefined,
      object,
      found,
      expected: title,
      fingerprint: fingerprintOf({ rule, driver: this.core.machine.name(note?.component), found }),
    };
    this.findings.push(finding);
    this.onFinding?.(finding);
  }

  /** No more records come: rules decide what was left open. */
  finish(): void {
    const end = { time: this.lastTime, complete: this.complete };
    this.rules.end.deliver(end);
    this.facts.end.deliver(end);
  }

  /** Frames whose fate is not known yet, and the last ones whose fate is: a duplicate's fate comes behind the first. */
  private frames = new RecentMap<EventId, WireFrame>(mostFrames);

  /** Takes a record of the kinds that make up a run; the same as `onRecord`, for those who have no record with a `kind` in hand. */
  call(record: Omit<CallRecord, 'kind'>, event: EventId, time: VirtualTime): void {
    this.at(event, time);
    const { functionName } = record;
    const call = new Call(event, time, record, this.core.calls.find(record.parent));
    this.rules.call.get(functionName)?.deliver(call);
    this.rules.anyCall.deliver(call);
    this.facts.call.get(functionName)?.deliver(call);
    this.facts.anyCall.deliver(call);
  }

  /** As `call`. */
  return(record: Omit<ReturnRecord, 'kind'>, event: EventId, time: VirtualTime): void {
    this.at(event, time);
    const call = this.core.calls.find(record.call);
    if (call === undefined) return;
    const { functionName } = call;
    call.end(event, time, record);
    this.rules.returned.get(functionName)?.deliver(call);
    this.rules.anyReturned.deliver(call);
    this.facts.returned.get(functionName)?.deliver(call);
    this.facts.anyReturned.deliver(call);
  }

  /** As `call`. */
  frame(record: Omit<FrameRecord, 'kind'>, event: EventId, time: VirtualTime): void {
    this.at(event, time);
    const frame = new WireFrame(event, time, record);
    this.frames.set(event, frame);
    this.rules.frame(frame);
    this.facts.frame(frame);
  }

  /** As `call`. */
  fate(record: FrameFateRecord, event: EventId, time: VirtualTime): void {
    this.at(event, time);
    const { rules, facts } = this;
    const frame = this.frames.get(record.frame);
    if (frame === undefined) {
      rules.strayFates.deliverThree(record, frame, time);
      facts.strayFates.deliverThree(record, frame, time);
      return;
    }
    rules.fate(record, frame, time);
    facts.fate(record, frame, time);
  }

  /** As `call`. */
  stateChange(record: Omit<StateChangeRecord, 'kind'>, event: EventId, time: VirtualTime): void {
    this.at(event, time);
    this.rules.stateChange.deliverThree(record, event, time);
    this.facts.stateChange.deliverThree(record, event, time);
  }

  private at(event: EventId, time: VirtualTime): void {
    this.core.now = time;
    this.core.event = event;
    this.lastTime = time;
  }

  /** Lets every rule begin; at the start of a trace, and behind a loss. */
  private start(): void {
    this.rules = new Dispatch();
    this.facts = new Dispatch();
    this.frames = new RecentMap(mostFrames);
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
      new FactsOf(core, <Fact extends Handlers>(definition: FactDefinition<Fact>): Fact => {
        let entry = known.get(definition);
        if (entry === undefined) {
          const owner = new Participant(undefined);
          // Facts that it builds on are made inside, and so take every record before it does.
          const fact = definition.start(factsFor(owner));
          (definition.isEarly === true ? this.rules : this.facts).add(owner, fact);
          known.set(definition, (entry = { fact, owner }));
        }
        entry.owner.dependents.push(dependent);
        return entry.fact as Fact;
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

/** Facts as one participant sees them. All of them have one layout, so that reading the present time costs no search. */
class FactsOf implements Facts {
  readonly historyComplete: boolean;
  readonly machine: MachineFacts;
  readonly calls: OpenCalls;
  readonly lists: ListLedger;
  readonly objects: ObjectFacts;

  constructor(
    private readonly core: CoreFacts,
    readonly of: Facts['of'],
  ) {
    this.historyComplete = core.historyComplete;
    this.machine = core.machine;
    this.calls = core.calls;
    this.lists = core.lists;
    this.objects = core.objects;
  }

  get now(): VirtualTime {
    return this.core.now;
  }

  get event(): EventId {
    return this.core.event;
  }
}

/** Frames that are remembered at least until their fate is told. */
const mostFrames = 32_768;

const severities: readonly RuleSeverity[] = ['error', 'warning', 'info'];

/** A rule may lower the gravity of a case, never raise it. */
function milder(general: RuleSeverity, asked: RuleSeverity | undefined): RuleSeverity {
  return asked !== undefined && severities.indexOf(asked) > severities.indexOf(general) ? asked : general;
}
