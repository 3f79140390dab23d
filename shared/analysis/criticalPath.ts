/**
 * Where the time of a send went: from the host stack's call through NDIS and the drivers to the wire, the peer and back, until the host
 * stack hears that its bytes have arrived. The segments follow each other without a gap, so that they add up to the whole exactly.
 */
import { fail, succeed, type Result } from '../base/result';
import type { ComponentRole, EventId, NetBufferListSnapshot, VirtualTime } from '../trace/records';
import type { TraceStore } from '../trace/traceStore';
import type { CallColumns } from './callColumns';
import {
  acknowledgmentOf,
  causeAmongFrames,
  firstAnswer,
  firstCarrier,
  firstHop,
  lastArrival,
  searchEnd,
  type DataRange,
} from './dataFrames';
import type { FrameColumns } from './frameColumns';
import { sequenceDistance } from './tcpSegment';

/**
 * Who had a request: a component by its role, or what it had to wait for. `earlier-data`: bytes in front of it. `window`: an
 * acknowledgment that let more be sent. `recovery`: the repetition of what was lost.
 */
export type PathHolder = ComponentRole | 'earlier-data' | 'window' | 'recovery';

/** A stay with one holder. */
export interface PathSegment {
  readonly holder: PathHolder;
  /** The component, where it is one. */
  readonly component: number | undefined;
  readonly from: VirtualTime;
  readonly until: VirtualTime;
  /** Record with which it ends. */
  readonly event: EventId;
}

/** The way of one send. */
export interface CriticalPath {
  /** `chimney`: NdisOffloadTcpSend; `host`: NdisSendNetBufferLists with a segment of the host's own TCP. */
  readonly path: 'chimney' | 'host';
  readonly connection: number;
  /** Call record with which it begins. */
  readonly request: EventId;
  /** Record with which it ends: entry of the handler in which the host stack learns it. */
  readonly completion: EventId;
  readonly from: VirtualTime;
  readonly until: VirtualTime;
  /** Bytes of data. */
  readonly bytes: number;
  readonly segments: readonly PathSegment[];
}

/** Why a call has no critical path. */
export interface CriticalPathProblem {
  readonly kind: 'no-send' | 'not-completed' | 'not-acknowledged';
  readonly message: string;
}

/** What is looked at. */
export interface PathSource {
  readonly calls: CallColumns;
  readonly frames: FrameColumns;
  readonly store: TraceStore;
}

const sendNames: ReadonlySet<string> = new Set(['NdisOffloadTcpSend', 'MiniportTcpOffloadSend']);
const packetNames: ReadonlySet<string> = new Set(['NdisSendNetBufferLists', 'MiniportSendNetBufferLists']);

/** Calls that are looked through for those inside a call, or for what a frame led to. */
const mostCallsSearched = 4096;

/** Collects segments; time never runs backwards in it. */
class PathBuilder {
  readonly segments: PathSegment[] = [];

  constructor(public at: VirtualTime) {}

  /** Somebody had it until a time. */
  stay(until: VirtualTime, holder: PathHolder, component: number | undefined, event: EventId): void {
    if (until <= this.at) return;
    const last = this.segments[this.segments.length - 1];
    if (last !== undefined && last.holder === holder && last.component === component)
      this.segments[this.segments.length - 1] = { ...last, until, event };
    else this.segments.push({ holder, component, from: this.at, until, event });
    this.at = until;
  }
}

/** The chain of nested calls of one kind, outermost first, that a call belongs to. */
function descend(calls: CallColumns, outermost: number, names: ReadonlySet<string>): number[] {
  const chain = [outermost];
  let last = outermost;
  const end = calls.returnEvent(outermost) ?? Infinity;
  const searched = Math.min(calls.length, outermost + mostCallsSearched);
  for (let call = outermost + 1; call < searched && calls.event(call) < end; call++) {
    if (calls.parent(call) !== calls.event(last) || !names.has(calls.handler(call).functionName)) continue;
    chain.push(call);
    last = call;
  }
  return chain;
}

