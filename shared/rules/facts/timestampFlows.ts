/** TCP timestamps of each connection on the wire (RFC 7323 section 3), and what a clock of so many ticks would show. */
import { fateDelivers } from '../../trace/frameFates';
import type { FrameFateRecord, VirtualTime } from '../../trace/records';
import { tcpFlags, type WireFrame } from '../engine/frame';
import type { FactDefinition, Handlers } from '../engine/rule';

/** A timestamp that has been sent. */
export interface SentTimestamp {
  readonly frame: WireFrame;
  /** TSval. */
  readonly value: number;
  /** When it left. It was made then, or a little before. */
  readonly time: VirtualTime;
}

/** Timestamps of one connection. */
export interface TimestampFlow {
  /** Of the machine's last segment, by whomever. */
  last: SentTimestamp | undefined;
  /** Of the one before it. */
  beforeLast: SentTimestamp | undefined;
  /** TSval of the peer that is the newest of all that have arrived. */
  newestArrived: number | undefined;
  newestArrivedBy: WireFrame | undefined;
  /** The peer's last segment with timestamps that has arrived, and when. */
  lastArrived: WireFrame | undefined;
}

/** Distance between two timestamps, negative if the second is older. */
export function timestampDistance(from: number, to: number): number {
  return (to - from) | 0;
}

/** Ticks of a time, rounded down. */
export function ticksOf(time: VirtualTime, ticksPerSecond: number): number {
  return Math.floor((time * ticksPerSecond) / 1e9);
}

/** See the file's head. */
export class TimestampFlows implements Handlers {
  private readonly flows = new Map<number, TimestampFlow>();

  /** Timestamps of a connection so far. */
  of(connection: number | undefined): TimestampFlow | undefined {
    return connection === undefined ? undefined : this.flows.get(connection);
  }

  readonly frame = (frame: WireFrame): void => {
    const { connection, path } = frame;
    if (connection === undefined || path === 'peer' || !frame.isSegment || frame.isFragment) return;
    if (frame.flags & tcpFlags.RST) return;
    const value = frame.timestamp;
    if (value === undefined) return;
    const flow = this.flow(connection);
    flow.beforeLast = flow.last;
    flow.last = { frame, value, time: frame.time };
  };

  /** What a full queue throws away is recorded at once, before what stands in the queue: it has not left at all. */
  readonly fate = ({ fate }: FrameFateRecord, frame: WireFrame | undefined): void => {
    if (fate !== 'queue-overflow' || frame?.connection === undefined) return;
    const flow = this.flows.get(frame.connection);
    if (flow?.last?.frame !== frame) return;
    flow.last = flow.beforeLast;
    flow.beforeLast = undefined;
  };

  readonly peerFate = ({ fate }: FrameFateRecord, frame: WireFrame): void => {
    // The first fragment tells what the segment brings.
    if (frame.connection === undefined || !frame.isSegment) return;
    if (!fateDelivers(fate) || fate === 'corrupted' || frame.flags & tcpFlags.RST) return;
    const value = frame.timestamp;
    if (value === undefined) return;
    const flow = this.flow(frame.connection);
    flow.lastArrived = frame;
    if (flow.newestArrived !== undefined && timestampDistance(flow.newestArrived, value) < 0) return;
    flow.newestArrived = value;
    flow.newestArrivedBy = frame;
  };

  private flow(connection: number): TimestampFlow {
    let flow = this.flows.get(connection);
    if (flow === undefined) {
      flow = {
        last: undefined,
        beforeLast: undefined,
        newestArrived: undefined,
        newestArrivedBy: undefined,
        lastArrived: undefined,
      };
      this.flows.set(connection, flow);
    }
    return flow;
  }
}

/** Timestamps on the wire: `facts.of(timestampFlows)`. */
export const timestampFlows: FactDefinition<TimestampFlows> = { start: () => new TimestampFlows() };
