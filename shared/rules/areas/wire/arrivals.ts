/** What a target makes of frames that arrive for a connection that it holds: whether it processes them, as its acknowledgments tell. */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { fateDelivers } from '../../../trace/frameFates';
import type { FrameFateRecord, VirtualTime } from '../../../trace/records';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import type { FactDefinition, Handlers, RuleContext } from '../../engine/rule';
import { flows, type Flow, type Flows } from '../../facts/flows';
import { handedState, type HandedState, type HandedTcp } from '../../facts/handedState';
import { WaitingMap, type Gate } from '../../engine/gate';

/** A segment that leaves so long after another has arrived was made in knowledge of it, virtual ns. */
export const knowledgeTime = 20_000_000;

/** Nothing that has to be answered stays without an answer for so long (RFC 1122 section 4.2.3.2 and more), virtual ns. */
export const longestAnswer = 1_000_000_000;

/** A segment that has arrived for a connection in a target's hands. */
export interface Arrival {
  readonly frame: WireFrame;
  readonly time: VirtualTime;
  readonly tcp: HandedTcp;
  readonly flow: Flow;
  /** Component of the target. */
  readonly target: number;
}

/** The arrival that rules are looking at: they all ask for it, and it is found once. */
class LastArrival implements Handlers {
  private isFound = false;
  private arrival: Arrival | undefined;

  constructor(
    private readonly handed: HandedState,
    private readonly known: Flows,
  ) {}

  /** What a fate under way is; undefined where it is no undamaged arrival at a target whose engine holds the connection. */
  of({ fate, receiver }: FrameFateRecord, frame: WireFrame, time: VirtualTime): Arrival | undefined {
    if (this.isFound) return this.arrival;
    this.isFound = true;
    if (frame.connection === undefined || !fateDelivers(fate) || fate === 'corrupted') return undefined;
    const tcp = this.handed.tcp(receiver, frame.connection);
    const flow = this.known.of(frame.connection);
    if (tcp?.taken !== undefined && flow !== undefined)
      this.arrival = { frame, time, tcp, flow, target: receiver };
    return this.arrival;
  }

  /** All rules have seen it. */
  readonly peerFate = (): void => {
    this.isFound = false;
    this.arrival = undefined;
  };
}

const lastArrival: FactDefinition<LastArrival> = {
  start: (facts) => new LastArrival(facts.of(handedState), facts.of(flows)),
};

/** Calls `take` for every frame that arrives undamaged at a target whose engine holds its connection; facts don't know of the arrival yet. */
export function arrivals(
  { facts }: RuleContext,
  take: (arrival: Arrival) => void,
  which: 'segments' | 'all' | 'even stopped' = 'segments',
): Required<Pick<Handlers, 'peerFate'>> {
  const last = facts.of(lastArrival);
  return {
    peerFate: (fate, frame, time) => {
      const arrival = last.of(fate, frame, time);
      if (arrival === undefined || (which !== 'all' && (!frame.isSegment || frame.isFragment))) return;
      if (arrival.tcp.stoppedBy !== undefined && which !== 'even stopped') return;
      take(arrival);
    },
  };
}

/** The same for segments with SYN, FIN or RST. */
export function controlArrivals(
  context: RuleContext,
  take: (arrival: Arrival) => void,
): Required<Pick<Handlers, 'peerControlFate'>> {
  return { peerControlFate: arrivals(context, take).peerFate };
}

/** Whether a segment brings exactly what comes next, within the window that has been offered, and nothing that ends anything. */
export function isNext({ frame, flow }: Arrival): boolean {
  const { acknowledgment, rightEdge } = flow.machine.sent;
  if (acknowledgment === undefined || rightEdge === undefined || frame.payloadLength === 0) return false;
  if (frame.flags & (tcpFlags.SYN | tcpFlags.RST | tcpFlags.URG)) return false;
  return frame.sequence === acknowledgment && sequenceDistance(frame.sequenceEnd, rightEdge) >= 0;
}

/**
 * Decides of arrivals that `concerns` names, and that bring what comes next, whether they are processed: what the target sends afterwards
 * acknowledges them or not, or it sends nothing at all for too long.
 */
