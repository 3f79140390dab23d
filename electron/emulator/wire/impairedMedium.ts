/**
 * The way of frames through an impaired direction of a link: what happens to each is drawn when it leaves, from a generator of its own
 * for each kind of impairment, so that one more of a kind changes nothing about the others.
 */
import type { FrameFate } from '../../../shared/trace/records';
import type { Random } from '../../../shared/base/random';
import type { EventTarget } from '../clock/scheduler';
import { surroundings, type Machine } from '../machine/machine';
import type { Frame, FramePool } from './frame';
import { drawFlippedBits, flipBits, type Impairments } from './impairments';

/** Streams of chance from here on belong to impaired directions, {@link streamsOfDirection} to each. */
const firstStream = 20_000;
const streamsOfDirection = 8;

/** The streams of a direction, by kind. */
const streams = { burstLoss: 0, duplicate: 1, reorder: 2, corrupt: 3, jitter: 4 } as const;

/** A frame on its way. */
interface Passage {
  readonly frame: Frame;
  /** Position in the order of departure. */
  readonly ordinal: number;
  readonly fate: 'delivered' | 'lost' | 'corrupted' | 'fcs-error' | 'duplicated';
  /** Whether a copy follows. */
  readonly duplicate: boolean;
}

/** Where frames of a direction end, with the bits that changed. */
export type Settle = (frame: Frame, fate: FrameFate, flippedBits?: readonly number[]) => void;

/** See the file's head. */
export class ImpairedMedium implements EventTarget {
  private readonly chance: Readonly<Record<keyof typeof streams, Random>>;
  private bad = false;
  private departures = 0;
  /** The latest departure that has arrived, and the latest arrival of a frame that was not held back. */
  private latestArrived = -1;
  private lastArrival = 0;

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    private readonly impairments: Impairments,
    /** Tells directions of links apart. */
    direction: number,
    private readonly settle: Settle,
  ) {
    const random = (kind: keyof typeof streams): Random =>
      machine.random(firstStream + streamsOfDirection * direction + streams[kind]);
    this.chance = {
      burstLoss: random('burstLoss'),
      duplicate: random('duplicate'),
      reorder: random('reorder'),
      corrupt: random('corrupt'),
      jitter: random('jitter'),
    };
  }

  /** Takes a frame that would arrive at `arrival`, or is `lost` already. */
  carry(frame: Frame, arrival: number, lost: boolean): void {
    const { chance, impairments } = this;
    const ordinal = this.departures++;
    const { duplicate, reorder, reorderDelay, corrupt, corruptPastFcs, jitter } = impairments;
    const lostInBurst = this.burstLoses();
    const isDuplicated = chance.duplicate.nextChance(duplicate);
    const isCorrupted = chance.corrupt.nextChance(corrupt);
    let at = arrival;
    if (jitter > 0) at += chance.jitter.nextBelow(Math.floor(jitter) + 1);
    at = this.lastArrival = Math.max(at, this.lastArrival);
    if (chance.reorder.nextChance(reorder)) at += this.lateness(reorderDelay);
    let fate: Passage['fate'] = 'delivered';
    if (lost || lostInBurst) fate = 'lost';
    else if (isCorrupted) fate = chance.corrupt.nextChance(corruptPastFcs) ? 'corrupted' : 'fcs-error';
    const passage: Passage = { frame, ordinal, fate, duplicate: isDuplicated && fate === 'delivered' };
    this.machine.schedule(at, this, 0, passage, surroundings);
  }

  onEvent(_event: number, payload: unknown): void {
    const passage = payload as Passage;
    const { frame, ordinal, fate } = passage;
    if (passage.duplicate) this.copy(passage);
    const overtaken = ordinal < this.latestArrived;
    if (fate === 'lost' || fate === 'fcs-error') {
      this.settle(frame, fate);
      return;
    }
    this.latestArrived = Math.max(this.latestArrived, ordinal);
    if (fate === 'corrupted') {
      const flippedBits = drawFlippedBits(this.chance.corrupt, frame.length);
      flipBits(frame.bytes, flippedBits);
      this.settle(frame, fate, flippedBits);
    } else this.settle(frame, fate === 'delivered' && overtaken ? 'reordered' : fate);
  }

  private burstLoses(): boolean {
    const { burstLoss } = this.impairments;
    if (burstLoss === undefined) return false;
    const random = this.chance.burstLoss;
    if (random.nextChance(this.bad ? burstLoss.badToGood : burstLoss.goodToBad)) this.bad = !this.bad;
    return random.nextChance(this.bad ? burstLoss.lossInBad : burstLoss.lossInGood);
  }

  /** The same frame once more: at once, or late where this direction holds frames back. */
  private copy({ frame, ordinal }: Passage): void {
    const { machine, impairments, pool } = this;
    const copy = pool.take(frame.path);
    copy.bytes.set(frame.bytes.subarray(0, frame.length));
    copy.length = frame.length;
    copy.sender = frame.sender;
    copy.connection = frame.connection;
    copy.payloadLength = frame.payloadLength;
    copy.retransmission = frame.retransmission;
    copy.event = frame.event;
    const late = impairments.reorder > 0 ? this.lateness(impairments.reorderDelay) : 0;
    const passage: Passage = { frame: copy, ordinal, fate: 'duplicated', duplicate: false };
    machine.schedule(machine.now + late, this, 0, passage, surroundings);
  }

  private lateness(longest: number): number {
    return 1 + this.chance.reorder.nextBelow(Math.max(1, Math.floor(longest)));
  }
}
