/**
 * Where two runs part: calls and frames are put beside each other by components, connection, function and ordinal, whatever their ids and
 * addresses are, and the first difference comes first.
 */
import { statusName } from '../ddi/status';
import type { EventId, VirtualTime } from '../trace/records';
import type { TraceStore } from '../trace/traceStore';
import { argumentsDifference, type ValueDifference } from './recordDifference';
import type { TraceAnalysis } from './traceAnalysis';

/** A trace that has been read with all analyses listening. */
export interface ComparedTrace {
  readonly store: TraceStore;
  readonly analysis: TraceAnalysis;
}

/** What two calls or frames have in common that makes them comparable. */
export interface ComparedLane {
  readonly kind: 'calls' | 'frames' | 'records';
  /** Function name; for frames, who made them; for other records, their kind. */
  readonly name: string;
  /** Names of the components; for frames and notes that of the sender or teller, for state that of the object, twice. */
  readonly caller: string;
  readonly callee: string;
  /** Both ends of the connection; undefined where none is meant. */
  readonly connection: string | undefined;
}

/** A record in one of the traces. */
export interface DifferencePlace {
  readonly event: EventId;
  readonly time: VirtualTime;
}

/** How a call or frame differs from its counterpart. */
export type DifferenceMatter =
  /** One trace has it, the other does not. */
  | { readonly kind: 'missing' }
  | ({ readonly kind: 'argument' | 'output' | 'frame' | 'record' } & ValueDifference)
  /** Returned status, or that only one has returned. */
  | { readonly kind: 'status'; readonly left: string; readonly right: string }
  /** Only one of them has been completed. */
  | { readonly kind: 'completion'; readonly left: string; readonly right: string }
  /** All else is equal. ns. */
  | { readonly kind: 'start' | 'duration'; readonly left: number; readonly right: number };

/** A difference. */
export interface Difference {
  readonly lane: ComparedLane;
  /** Position among those of its lane, from 0. */
  readonly ordinal: number;
  /** Undefined on the side on which it is missing. */
  readonly left: DifferencePlace | undefined;
  readonly right: DifferencePlace | undefined;
  readonly matter: DifferenceMatter;
}

/** What differs in one lane. */
export interface LaneDifference {
  readonly lane: ComparedLane;
  readonly leftCount: number;
  readonly rightCount: number;
  /** Pairs that differ in more than time. */
  readonly differing: number;
  /** The first difference of any kind, and the first in more than time. */
  readonly first: Difference;
  readonly firstInSubstance: Difference | undefined;
}

/** Names in only one of the traces. */
export interface OneSided {
  readonly what: 'component' | 'connection';
  readonly name: string;
  readonly side: 'left' | 'right';
}

/** Something in the headers that differs. */
export interface HeaderDifference {
  readonly name: string;
  readonly left: string;
  readonly right: string;
}

/** Everything that differs. */
export interface TraceDifference {
  readonly header: readonly HeaderDifference[];
  readonly oneSided: readonly OneSided[];
  /** The first difference of any kind; undefined if there is none. */
  readonly first: Difference | undefined;
  /** The first one in what was done, not merely when. */
  readonly firstInSubstance: Difference | undefined;
  /** By the time of each lane's first difference. */
  readonly lanes: readonly LaneDifference[];
}

/** Names that are unique in a trace: the second component of a name is `name #2`. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} #${times}`;
  });
}

interface NamedTrace extends ComparedTrace {
  readonly components: readonly string[];
  readonly connections: readonly string[];
}

function named(trace: ComparedTrace): NamedTrace {
  const { store } = trace;
  return {
    ...trace,
    components: uniqueNames(store.components.map(({ role, name }) => `${name} (${role})`)),
    connections: uniqueNames(store.connections.map(({ local, remote }) => `${local} to ${remote}`)),
  };
}

interface LanePair {
  readonly lane: ComparedLane;
  readonly left: number[];
  readonly right: number[];
}

/** Collects the positions of both traces' calls and frames by lane. */
class Lanes {
  readonly pairs: LanePair[] = [];
  private readonly byKey = new Map<string, LanePair>();