export function watchProcessing(
  context: RuleContext,
  concerns: (arrival: Arrival) => boolean,
  decide: (processed: boolean, arrival: Arrival, evidence: WireFrame) => void,
): Required<Pick<Handlers, 'peerFate' | 'guarded'>> {
  const waiting = new WaitingMap<number, Arrival>();
  return {
    ...arrivals(context, (arrival) => {
      const { connection } = arrival.frame;
      const before = waiting.get(connection!);
      if (before !== undefined) {
        if (before.tcp !== arrival.tcp) waiting.delete(connection!);
        else if (arrival.time - before.time > longestAnswer) {
          waiting.delete(connection!);
          decide(false, before, arrival.frame);
        }
        return;
      }
      if (isNext(arrival) && concerns(arrival)) waiting.set(connection!, arrival);
    }),
    guarded: [
      {
        gate: waiting.gate,
        chimneyFrame: (frame) => {
          if (frame.connection === undefined || !frame.isSegment) return;
          const before = waiting.get(frame.connection);
          if (before === undefined) return;
          if (before.tcp.stoppedBy !== undefined) {
            waiting.delete(frame.connection);
            return;
          }
          const processed = sequenceDistance(before.frame.sequenceEnd, frame.acknowledgment) >= 0;
          if (!processed && frame.time - before.time < knowledgeTime) return;
          waiting.delete(frame.connection);
          decide(processed, before, frame);
        },
      },
    ],
  };
}

/** A segment that a target must not take, and the range of sequence numbers that came with it. */
interface Refused {
  readonly arrival: Arrival;
  readonly start: number;
  readonly end: number;
}

/** Most segments that are remembered for a connection. */
const mostRefused = 64;

/** Ranges of sequence numbers that have arrived only in segments that a target must not take. */
export class RefusedRanges {
  private readonly byConnection = new WaitingMap<number, Refused[]>();

  /** Open while there are any. */
  get gate(): Gate {
    return this.byConnection.gate;
  }

  /** A segment that must not be taken has arrived. Nothing is noted where its bytes have been received before. */
  add(arrival: Arrival): void {
    const { frame, flow } = arrival;
    const { sequence, sequenceEnd, connection } = frame;
    if (sequence === sequenceEnd || flow.peer.arrived.covers(sequence, sequenceEnd)) return;
    let ranges = this.byConnection.get(connection!);
    if (ranges === undefined) this.byConnection.set(connection!, (ranges = []));
    if (ranges.some(({ start, end }) => start === sequence && end === sequenceEnd)) return;
    ranges.push({ arrival, start: sequence, end: sequenceEnd });
    if (ranges.length > mostRefused) ranges.shift();
  }

  /** A segment that may be taken has arrived, from the wire or otherwise: what it overlaps is no proof any more. */
  accept(frame: WireFrame): void {
    const ranges = this.byConnection.get(frame.connection!);
    if (ranges === undefined || frame.sequence === frame.sequenceEnd) return;
    const left = ranges.filter(
      ({ start, end }) =>
        sequenceDistance(end, frame.sequence) >= 0 || sequenceDistance(frame.sequenceEnd, start) >= 0,
    );
    this.set(frame.connection!, left);
  }

  /** Whether a connection has any. */
  has(connection: number | undefined): boolean {
    return connection !== undefined && this.byConnection.has(connection);
  }

  /** Takes out, and answers, a segment all of which an acknowledgment covers. */
  acknowledged(connection: number, acknowledgment: number): Arrival | undefined {
    const ranges = this.byConnection.get(connection) ?? [];
    const at = ranges.findIndex(({ end }) => sequenceDistance(end, acknowledgment) >= 0);
    if (at < 0) return undefined;
    const [found] = ranges.splice(at, 1);
    this.set(connection, ranges);
    return found!.arrival;
  }

  /** The segment with the frame record, if it is one of them. */
  find(connection: number | undefined, event: number | undefined): Arrival | undefined {
    if (connection === undefined || event === undefined) return undefined;
    return this.byConnection.get(connection)?.find(({ arrival }) => arrival.frame.event === event)?.arrival;
  }

  /** The connection is the host's again, or upload is on its way. */
  forget(connection: number | undefined): void {
    if (connection !== undefined) this.byConnection.delete(connection);
  }

  private set(connection: number, ranges: Refused[]): void {
    if (ranges.length === 0) this.byConnection.delete(connection);
    else this.byConnection.set(connection, ranges);
  }
}
