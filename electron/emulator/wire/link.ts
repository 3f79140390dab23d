/**
 * A full-duplex link between two interfaces: rate, propagation delay, a drop-tail queue at each end, seeded loss and, where its
 * settings ask for them, further impairments.
 */
import type { FrameFate } from '../../../shared/trace/records';
import type { Random } from '../../../shared/base/random';
import type { EventTarget } from '../clock/scheduler';
import { surroundings, type Machine } from '../machine/machine';
import { fateDelivers } from '../../../shared/trace/frameFates';
import type { Frame, FramePool } from './frame';
import { ImpairedMedium } from './impairedMedium';
import { impairs, noImpairments, type Impairments } from './impairments';

/** Properties of a direction of a link. */
export interface DirectionSettings {
  readonly bitsPerSecond: number;
  /** Propagation delay in ns. */
  readonly delay: number;
  /** Bytes that may wait in front of each transmitter. */
  readonly queueBytes: number;
  /** Probability that a frame is lost on the way, 0 to 1. */
  readonly loss: number;
  /** What else happens to frames; nothing if absent. */
  readonly impairments?: Partial<Impairments>;
}

/** Properties of a link; both directions have the same, except where `reverse`, from right to left, says otherwise. */
export interface LinkSettings extends DirectionSettings {
  readonly reverse?: Partial<DirectionSettings>;
}

/** One end of a link as its owner sees it. */
export interface LinkEnd {
  /** Component that sends and receives here. */
  readonly component: number;
  /** A frame has arrived; it may be used until this call returns. */
  receive(frame: Frame): void;
  /** Processor of the emulated machine that an arriving frame interrupts; none where the end is no part of that machine. */
  processorFor?(frame: Frame): number;
  /** Component that a frame is for, where several share the end. */
  receiverOf?(frame: Frame): number;
  /** A frame has been discarded here because its frame check sequence was wrong. */
  frameDamaged?(): void;
  /** The carrier has come or gone. */
  linkChanged?(up: boolean): void;
}

/** What takes frames from an end and carries them away. */
export interface Transmitter {
  /** Sends a frame from one end and takes it over; answers when its last bit leaves, in ns. */
  transmit(from: LinkEnd, frame: Frame): number;
}

/** What is wrong with a direction of a link for a while, besides what is always. */
export interface Disturbance {
  /** Additional probability that a frame is lost. */
  readonly loss: number;
  /** Additional delay, ns. */
  readonly delay: number;
  readonly impairments: Impairments;
  /** Of its own: what it draws changes nothing else. */
  readonly random: Random;
  /** Tells the chance of several disturbances apart; beyond the numbers of all directions. */
  readonly number: number;
}

/** Bytes on the wire that no frame shows: preamble, FCS and inter-frame gap (IEEE 802.3). */
const framingBytes = 8 + 4 + 12;

/** Shortest frame on the wire without FCS (IEEE 802.3). */
const shortestFrame = 60;

/** Streams of chance from here on belong to links after the first. */
const furtherLinkStreams = 700;

/** What can happen to a frame in a direction of a link. */
const linkEvents = { begin: 0, delivered: 1, lost: 2, received: 3 } as const;