  add(trace: NamedTrace, side: 'left' | 'right'): void {
    const { calls, frames } = trace.analysis;
    const known = new Map<number, Map<number, number[]>>();
    for (let call = 0; call < calls.length; call++) {
      const handler = calls.handler(call);
      const connection = calls.connection(call);
      const list = remembered(known, handler.index, connection ?? -1, () =>
        this.listOf(side, {
          kind: 'calls',
          name: handler.functionName,
          caller: trace.components[handler.caller] ?? `component ${handler.caller}`,
          callee: trace.components[handler.callee] ?? `component ${handler.callee}`,
          connection: connection === undefined ? undefined : trace.connections[connection],
        }),
      );
      list.push(call);
    }
    const knownFrames = new Map<number, Map<number, number[]>>();
    for (let frame = 0; frame < frames.length; frame++) {
      const sender = frames.sender(frame);
      const connection = frames.connection(frame);
      const path = frames.path(frame);
      const key = sender * 4 + (path === 'host' ? 0 : path === 'chimney' ? 1 : 2);
      const list = remembered(knownFrames, key, connection ?? -1, () => {
        const name = trace.components[sender] ?? `component ${sender}`;
        return this.listOf(side, {
          kind: 'frames',
          name: path,
          caller: name,
          callee: name,
          connection: connection === undefined ? undefined : trace.connections[connection],
        });
      });
      list.push(frame);
    }
  }

  /** Notes, findings, counters and changes of state, ownership and links, by event. */
  addRecords({ store, components, connections }: NamedTrace, side: 'left' | 'right'): void {
    for (let event = 0; event < store.length; event++) {
      const kind = store.kind(event);
      if (kind === 'call' || kind === 'return' || kind === 'frame' || kind === 'frame-fate') continue;
      const record = store.record(event);
      let whose: string | undefined;
      let connection: number | undefined;
      switch (record.kind) {
        case 'note':
          whose = components[record.component];
          ({ connection } = record);
          break;
        case 'counter':
          whose = `${components[record.component] ?? ''}, ${record.name}`;
          break;
        case 'state-change':
        case 'ownership':
        case 'relink':
          whose = store.stateObjects[record.object]?.label;
          break;
        case 'finding':
          whose = record.rule;
          break;
        default:
      }
      if (whose === undefined) continue;
      this.listOf(side, {
        kind: 'records',
        name: kind,
        caller: whose,
        callee: whose,
        connection: connection === undefined ? undefined : connections[connection],
      }).push(event);
    }
  }

  private listOf(side: 'left' | 'right', lane: ComparedLane): number[] {
    const key = JSON.stringify([lane.kind, lane.name, lane.caller, lane.callee, lane.connection ?? null]);
    let pair = this.byKey.get(key);
    if (pair === undefined) {
      pair = { lane, left: [], right: [] };
      this.byKey.set(key, pair);
      this.pairs.push(pair);
    }
    return pair[side];
  }
}

function remembered(
  known: Map<number, Map<number, number[]>>,
  first: number,
  second: number,
  make: () => number[],
): number[] {
  let inner = known.get(first);
  if (inner === undefined) known.set(first, (inner = new Map<number, number[]>()));
  let list = inner.get(second);
  if (list === undefined) inner.set(second, (list = make()));
  return list;
}

function statusText(trace: ComparedTrace, call: number): string {
  const { calls } = trace.analysis;
  if (calls.end(call) === undefined) return 'not returned';
  const status = calls.status(call);
  return status === undefined ? 'VOID' : statusName(status);
}

function compareCalls(
  left: ComparedTrace,
  leftCall: number,
  right: ComparedTrace,
  rightCall: number,
): DifferenceMatter | undefined {
  const one = left.analysis.calls;
  const other = right.analysis.calls;
  const entered = left.store.record(one.event(leftCall));
  const otherEntered = right.store.record(other.event(rightCall));
  if (entered.kind === 'call' && otherEntered.kind === 'call') {
    const differs = argumentsDifference(left.store, entered.arguments, right.store, otherEntered.arguments);
    if (differs !== undefined) return { kind: 'argument', ...differs };
  }
  const status = statusText(left, leftCall);
  const otherStatus = statusText(right, rightCall);
  if (status !== otherStatus) return { kind: 'status', left: status, right: otherStatus };
  const returned = one.returnEvent(leftCall);
  const otherReturned = other.returnEvent(rightCall);
  if (returned !== undefined && otherReturned !== undefined) {
    const record = left.store.record(returned);
    const otherRecord = right.store.record(otherReturned);
    if (record.kind === 'return' && otherRecord.kind === 'return') {
      const differs = argumentsDifference(left.store, record.outputs, right.store, otherRecord.outputs);
      if (differs !== undefined) return { kind: 'output', ...differs };
    }
  }
  const word = (completion: number | undefined): string =>
    completion === undefined ? 'not completed' : 'completed';
  const completed = word(one.completion(leftCall));
  const otherCompleted = word(other.completion(rightCall));
  if (completed !== otherCompleted) return { kind: 'completion', left: completed, right: otherCompleted };
  const start = one.start(leftCall);
  const otherStart = other.start(rightCall);
  if (start !== otherStart) return { kind: 'start', left: start, right: otherStart };
  const duration = (one.end(leftCall) ?? start) - start;
  const otherDuration = (other.end(rightCall) ?? otherStart) - otherStart;
  if (duration !== otherDuration) return { kind: 'duration', left: duration, right: otherDuration };
  return undefined;
}

