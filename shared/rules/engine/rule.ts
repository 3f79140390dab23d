/** What a rule is made of. A rule is a reducer: it starts with what it remembers, and its handlers see every record once, in order. */
import type { FunctionName } from '../../ddi/catalogue';
import type {
  ComponentRecord,
  ConnectionRecord,
  CounterRecord,
  EventId,
  FrameFateRecord,
  NoteRecord,
  OwnershipRecord,
  RelinkRecord,
  StateChangeRecord,
  StateObjectRecord,
  VirtualTime,
} from '../../trace/records';
import type { RuleId, RuleSeverity } from '../catalogue';
import type { CoreFacts } from '../facts/coreFacts';
import type { Call } from './call';
import type { WireFrame } from './frame';
import type { Gate } from './gate';

type ByFunction = { readonly [Name in FunctionName]?: (call: Call) => void };

/** Takes frames and what becomes of them; see {@link Handlers}. */
export interface FrameHandlers {
  /**
   * A frame leaves an interface. Most records of a run are frames and their fates: a rule that wants those of one side only takes one of the
   * next four instead, and nothing of the other side costs it anything. A rule with both gets a frame by `frame` first.
   */
  readonly frame?: (frame: WireFrame) => void;
  /** The same where the host stack made it: `path` is `host`. */
  readonly hostFrame?: (frame: WireFrame) => void;
  /** The same where a target made it: `path` is `chimney`. */
  readonly chimneyFrame?: (frame: WireFrame) => void;
  /** The same where it opens or ends a connection, which few do: a segment with SYN, FIN or RST. */
  readonly chimneyControl?: (frame: WireFrame) => void;
  /** The same where a remote host made it: `path` is `peer`. */
  readonly peerFrame?: (frame: WireFrame) => void;
  /** A frame reaches the other end, or doesn't. `frame` is undefined where the trace lacks it. */
  readonly fate?: (fate: FrameFateRecord, frame: WireFrame | undefined, time: VirtualTime) => void;
  /** The same for a frame that a remote host made: `path` is `peer`. */
  readonly peerFate?: (fate: FrameFateRecord, frame: WireFrame, time: VirtualTime) => void;
  /** The same for a segment with SYN, FIN or RST. */
  readonly peerControlFate?: (fate: FrameFateRecord, frame: WireFrame, time: VirtualTime) => void;
}

/** Handlers that have nothing to do but while their gate is open: an empty map of what is awaited keeps its own closed (`engine/gate.ts`). */
export interface GuardedHandlers extends Omit<FrameHandlers, 'chimneyControl' | 'peerControlFate'> {
  readonly gate: Gate;
}

/**
 * Takes what happens; every member is optional. Facts are as they were just before the record: what a call does to them shows after all
 * rules have seen it.
 */
export interface Handlers extends FrameHandlers {
  /** Entry of these functions. */
  readonly call?: ByFunction;
  /** Exit of these functions; `call.returned` is there. */
  readonly returned?: ByFunction;
  /** Entry and exit of every function. Costs time at each: prefer the two above. */
  readonly anyCall?: (call: Call) => void;
  readonly anyReturned?: (call: Call) => void;
  /** Handlers of frames and fates that cost nothing while nobody waits for anything: most of them, mostly. */
  readonly guarded?: readonly GuardedHandlers[];
  readonly component?: (component: ComponentRecord) => void;
  readonly connection?: (connection: ConnectionRecord) => void;
  readonly stateObject?: (object: StateObjectRecord, event: EventId, time: VirtualTime) => void;
  readonly stateChange?: (change: Omit<StateChangeRecord, 'kind'>, event: EventId, time: VirtualTime) => void;
  readonly ownership?: (ownership: Omit<OwnershipRecord, 'kind'>, event: EventId, time: VirtualTime) => void;
  readonly relink?: (relink: RelinkRecord, event: EventId, time: VirtualTime) => void;
  readonly counter?: (counter: CounterRecord, event: EventId, time: VirtualTime) => void;
  readonly note?: (note: NoteRecord, event: EventId, time: VirtualTime) => void;
  /** No more records come. `complete`: the run ended by itself; otherwise the recording was cut. */
  readonly end?: (end: { readonly time: VirtualTime; readonly complete: boolean }) => void;
}

/** What is known from the records so far, kept once for all rules. */
export interface FactDefinition<Fact extends Handlers> {
  /**
   * Whether it takes a record before the rules that ask for it do, while other facts are still as they were: what these rules would otherwise
   * each keep for themselves.
   */
  readonly isEarly?: boolean;
  /** Makes it; `facts` are those that it may build on, which are up to date when its own handlers run. */
  readonly start: (facts: Facts) => Fact;
}

/** Access to facts: the core ones by name, others by their definition. */
export interface Facts extends CoreFacts {
  /** The one instance of a fact in this checker; made at the first call, which must come from `start`. */
  of<Fact extends Handlers>(definition: FactDefinition<Fact>): Fact;
}

/** What a broken rule is told with. */
export interface Breach {
  /** The records that contradict each other, the one that breaks the rule last. One where the absence of another is the point. */
  readonly events: readonly (EventId | undefined)[];
  /** What happened: `MiniportTcpOffloadSend returned NDIS_STATUS_SUCCESS`. */
  readonly found: string;
  /** What the rule wants there: `NDIS_STATUS_PENDING`. */
  readonly expected: string;
  /** The driver at fault. */
  readonly component?: number | undefined;
  readonly connection?: number | undefined;
  /** State object that it is about; absent: the TCP object of the connection, if there is one. */
  readonly object?: number | undefined;
  /** Where the case is less grave than the rule in general. */
  readonly severity?: RuleSeverity;
}

/** What a rule is given when it starts. */
export interface RuleContext {
  readonly facts: Facts;
  /**
   * Decides one case: counts it as looked at, and makes a finding of it unless `holds`. `breach` is asked only then.
   */
  readonly expect: (holds: boolean, breach: () => Breach) => void;
}

/** A rule that the checker implements. */
export interface Rule {
  readonly id: RuleId;
  start(context: RuleContext): Handlers;
}

/** Declares a rule; `start` is called for every trace, and again behind a loss of records. */
export function rule(id: RuleId, start: (context: RuleContext) => Handlers): Rule {
  return { id, start };
}