/** The call of the same kind that is not made inside another one. */
function outermostOf(calls: CallColumns, call: number, names: ReadonlySet<string>): number {
  for (let at = call; ;) {
    const parent = calls.parent(at);
    const around = parent === undefined ? -1 : calls.at(parent);
    if (around < 0 || around >= at || !names.has(calls.handler(around).functionName)) return at;
    at = around;
  }
}

/** The calls around a call, outermost first and itself last. */
function callsAround(calls: CallColumns, call: number): number[] {
  const chain: number[] = [];
  for (let at = call; at >= 0;) {
    chain.unshift(at);
    const parent = calls.parent(at);
    const around = parent === undefined ? -1 : calls.at(parent);
    if (around >= at) break;
    at = around;
  }
  return chain;
}

function roleOf(store: TraceStore, component: number): ComponentRole {
  return store.components[component]?.role ?? 'ndis';
}

/** Gives each call's callee the time until the next call is made. */
function throughCalls(source: PathSource, path: PathBuilder, chain: readonly number[]): void {
  const { calls, store } = source;
  for (let index = 1; index < chain.length; index++) {
    const { callee } = calls.handler(chain[index - 1]!);
    path.stay(calls.start(chain[index]!), roleOf(store, callee), callee, calls.event(chain[index]!));
  }
}

/** The bytes of a send in the connection's sequence space; undefined where they are not known. */
function rangeOfLists(
  source: PathSource,
  connection: number,
  lists: readonly NetBufferListSnapshot[],
): DataRange | undefined {
  const initial = source.frames.initialSequence[connection];
  const first = lists[0]?.streamOffset;
  const last = lists[lists.length - 1];
  if (initial === undefined || first === undefined || last?.streamOffset === undefined) return undefined;
  const length = last.streamOffset + last.dataLength - first;
  return length > 0 ? { first: (initial + 1 + first) >>> 0, length } : undefined;
}

/** Waits for earlier data and for the window, and the sending of every new byte, by the frames of the driver below. */
function transmit(
  source: PathSource,
  path: PathBuilder,
  connection: number,
  range: DataRange,
  sender: number,
  end: VirtualTime,
): number | undefined {
  const { frames, store } = source;
  const role = roleOf(store, sender);
  let sent = 0;
  let last: number | undefined;
  const searched = searchEnd(frames, connection, path.at);
  for (let at = frames.firstSentAt(connection, path.at); at < searched; at++) {
    const frame = frames.frameOf(connection, at);
    const time = frames.sent(frame);
    if (time > end) break;
    if (frames.path(frame) === 'peer' || frames.isForwarded(frame)) continue;
    const numbers = frames.tcp(frame);
    const payload = frames.payloadLength(frame);
    if (numbers === undefined || payload === 0) continue;
    const begin = sequenceDistance(range.first, numbers.sequence);
    if (begin + payload <= 0) {
      if (sent === 0 && !frames.isRetransmission(frame))
        path.stay(time, 'earlier-data', undefined, frames.event(frame));
      continue;
    }
    // Only what continues what has been sent brings the send forward.
    if (begin > sent || begin + payload <= sent) continue;
    const acknowledgment = causeAmongFrames(source, frame, 'peer');
    const opened = acknowledgment === undefined ? undefined : frames.delivered(acknowledgment);
    if (opened !== undefined && opened > path.at && opened <= time)
      path.stay(opened, 'window', undefined, frames.event(acknowledgment!));
    path.stay(time, role, sender, frames.event(frame));
    sent = begin + payload;
    last = frame;
    if (sent >= range.length) break;
  }
  return last;
}

/**
 * From the first transmission to the acknowledgment's arrival: the wait for a repetition if it took one, the wire, the peer and the wire
 * back.
 */