function compareFrames(
  left: ComparedTrace,
  leftFrame: number,
  right: ComparedTrace,
  rightFrame: number,
): DifferenceMatter | undefined {
  const one = left.analysis.frames;
  const other = right.analysis.frames;
  const tcp = one.tcp(leftFrame);
  const otherTcp = other.tcp(rightFrame);
  const values = [
    ['length', one.frameLength(leftFrame), other.frameLength(rightFrame)],
    ['payload', one.payloadLength(leftFrame), other.payloadLength(rightFrame)],
    ['sequence number', tcp?.sequence ?? 'none', otherTcp?.sequence ?? 'none'],
    ['acknowledgment number', tcp?.acknowledgment ?? 'none', otherTcp?.acknowledgment ?? 'none'],
    ['flags', tcp?.flags ?? 'none', otherTcp?.flags ?? 'none'],
    ['retransmission', String(one.isRetransmission(leftFrame)), String(other.isRetransmission(rightFrame))],
    ['lost', String(one.isLost(leftFrame)), String(other.isLost(rightFrame))],
  ] as const;
  for (const [name, value, otherValue] of values)
    if (value !== otherValue) return { kind: 'frame', name, left: String(value), right: String(otherValue) };
  const record = left.store.record(one.event(leftFrame));
  const otherRecord = right.store.record(other.event(rightFrame));
  if (record.kind === 'frame' && otherRecord.kind === 'frame') {
    const { bytes } = record;
    const { bytes: otherBytes } = otherRecord;
    for (let at = 0; at < Math.max(bytes.length, otherBytes.length); at++)
      if (bytes[at] !== otherBytes[at])
        return {
          kind: 'frame',
          name: `byte ${at}`,
          left: String(bytes[at] ?? 'none'),
          right: String(otherBytes[at] ?? 'none'),
        };
  }
  const sent = one.sent(leftFrame);
  const otherSent = other.sent(rightFrame);
  if (sent !== otherSent) return { kind: 'start', left: sent, right: otherSent };
  const taken = (one.delivered(leftFrame) ?? sent) - sent;
  const otherTaken = (other.delivered(rightFrame) ?? otherSent) - otherSent;
  return taken === otherTaken ? undefined : { kind: 'duration', left: taken, right: otherTaken };
}

function parentLabel(store: TraceStore, parent: number | undefined): string {
  return parent === undefined ? 'none' : (store.stateObjects[parent]?.label ?? 'unknown');
}

/** What a note or a change of state says, to be compared as text. */
function saidBy({ store }: ComparedTrace, event: EventId): ReadonlyMap<string, string> {
  const record = store.record(event);
  if (record.kind === 'note') return new Map([['text', record.text]]);
  if (record.kind === 'ownership') return new Map([['owner', record.owner]]);
  if (record.kind === 'counter') return new Map([['value', String(record.value)]]);
  if (record.kind === 'finding') return new Map([['text', record.text]]);
  if (record.kind === 'relink') return new Map([['parent', parentLabel(store, record.parent)]]);
  if (record.kind !== 'state-change') return new Map();
  return new Map(record.changes.map(({ variable, value }) => [`variable ${variable}`, String(value)]));
}

function compareRecords(
  left: ComparedTrace,
  leftEvent: EventId,
  right: ComparedTrace,
  rightEvent: EventId,
): DifferenceMatter | undefined {
  const one = saidBy(left, leftEvent);
  const other = saidBy(right, rightEvent);
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    const values = { left: one.get(name) ?? 'none', right: other.get(name) ?? 'none' };
    if (values.left !== values.right) return { kind: 'record', name, ...values };
  }
  const start = left.store.time(leftEvent);
  const otherStart = right.store.time(rightEvent);
  return start === otherStart ? undefined : { kind: 'start', left: start, right: otherStart };
}

const comparisons = { calls: compareCalls, frames: compareFrames, records: compareRecords } as const;

function isOfTime({ matter }: Difference): boolean {
  return matter.kind === 'start' || matter.kind === 'duration';
}

