/**
 * A full-duplex link between two interfaces: rate, propagation delay, a drop-tail queue at each end and seeded loss.
 */
import type { Random } from '../../../shared/base/random';
import type { EventTarget } from '../clock/scheduler';
import type { Machine } from '../machine/machine';
import type { Frame, FramePool } from './frame';

/** Properties of a link; both directions have the same. */
export interface LinkSettings {
  readonly bitsPerSecond: number;
  /** Propagation delay in ns. */
  readonly delay: number;
  /** Bytes that may wait in front of each transmitter. */
  readonly queueBytes: number;
  /** Probability that a frame is lost on the way, 0 to 1. */
  readonly loss: number;
}

/** One end of a link as its owner sees it. */
export interface LinkEnd {
  /** Component that sends and receives here. */
  readonly component: number;
  /** A frame has arrived; it may be used until this call returns. */
  receive(frame: Frame): void;
}

/** Bytes on the wire that no frame shows: preamble, FCS and inter-frame gap (IEEE 802.3). */
const framingBytes = 8 + 4 + 12;

/** Shortest frame on the wire without FCS (IEEE 802.3). */
const shortestFrame = 60;

class Direction implements EventTarget {
  private busyUntil = 0;

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    private readonly settings: LinkSettings,
    private readonly random: Random,
    private readonly sender: LinkEnd,
    private readonly receiver: LinkEnd,
  ) {}

  /** Takes a frame; answers when its last bit has left, which is when a transmit completion is due. */
  transmit(frame: Frame): number {
    const { machine, settings } = this;
    if (frame.length < shortestFrame) {
      frame.bytes.fill(0, frame.length, shortestFrame);
      frame.length = shortestFrame;
    }
    frame.event = machine.probe.frame(
      machine.now,
      this.sender.component,
      frame.path,
      frame.connection,
      machine.currentCause,
      frame.length,
      frame.payloadLength,
      frame.retransmission,
      frame.bytes,
    );
    const waitingBytes = (Math.max(0, this.busyUntil - machine.now) * settings.bitsPerSecond) / 8e9;
    if (waitingBytes + frame.length > settings.queueBytes) {
      machine.probe.frameFate(machine.now, frame.event, 'queue-overflow', this.receiver.component);
      this.pool.release(frame);
      return machine.now;
    }
    const begin = Math.max(machine.now, this.busyUntil);
    this.busyUntil = begin + Math.ceil(((frame.length + framingBytes) * 8e9) / settings.bitsPerSecond);
    const lost = this.random.nextChance(settings.loss);
    machine.schedule(this.busyUntil + settings.delay, this, lost ? 1 : 0, frame);
    return this.busyUntil;
  }

  onEvent(lost: number, payload: unknown): void {
    const frame = payload as Frame;
    const { machine } = this;
    machine.probe.frameFate(
      machine.now,
      frame.event,
      lost === 1 ? 'lost' : 'delivered',
      this.receiver.component,
    );
    if (lost === 0) {
      machine.cause = frame.event;
      this.receiver.receive(frame);
    }
    this.pool.release(frame);
  }
}

/** Connects two ends. Each end sends through `transmitter(end)`. */
export class Link {
  private readonly directions: ReadonlyMap<LinkEnd, Direction>;

  constructor(machine: Machine, pool: FramePool, settings: LinkSettings, left: LinkEnd, right: LinkEnd) {
    this.directions = new Map([
      [left, new Direction(machine, pool, settings, machine.random(1), left, right)],
      [right, new Direction(machine, pool, settings, machine.random(2), right, left)],
    ]);
  }

  /** Sends a frame from one end and takes it over; answers when its last bit leaves, in ns. */
  transmit(from: LinkEnd, frame: Frame): number {
    const direction = this.directions.get(from);
    if (direction === undefined) throw new Error('the sender is not connected to this link');
    return direction.transmit(frame);
  }
}
