/** Frames on the wire with their fates, and throughput by the path that made them. */
import { fateDelivers } from '../trace/frameFates';
import {
  framePaths,
  type EventId,
  type FrameFate,
  type FrameFateRecord,
  type FramePath,
  type FrameRecord,
  type TraceRecord,
  type VirtualTime,
} from '../trace/records';
import type { TraceListener } from '../trace/traceReader';

/** One frame with what became of it. */
export interface Frame {
  readonly event: EventId;
  readonly sender: number;
  readonly path: FramePath;
  readonly connection: number | undefined;
  readonly length: number;
  readonly payloadLength: number;
  readonly retransmission: boolean;
  readonly sent: VirtualTime;
  /** What became of it; copies that arrived besides are counted apart. */
  fate: FrameFate | undefined;
  fateTime: VirtualTime | undefined;
  receiver: number | undefined;
  /** How often it arrived once more. */
  duplicates: number;
  /** Whether a switch has passed it on: it is the frame of somebody else, who is counted. */
  readonly forwarded: boolean;
}

/** A frame as it leaves; `forwarded`: by a switch. */
export function sentFrame(record: FrameRecord, event: EventId, time: VirtualTime, forwarded: boolean): Frame {
  return {
    event,
    sender: record.sender,
    path: record.path,
    connection: record.connection,
    length: record.length,
    payloadLength: record.payloadLength,
    retransmission: record.retransmission,
    sent: time,
    fate: undefined,
    fateTime: undefined,
    receiver: undefined,
    duplicates: 0,
    forwarded,
  };
}

/** Notes what becomes of a frame. */
export function noteFate(frame: Frame, record: FrameFateRecord, time: VirtualTime): void {
  if (record.fate === 'duplicated') {
    frame.duplicates++;
    return;
  }
  frame.fate = record.fate;
  frame.fateTime = time;
  frame.receiver = record.receiver;
}

/** Payload rates in equal bins over a range of time, in bits per second, one number per bin. */
export interface ThroughputSeries {
  readonly from: VirtualTime;
  readonly binWidth: VirtualTime;
  readonly host: Float64Array;
  readonly chimney: Float64Array;
  readonly peer: Float64Array;
}

/** Sums over all frames of one path. */
export interface PathTotals {
  frames: number;
  /** TCP payload bytes on their first transmission. */
  newBytes: number;
  /** TCP payload bytes sent again. */
  retransmittedBytes: number;
  retransmissions: number;
  lost: number;
}

function emptyTotals(): PathTotals {
  return { frames: 0, newBytes: 0, retransmittedBytes: 0, retransmissions: 0, lost: 0 };
}

/** All frames of a trace; a {@link TraceListener}. */
export class FrameIndex implements TraceListener {
  readonly frames: Frame[] = [];
  readonly totals: Readonly<Record<FramePath, PathTotals>> = {
    host: emptyTotals(),
    chimney: emptyTotals(),
    peer: emptyTotals(),
  };
  private readonly byEvent = new Map<EventId, Frame>();
  /** Ports of switches. */
  private readonly switchPorts = new Set<number>();

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    if (record.kind === 'component') {
      if (record.role === 'wire') this.switchPorts.add(record.id);
    } else if (record.kind === 'frame') {
      const frame = sentFrame(record, event, time, this.switchPorts.has(record.sender));
      this.frames.push(frame);
      this.byEvent.set(event, frame);
      if (frame.forwarded) return;
      const totals = this.totals[record.path];
      totals.frames++;
      if (record.retransmission) {
        totals.retransmissions++;
        totals.retransmittedBytes += record.payloadLength;
      } else totals.newBytes += record.payloadLength;
    } else if (record.kind === 'frame-fate') {
      const frame = this.byEvent.get(record.frame);
      if (frame === undefined) return;
      noteFate(frame, record, time);
      if (record.fate === 'duplicated') return;
      if (!fateDelivers(record.fate)) this.totals[frame.path].lost++;
    }
  }

  /** The frame with this frame record, if there is one. */
  at(event: EventId): Frame | undefined {
    return this.byEvent.get(event);
  }

  /** Position in `frames` of the first frame sent at or after a time. */
  firstSentAt(time: VirtualTime): number {
    let low = 0;
    let high = this.frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.frames[middle]!.sent < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Rates of new TCP payload (retransmissions excluded) from `from` to `until` in `bins` equal bins. */
  throughput(from: VirtualTime, until: VirtualTime, bins: number): ThroughputSeries {
    const series = {
      from,
      binWidth: Math.max(1, (until - from) / bins),
      host: new Float64Array(bins),
      chimney: new Float64Array(bins),
      peer: new Float64Array(bins),
    };
    const bitsPerSecond = 8e9 / series.binWidth;
    for (let index = this.firstSentAt(from); index < this.frames.length; index++) {
      const frame = this.frames[index]!;
      if (frame.sent > until) break;
      if (frame.retransmission || frame.forwarded) continue;
      const bin = Math.min(bins - 1, Math.floor((frame.sent - from) / series.binWidth));
      series[frame.path][bin]! += frame.payloadLength * bitsPerSecond;
    }
    return series;
  }
}

/** The paths in their fixed order, for legends and tables. */
export const allFramePaths: readonly FramePath[] = framePaths;
