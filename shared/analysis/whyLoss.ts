/** What got lost where an acknowledgment did not come: the frame that carried the bytes, or the acknowledgment of them. */
import type { EventId, VirtualTime } from '../trace/records';
import { connectionFramesOf, frameIsAt } from './connectionFrames';
import type { Frame } from './frameIndex';
import { sequenceDistance } from './tcpSegment';
import type { TraceModel } from './traceModel';

/** A frame that did not arrive. */
export interface LostFrame {
  readonly frame: Frame;
  /** `data`: it carried the bytes. `acknowledgment`: the bytes had arrived, and the peer's frames that said so did not. */
  readonly what: 'data' | 'acknowledgment';
  /** The record of its fate. */
  readonly fate: EventId;
}

/** Frames that are looked through at most. */
const mostFrames = 4096;

/** Records at the time of a fate among which it is looked for. */
const mostRecords = 4096;

/** Stations through which the copies of a frame are followed. */
const mostHops = 8;

/** The record of what became of a frame. */
export function fateEvent({ store }: TraceModel, frame: Frame): EventId | undefined {
  if (store === undefined || frame.fateTime === undefined) return undefined;
  const first = Math.max(frame.event + 1, store.firstAtOrAfter(frame.fateTime));
  for (let event = first; event < Math.min(store.length, first + mostRecords); event++) {
    if (store.kind(event) !== 'frame-fate') continue;
    const record = store.record(event);
    if (record.kind === 'frame-fate' && record.frame === frame.event) return event;
  }
  return undefined;
}

/** The frame, or its copy behind the last switch that passed it on: what arrived or was lost. */
function lastHop(model: TraceModel, frame: Frame): Frame {
  const { frames } = model;
  let last = frame;
  for (let hop = 0; hop < mostHops && last.fateTime !== undefined; hop++) {
    if (model.store!.components[last.receiver ?? -1]?.role !== 'wire') return last;
    let next: Frame | undefined;
    const begin = frames.firstSentAt(last.fateTime);
    for (let at = begin; at < Math.min(frames.frames.length, begin + mostRecords); at++) {
      const copy = frames.frames[at]!;
      if (!copy.forwarded || copy.connection !== frame.connection) continue;
      const record = model.store!.record(copy.event);
      if (record.kind !== 'frame' || record.cause !== last.event) continue;
      next = copy;
      break;
    }
    if (next === undefined) return last;
    last = next;
  }
  return last;
}

/**
 * Why a byte had not been acknowledged right before an event: the last transmission of it before, if that was lost, or else a lost
 * acknowledgment of it. Undefined if nothing was lost that the trace has, or not by then.
 */
export function lossBehind(
  model: TraceModel,
  connection: number,
  event: EventId,
  unacknowledged: number,
): LostFrame | undefined {
  const frames = connectionFramesOf(model);
  const time = model.store!.time(event);
  const carrier = frames
    .sentBefore(connection, event - 1, unacknowledged)
    .find(
      ({ sequence, length }) =>
        sequenceDistance(sequence, unacknowledged) >= 0 &&
        sequenceDistance(unacknowledged, sequence + length) > 0,
    );
  if (carrier === undefined) return undefined;
  const arrived = lastHop(model, carrier.frame);
  const at = frameIsAt(arrived, time);
  if (at === 'lost') return told(model, arrived, 'data');
  return at === 'arrived'
    ? lostAnswer(model, connection, arrived.fateTime!, event, unacknowledged)
    : undefined;
}

/** A frame of the peer that acknowledged a byte and was lost. */
function lostAnswer(
  model: TraceModel,
  connection: number,
  from: VirtualTime,
  event: EventId,
  unacknowledged: number,
): LostFrame | undefined {
  const frames = connectionFramesOf(model);
  const all = frames.of(connection);
  const end = frames.countBy(connection, event - 1);
  for (let at = end - 1; at >= 0 && end - at < mostFrames; at--) {
    const frame = all[at]!;
    if (frame.sent < from) return undefined;
    if (frame.path !== 'peer') continue;
    const header = frames.header(frame);
    if (header === undefined || sequenceDistance(unacknowledged, header.acknowledgment) <= 0) continue;
    const arrived = lastHop(model, frame);
    if (frameIsAt(arrived, model.store!.time(event)) === 'lost')
      return told(model, arrived, 'acknowledgment');
  }
  return undefined;
}

function told(model: TraceModel, frame: Frame, what: LostFrame['what']): LostFrame {
  return { frame, what, fate: fateEvent(model, frame) ?? frame.event };
}
