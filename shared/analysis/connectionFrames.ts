/** The frames of each connection of a trace, and the bytes that were on their way at an instant. */
import { fateDelivers } from '../trace/frameFates';
import type { EventId, FrameRecord, VirtualTime } from '../trace/records';
import type { Frame } from './frameIndex';
import { sequenceDistance, tcpFlag, tcpHeaderOffset, u32At } from './tcpSegment';
import type { TraceModel } from './traceModel';

/** A segment of a connection that left this side. */
export interface SentSegment {
  readonly frame: Frame;
  readonly sequence: number;
  /** Sequence numbers that it takes: bytes of data, and one for a FIN. */
  readonly length: number;
  readonly isFin: boolean;
}

/** Frames that a search goes back at most. */
const mostFrames = 4096;

/** Frames at the beginning of a connection among which its SYN is looked for. */
const firstFrames = 16;

/** See the file's head. Takes in what has been read since somebody last asked. */
export class ConnectionFrames {
  private readonly byConnection: (Frame[] | undefined)[] = [];
  private readonly initial: (number | undefined)[] = [];
  private seen = 0;

  constructor(private readonly model: TraceModel) {}

  /** All frames of a connection but copies that switches pass on, in the order in which they left. */
  of(connection: number): readonly Frame[] {
    const { frames } = this.model.frames;
    for (; this.seen < frames.length; this.seen++) {
      const frame = frames[this.seen]!;
      if (frame.connection === undefined || frame.forwarded) continue;
      (this.byConnection[frame.connection] ??= []).push(frame);
    }
    return this.byConnection[connection] ?? [];
  }

  /** Number of frames of a connection that had left by an event, it included. */
  countBy(connection: number, event: EventId): number {
    const frames = this.of(connection);
    let low = 0;
    let high = frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (frames[middle]!.event <= event) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Initial sequence number of this side; undefined where its SYN is not in the trace. */
  initialSequence(connection: number): number | undefined {
    if (this.initial[connection] !== undefined) return this.initial[connection];
    for (const frame of this.of(connection).slice(0, firstFrames)) {
      if (frame.path === 'peer') continue;
      const header = this.header(frame);
      if (header !== undefined && (header.flags & tcpFlag.SYN) !== 0)
        return (this.initial[connection] = header.sequence);
    }
    return undefined;
  }

  /** Segments with data or FIN that had left by an event, the last one first, back to those that `unacknowledged` lies behind. */
  sentBefore(connection: number, event: EventId, unacknowledged: number): SentSegment[] {
    const frames = this.of(connection);
    const found: SentSegment[] = [];
    const last = this.countBy(connection, event) - 1;
    for (let at = last; at >= 0 && last - at < mostFrames; at--) {
      const frame = frames[at]!;
      if (frame.path === 'peer') continue;
      const header = this.header(frame);
      if (header === undefined) continue;
      const isFin = (header.flags & tcpFlag.FIN) !== 0;
      const length = frame.payloadLength + (isFin ? 1 : 0);
      if (length === 0) continue;
      if (!frame.retransmission && sequenceDistance(unacknowledged, header.sequence + length) <= 0) break;
      found.push({ frame, sequence: header.sequence, length, isFin });
    }
    return found;
  }

  /** The TCP numbers of a frame; undefined where they were not recorded. */
  header({
    event,
  }: Frame):
    { readonly sequence: number; readonly acknowledgment: number; readonly flags: number } | undefined {
    const { bytes } = this.model.store!.record(event) as FrameRecord;
    const at = tcpHeaderOffset(bytes);
    if (at < 0) return undefined;
    return {
      sequence: u32At(bytes, at + 4),
      acknowledgment: u32At(bytes, at + 8),
      flags: bytes[at + 13]!,
    };
  }
}

/** Where a frame was at a time: on its way, there, or lost. */
export function frameIsAt(frame: Frame, time: VirtualTime): 'on its way' | 'arrived' | 'lost' {
  if (frame.fate === undefined || frame.fateTime === undefined || frame.fateTime > time) return 'on its way';
  return fateDelivers(frame.fate) ? 'arrived' : 'lost';
}

const known = new WeakMap<TraceModel, ConnectionFrames>();

/** The frames of a trace's connections: made when somebody first asks. */
export function connectionFramesOf(model: TraceModel): ConnectionFrames {
  let frames = known.get(model);
  if (frames === undefined) known.set(model, (frames = new ConnectionFrames(model)));
  return frames;
}