function roundTrip(
  source: PathSource,
  path: PathBuilder,
  connection: number,
  range: DataRange,
  lastSent: number | undefined,
  acknowledgment: number,
): void {
  const { frames } = source;
  const answer = firstHop(source, acknowledgment);
  const peer = frames.sender(answer);
  const answered = frames.sent(answer);
  const carrier =
    lastSent === undefined ? undefined : firstCarrier(source, connection, range, lastSent, answered);
  // Where the answer was made by a repetition, that had filled a gap before the bytes.
  const made = causeAmongFrames(source, answer, 'local');
  const fillsGap =
    made !== undefined && frames.isRetransmission(made) && (carrier === undefined || made > carrier);
  const decisive = fillsGap ? made : carrier;
  if (decisive !== undefined) {
    path.stay(frames.sent(decisive), 'recovery', undefined, frames.event(decisive));
    const arrived = lastArrival(source, connection, decisive, answered);
    if (arrived !== undefined)
      path.stay(frames.delivered(arrived)!, 'wire', undefined, frames.event(arrived));
  }
  const first = firstAnswer(source, connection, range, path.at, answered);
  if (first !== undefined && first !== answer) {
    path.stay(frames.sent(first), 'peer', peer, frames.event(first));
    path.stay(answered, 'recovery', undefined, frames.event(answer));
  }
  path.stay(answered, 'peer', peer, frames.event(answer));
  path.stay(frames.delivered(acknowledgment)!, 'wire', undefined, frames.event(acknowledgment));
}

/**
 * The critical path of a send.
 * @param event the record of an NdisOffloadTcpSend, of an NdisSendNetBufferLists with a TCP segment, or of a handler inside one.
 */
export function criticalPathOf(
  source: PathSource,
  event: EventId,
): Result<CriticalPath, CriticalPathProblem> {
  const { calls } = source;
  const call = calls.at(event);
  const name = call < 0 ? undefined : calls.handler(call).functionName;
  if (name !== undefined && sendNames.has(name))
    return chimneyPath(source, outermostOf(calls, call, sendNames));
  if (name !== undefined && packetNames.has(name))
    return hostPath(source, outermostOf(calls, call, packetNames));
  return fail({ kind: 'no-send', message: `Event ${event} is no call that sends data.` });
}

function chimneyPath(source: PathSource, request: number): Result<CriticalPath, CriticalPathProblem> {
  const { calls, store } = source;
  const event = calls.event(request);
  const record = store.record(event);
  const connection = calls.connection(request);
  const completion = calls.lastCompletion(request);
  if (connection === undefined || record.kind !== 'call')
    return fail({ kind: 'no-send', message: `Event ${event} belongs to no connection.` });
  if (completion === undefined)
    return fail({ kind: 'not-completed', message: `The send of event ${event} has not been completed.` });
  const lists = record.arguments.find((value) => value.kind === 'net-buffer-lists')?.lists ?? [];
  const chain = descend(calls, request, sendNames);
  const innermost = chain[chain.length - 1]!;
  const upwards = callsAround(calls, completion);
  const back = upwards[0]!;
  const end = calls.start(back);
  const path = new PathBuilder(calls.start(request));
  throughCalls(source, path, chain);
  const { callee } = calls.handler(innermost);
  const range = rangeOfLists(source, connection, lists);
  if (range !== undefined) {
    const lastSent = transmit(source, path, connection, range, callee, end);
    const acknowledgment = acknowledgmentOf(source, connection, range, path.at, end);
    if (acknowledgment !== undefined) roundTrip(source, path, connection, range, lastSent, acknowledgment);
  }
  path.stay(end, roleOf(store, callee), callee, calls.event(back));
  throughCalls(source, path, upwards);
  return succeed({
    path: 'chimney',
    connection,
    request: event,
    completion: calls.event(completion),
    from: calls.start(request),
    until: path.at,
    bytes: lists.reduce((sum, list) => sum + list.dataLength, 0),
    segments: path.segments,
  });
}