class Direction implements EventTarget {
  private busyUntil = 0;
  /** Whether the cable is plugged in. */
  carrier = true;
  /** Undefined where nothing but loss happens to frames. */
  private readonly medium: ImpairedMedium | undefined;
  private bitsPerSecond: number;
  private disturbed: { readonly by: Disturbance; readonly medium: ImpairedMedium } | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    private readonly settings: DirectionSettings,
    private readonly random: Random,
    private readonly sender: LinkEnd,
    private readonly receiver: LinkEnd,
    /** Tells directions of links apart. */
    number: number,
  ) {
    this.bitsPerSecond = settings.bitsPerSecond;
    const impairments = { ...noImpairments, ...settings.impairments };
    if (impairs(impairments)) this.medium = this.mediumWith(impairments, number);
  }

  /** It has another rate from now on, bits per second. */
  changeRate(bitsPerSecond: number): void {
    this.bitsPerSecond = bitsPerSecond;
  }

  /** It is disturbed from now on, in place of what it does to frames by its settings and of an earlier disturbance. */
  disturb(by: Disturbance): void {
    this.disturbed = { by, medium: this.mediumWith(by.impairments, by.number) };
  }

  /** A disturbance ends, unless another one has taken its place. */
  calm(by: Disturbance): void {
    if (this.disturbed?.by === by) this.disturbed = undefined;
  }

  private mediumWith(impairments: Impairments, number: number): ImpairedMedium {
    const { machine, pool } = this;
    return new ImpairedMedium(machine, pool, impairments, number, (frame, fate, flippedBits) => {
      if (this.carrier) this.settle(frame, fate, flippedBits);
      // What became of the original has been told.
      else if (fate === 'duplicated') pool.release(frame);
      else this.settle(frame, 'lost');
    });
  }

  /** Takes a frame; answers when its last bit has left, which is when a transmit completion is due. */
  transmit(frame: Frame): number {
    const { machine, settings, bitsPerSecond } = this;
    if (frame.length < shortestFrame) {
      frame.bytes.fill(0, frame.length, shortestFrame);
      frame.length = shortestFrame;
    }
    const waitingBytes = (Math.max(0, this.busyUntil - machine.now) * bitsPerSecond) / 8e9;
    if (waitingBytes + frame.length > settings.queueBytes) {
      this.record(frame);
      this.settle(frame, 'queue-overflow');
      return machine.now;
    }
    const begin = Math.max(machine.now, this.busyUntil);
    this.busyUntil = begin + Math.ceil(((frame.length + framingBytes) * 8e9) / bitsPerSecond);
    if (begin === machine.now) this.record(frame);
    else machine.schedule(begin, this, linkEvents.begin, frame, surroundings);
    const lost = this.random.nextChance(settings.loss);
    const arrival = lost ? linkEvents.lost : linkEvents.delivered;
    if (this.disturbed !== undefined) this.carryDisturbed(frame, lost, this.disturbed);
    else if (this.medium === undefined)
      machine.schedule(this.busyUntil + settings.delay, this, arrival, frame, surroundings);
    else this.medium.carry(frame, this.busyUntil + settings.delay, lost);
    return this.busyUntil;
  }

  private carryDisturbed(
    frame: Frame,
    lost: boolean,
    { by, medium }: NonNullable<Direction['disturbed']>,
  ): void {
    const isLost = by.random.nextChance(by.loss) || lost;
    medium.carry(frame, this.busyUntil + this.settings.delay + by.delay, isLost);
  }

  onEvent(event: number, payload: unknown): void {
    const frame = payload as Frame;
    if (event === linkEvents.begin) this.record(frame);
    else if (event === linkEvents.received) this.hand(frame);
    else this.settle(frame, event === linkEvents.lost || !this.carrier ? 'lost' : 'delivered');
  }

  /** Its first bit leaves now. */
  private record(frame: Frame): void {
    const { machine } = this;
    frame.event = machine.probe.frame(
      machine.now,
      frame.sender ?? this.sender.component,
      frame.path,
      frame.connection,
      machine.currentCause,
      frame.length,
      frame.payloadLength,
      frame.retransmission,
      frame.bytes,
    );
  }

  private settle(frame: Frame, fate: FrameFate, flippedBits?: readonly number[]): void {
    const { machine } = this;
    const receiver = this.receiver.receiverOf?.(frame) ?? this.receiver.component;
    machine.probe.frameFate(machine.now, frame.event, fate, receiver, flippedBits);
    if (!fateDelivers(fate)) {
      if (fate === 'fcs-error') this.receiver.frameDamaged?.();
      this.pool.release(frame);
      return;
    }
    machine.cause = frame.event;
    const processor = this.receiver.processorFor?.(frame);
    if (processor === undefined) this.hand(frame);
    else machine.schedule(machine.now, this, linkEvents.received, frame, processor);
  }

  private hand(frame: Frame): void {
    this.receiver.receive(frame);
    this.pool.release(frame);
  }
}

/** Connects two ends. Each end sends through `transmitter(end)`. */
export class Link implements Transmitter {
  private readonly directions: ReadonlyMap<LinkEnd, Direction>;

  constructor(
    machine: Machine,
    pool: FramePool,
    settings: LinkSettings,
    left: LinkEnd,
    right: LinkEnd,
    /** Tells the chance of several links apart. */
    number = 0,
  ) {
    const chance = (direction: number): Random =>
      machine.random(number === 0 ? direction : furtherLinkStreams + 2 * number + direction);
    const reverse = { ...settings, ...settings.reverse };
    this.directions = new Map([
      [left, new Direction(machine, pool, settings, chance(1), left, right, 2 * number)],
      [right, new Direction(machine, pool, reverse, chance(2), right, left, 2 * number + 1)],
    ]);
  }

  /** Pulls the cable or plugs it in again, and tells both ends. What is on the way when it is pulled is lost. */
  setCarrier(up: boolean): void {
    for (const direction of this.directions.values()) direction.carrier = up;
    for (const end of this.directions.keys()) end.linkChanged?.(up);
  }

  /** Both directions have another rate from now on, bits per second. */
  changeRate(bitsPerSecond: number): void {
    for (const direction of this.directions.values()) direction.changeRate(bitsPerSecond);
  }

  /** One direction is disturbed from now on, the one from the left end or the one to it. */
  disturb(way: 'from-left' | 'to-left', by: Disturbance): void {
    this.direction(way)?.disturb(by);
  }

  /** A disturbance of that direction ends, unless another one has taken its place. */
  calm(way: 'from-left' | 'to-left', by: Disturbance): void {
    this.direction(way)?.calm(by);
  }

  private direction(way: 'from-left' | 'to-left'): Direction | undefined {
    const [fromLeft, toLeft] = [...this.directions.values()];
    return way === 'from-left' ? fromLeft : toLeft;
  }

  transmit(from: LinkEnd, frame: Frame): number {
    const direction = this.directions.get(from);
    if (direction === undefined) throw new Error('the sender is not connected to this link');
    return direction.transmit(frame);
  }
}