function placeOf(
  trace: ComparedTrace,
  kind: ComparedLane['kind'],
  at: number | undefined,
): DifferencePlace | undefined {
  if (at === undefined) return undefined;
  const { calls, frames } = trace.analysis;
  const event = kind === 'calls' ? calls.event(at) : kind === 'frames' ? frames.event(at) : at;
  return { event, time: trace.store.time(event) };
}

/** When a difference shows first, ns. */
function timeOf({ left, right }: Difference): VirtualTime {
  return Math.min(left?.time ?? Infinity, right?.time ?? Infinity);
}

/** Earlier differences first; at one time, by their records. */
function inOrder(one: Difference, other: Difference): number {
  const eventOf = ({ left, right }: Difference): number => left?.event ?? right?.event ?? 0;
  return timeOf(one) - timeOf(other) || eventOf(one) - eventOf(other);
}

function compareLane(left: ComparedTrace, right: ComparedTrace, pair: LanePair): LaneDifference | undefined {
  const { lane } = pair;
  const compare = comparisons[lane.kind];
  let first: Difference | undefined;
  let firstInSubstance: Difference | undefined;
  let differing = 0;
  for (let ordinal = 0; ordinal < Math.max(pair.left.length, pair.right.length); ordinal++) {
    const one = pair.left[ordinal];
    const other = pair.right[ordinal];
    const matter: DifferenceMatter | undefined =
      one === undefined || other === undefined ? { kind: 'missing' } : compare(left, one, right, other);
    if (matter === undefined) continue;
    const difference: Difference = {
      lane,
      ordinal,
      left: placeOf(left, lane.kind, one),
      right: placeOf(right, lane.kind, other),
      matter,
    };
    if (first === undefined || inOrder(difference, first) < 0) first = difference;
    if (isOfTime(difference)) continue;
    differing++;
    if (firstInSubstance === undefined || inOrder(difference, firstInSubstance) < 0)
      firstInSubstance = difference;
  }
  if (first === undefined) return undefined;
  const counts = { leftCount: pair.left.length, rightCount: pair.right.length };
  return { lane, ...counts, differing, first, firstInSubstance };
}

function compareHeaders(left: TraceStore, right: TraceStore): HeaderDifference[] {
  const entries = ({ header }: TraceStore): Map<string, string> =>
    new Map([
      ['scenario', header.scenario],
      ['seed', String(header.seed)],
      ['application', header.application],
      ['version', String(header.version)],
      ['snapLength', String(header.snapLength)],
      ...Object.entries(header.settings).map(([name, value]) => [`settings.${name}`, String(value)] as const),
    ]);
  const one = entries(left);
  const other = entries(right);
  const found: HeaderDifference[] = [];
  for (const name of new Set([...one.keys(), ...other.keys()])) {
    const values = { left: one.get(name) ?? 'none', right: other.get(name) ?? 'none' };
    if (values.left !== values.right) found.push({ name, ...values });
  }
  return found;
}

function oneSided(what: OneSided['what'], left: readonly string[], right: readonly string[]): OneSided[] {
  const ofLeft = new Set(left);
  const ofRight = new Set(right);
  return [
    ...left.filter((name) => !ofRight.has(name)).map((name) => ({ what, name, side: 'left' as const })),
    ...right.filter((name) => !ofLeft.has(name)).map((name) => ({ what, name, side: 'right' as const })),
  ];
}

/** Compares two traces that have been read. */
export function compareTraces(leftTrace: ComparedTrace, rightTrace: ComparedTrace): TraceDifference {
  const left = named(leftTrace);
  const right = named(rightTrace);
  const lanes = new Lanes();
  lanes.add(left, 'left');
  lanes.add(right, 'right');
  lanes.addRecords(left, 'left');
  lanes.addRecords(right, 'right');
  const differences = lanes.pairs
    .map((pair) => compareLane(left, right, pair))
    .filter((lane) => lane !== undefined)
    .sort((one, other) => inOrder(one.first, other.first));
  const inSubstance = differences
    .map(({ firstInSubstance }) => firstInSubstance)
    .filter((difference) => difference !== undefined)
    .sort(inOrder);
  return {
    header: compareHeaders(left.store, right.store),
    oneSided: [
      ...oneSided('component', left.components, right.components),
      ...oneSided('connection', left.connections, right.connections),
    ],
    first: differences[0]?.first,
    firstInSubstance: inSubstance[0],
    lanes: differences,
  };
}

/** Whether nothing differs but headers: components, connections, calls, frames, state and notes. */
export function isSameRun(difference: TraceDifference): boolean {
  return difference.first === undefined && difference.oneSided.length === 0;
}