function hostPath(source: PathSource, request: number): Result<CriticalPath, CriticalPathProblem> {
  const { calls, frames, store } = source;
  const event = calls.event(request);
  const connection = calls.connection(request);
  if (connection === undefined)
    return fail({ kind: 'no-send', message: `Event ${event} belongs to no connection.` });
  const chain = descend(calls, request, packetNames);
  const innermost = chain[chain.length - 1]!;
  const sent = framesOf(source, connection, innermost);
  if (sent === undefined)
    return fail({ kind: 'no-send', message: `Event ${event} sends no TCP data that was recorded.` });
  const acknowledgment = acknowledgmentOf(source, connection, sent.range, frames.sent(sent.last), Infinity);
  if (acknowledgment === undefined)
    return fail({ kind: 'not-acknowledged', message: `What event ${event} sends is never acknowledged.` });
  const path = new PathBuilder(calls.start(request));
  throughCalls(source, path, chain);
  const { callee } = calls.handler(innermost);
  path.stay(frames.sent(sent.last), roleOf(store, callee), callee, frames.event(sent.last));
  roundTrip(source, path, connection, sent.range, sent.last, acknowledgment);
  const upwards = indicationOf(source, acknowledgment);
  let completion = frames.event(acknowledgment);
  if (upwards.length > 0) {
    const { caller } = calls.handler(upwards[0]!);
    path.stay(calls.start(upwards[0]!), roleOf(store, caller), caller, calls.event(upwards[0]!));
    throughCalls(source, path, upwards);
    completion = calls.event(upwards[upwards.length - 1]!);
  }
  return succeed({
    path: 'host',
    connection,
    request: event,
    completion,
    from: calls.start(request),
    until: path.at,
    bytes: sent.range.length,
    segments: path.segments,
  });
}

/** The data frames that a call to the miniport led to: the bytes, and the last frame. */
function framesOf(
  source: PathSource,
  connection: number,
  call: number,
): { readonly range: DataRange; readonly last: number } | undefined {
  const { calls, frames } = source;
  const event = calls.event(call);
  const done = calls.lastCompletion(call);
  const end = done === undefined ? Infinity : calls.start(done);
  let first: number | undefined;
  let last: number | undefined;
  const searched = searchEnd(frames, connection, calls.start(call));
  for (let at = frames.firstSentAt(connection, calls.start(call)); at < searched; at++) {
    const frame = frames.frameOf(connection, at);
    if (frames.sent(frame) > end) break;
    if (frames.cause(frame) !== event || frames.payloadLength(frame) === 0) continue;
    if (frames.tcp(frame) === undefined || frames.path(frame) === 'peer') continue;
    first ??= frame;
    last = frame;
  }
  if (first === undefined || last === undefined) return undefined;
  const begin = frames.tcp(first)!.sequence;
  const length = sequenceDistance(begin, frames.tcp(last)!.sequence) + frames.payloadLength(last);
  return length > 0 ? { range: { first: begin, length }, last } : undefined;
}

/** The calls by which a frame reaches the host stack, outermost first; empty if there are none. */
function indicationOf({ calls, frames, store }: PathSource, frame: number): number[] {
  const event = frames.event(frame);
  const first = calls.firstStartingAt(frames.delivered(frame)!);
  const end = Math.min(calls.length, first + mostCallsSearched);
  for (let call = first; call < end; call++) {
    if (
      calls.cause(call) !== event ||
      calls.handler(call).functionName !== 'NdisMIndicateReceiveNetBufferLists'
    )
      continue;
    const chain = [call];
    const returned = calls.returnEvent(call) ?? Infinity;
    for (let inner = call + 1; inner < end && calls.event(inner) < returned; inner++) {
      const last = chain[chain.length - 1]!;
      if (calls.parent(inner) !== calls.event(last)) continue;
      chain.push(inner);
      if (roleOf(store, calls.handler(inner).callee) === 'host-stack') return chain;
    }
    return chain;
  }
  return [];
}
