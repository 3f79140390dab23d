/** How bytes of a connection's stream, the frames that carry them and the frames that acknowledge them belong together. */
import type { EventId, VirtualTime } from '../trace/records';
import type { CallColumns } from './callColumns';
import type { FrameColumns } from './frameColumns';
import { sequenceDistance, tcpFlag } from './tcpSegment';

/** Bytes of a stream by sequence number. */
export interface DataRange {
  /** Sequence number of the first byte. */
  readonly first: number;
  /** Number of bytes, at least 1. */
  readonly length: number;
}

/** What is looked at. */
export interface FrameSource {
  readonly calls: CallColumns;
  readonly frames: FrameColumns;
}

/**
 * Frames of a connection that a search looks through at most, so that no trace makes it take for ever: more than two hundred windows of
 * 512 KB.
 */
export const mostFramesSearched = 65_536;

/** Ordinal of the first frame of a connection that a search from a time on does not look at any more. */
export function searchEnd(frames: FrameColumns, connection: number, from: VirtualTime): number {
  return Math.min(frames.countOf(connection), frames.firstSentAt(connection, from) + mostFramesSearched);
}

/** Steps after which a chain of causes counts as endless. */
const mostSteps = 64;

/** What led to a call or a frame; undefined for other records. */
function causeOf({ calls, frames }: FrameSource, event: EventId): EventId | undefined {
  const frame = frames.at(event);
  if (frame >= 0) return frames.cause(frame);
  const call = calls.at(event);
  return call < 0 ? undefined : (calls.parent(call) ?? calls.cause(call));
}

/**
 * The nearest frame among the causes of a frame that a peer made (`peer`), or that the host stack or the target made (`local`); copies
 * that switches pass on are taken for what they are copies of.
 */
export function causeAmongFrames(
  source: FrameSource,
  frame: number,
  made: 'peer' | 'local',
): number | undefined {
  const { frames } = source;
  let event = frames.cause(frame);
  for (let step = 0; step < mostSteps && event !== undefined; step++) {
    const at = frames.at(event);
    if (at >= 0 && !frames.isForwarded(at) && (frames.path(at) === 'peer') === (made === 'peer')) return at;
    event = causeOf(source, event);
  }
  return undefined;
}

/** The frame that a frame is a copy of, if switches have passed it on; else itself. */
export function firstHop({ frames }: FrameSource, frame: number): number {
  let at = frame;
  for (let step = 0; step < mostSteps && frames.isForwarded(at); step++) {
    const cause = frames.cause(at);
    const before = cause === undefined ? -1 : frames.at(cause);
    if (before < 0 || before >= at) break;
    at = before;
  }
  return at;
}

/**
 * The frame, or its copy behind the last switch, with which it arrived at a station up to a time; undefined if it did not, or was lost.
 */
export function lastArrival(
  { frames }: FrameSource,
  connection: number,
  frame: number,
  until: VirtualTime,
): number | undefined {
  let at = frame;
  for (let step = 0; step < mostSteps; step++) {
    const delivered = frames.delivered(at);
    if (delivered === undefined || delivered > until) return undefined;
    if (!frames.isReceivedBySwitch(at)) return at;
    const copy = copyOf(frames, connection, at, until);
    if (copy === undefined) return undefined;
    at = copy;
  }
  return undefined;
}

/** The first copy of a frame that a switch passes on up to a time. */
function copyOf(
  frames: FrameColumns,
  connection: number,
  frame: number,
  until: VirtualTime,
): number | undefined {
  const event = frames.event(frame);
  const received = frames.delivered(frame)!;
  const searched = searchEnd(frames, connection, received);
  for (let at = frames.firstSentAt(connection, received); at < searched; at++) {
    const copy = frames.frameOf(connection, at);
    if (frames.sent(copy) > until) return undefined;
    if (frames.isForwarded(copy) && frames.cause(copy) === event) return copy;
  }
  return undefined;
}

/**
 * The frame of the peer that was the first to arrive with an acknowledgment of a range's last byte, sent and delivered between two times;
 * undefined if there is none. Where switches pass frames on, it is the last copy.
 */
export function acknowledgmentOf(
  source: FrameSource,
  connection: number,
  range: DataRange,
  from: VirtualTime,
  until: VirtualTime,
): number | undefined {
  const { frames } = source;
  const end = (range.first + range.length) >>> 0;
  let found: number | undefined;
  let foundAt = until;
  const searched = searchEnd(frames, connection, from);
  for (let at = frames.firstSentAt(connection, from); at < searched; at++) {
    const frame = frames.frameOf(connection, at);
    if (frames.sent(frame) > foundAt) break;
    if (frames.path(frame) !== 'peer' || frames.isForwarded(frame)) continue;
    const numbers = frames.tcp(frame);
    if (numbers === undefined || (numbers.flags & tcpFlag.ACK) === 0) continue;
    if (sequenceDistance(end, numbers.acknowledgment) < 0) continue;
    const arrival = lastArrival(source, connection, frame, foundAt);
    if (arrival === undefined || (found !== undefined && frames.delivered(arrival)! >= foundAt)) continue;
    found = arrival;
    foundAt = frames.delivered(arrival)!;
  }
  return found;
}

/** The first frame that a peer sent with an acknowledgment of a range's last byte, whether it arrived or not. */
export function firstAnswer(
  { frames }: FrameSource,
  connection: number,
  range: DataRange,
  from: VirtualTime,
  until: VirtualTime,
): number | undefined {
  const end = (range.first + range.length) >>> 0;
  const searched = searchEnd(frames, connection, from);
  for (let at = frames.firstSentAt(connection, from); at < searched; at++) {
    const frame = frames.frameOf(connection, at);
    if (frames.sent(frame) > until) return undefined;
    if (frames.path(frame) !== 'peer' || frames.isForwarded(frame)) continue;
    const numbers = frames.tcp(frame);
    if (numbers === undefined || (numbers.flags & tcpFlag.ACK) === 0) continue;
    if (sequenceDistance(end, numbers.acknowledgment) >= 0) return frame;
  }
  return undefined;
}

/** The first frame from `first` on that carried a range's last byte and arrived up to a time; undefined if none did. */
export function firstCarrier(
  source: FrameSource,
  connection: number,
  range: DataRange,
  first: number,
  until: VirtualTime,
): number | undefined {
  const { frames } = source;
  const last = (range.first + range.length - 1) >>> 0;
  const searched = searchEnd(frames, connection, frames.sent(first));
  for (let at = frames.firstSentAt(connection, frames.sent(first)); at < searched; at++) {
    const frame = frames.frameOf(connection, at);
    if (frames.sent(frame) > until) return undefined;
    if (frame < first || frames.path(frame) === 'peer' || frames.isForwarded(frame)) continue;
    const numbers = frames.tcp(frame);
    if (numbers === undefined) continue;
    const offset = sequenceDistance(numbers.sequence, last);
    if (offset < 0 || offset >= frames.payloadLength(frame)) continue;
    if (lastArrival(source, connection, frame, until) !== undefined) return frame;
  }
  return undefined;
}
