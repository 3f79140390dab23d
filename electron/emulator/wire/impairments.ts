/** What a direction of a link does to frames besides losing each with one probability. */
import type { Random } from '../../../shared/base/random';

/** Loss in bursts (Gilbert and Elliott): before each frame the direction may change between a good and a bad state. */
export interface BurstLoss {
  /** Probabilities of the change, before each frame. */
  readonly goodToBad: number;
  readonly badToGood: number;
  /** Probabilities of a loss in each state. */
  readonly lossInGood: number;
  readonly lossInBad: number;
}

/** See the file's head; probabilities are for each frame, 0 to 1. */
export interface Impairments {
  readonly burstLoss: BurstLoss | undefined;
  /** Probability that a frame arrives twice. */
  readonly duplicate: number;
  /** Probability that a frame is held back, so that frames behind it may overtake it. */
  readonly reorder: number;
  /** Longest time for which a frame is held back, and for which a copy comes late, ns. */
  readonly reorderDelay: number;
  /** Probability that bits of a frame flip. */
  readonly corrupt: number;
  /**
   * Part of the corrupted frames whose frame check sequence is right all the same, as where a store-and-forward device flips bits
   * between checking and sending. The others never get past the adapter that receives them.
   */
  readonly corruptPastFcs: number;
  /** Longest additional delay, ns. Jitter alone changes no order. */
  readonly jitter: number;
}

/** A direction that does nothing of this. */
export const noImpairments: Impairments = {
  burstLoss: undefined,
  duplicate: 0,
  reorder: 0,
  reorderDelay: 200_000,
  corrupt: 0,
  corruptPastFcs: 0.1,
  jitter: 0,
};

/** Whether settings impair anything. */
export function impairs({ burstLoss, duplicate, reorder, corrupt, jitter }: Impairments): boolean {
  return burstLoss !== undefined || duplicate > 0 || reorder > 0 || corrupt > 0 || jitter > 0;
}

/**
 * Most bits between the first and the last one of a corruption. The Internet checksum shows every burst of at most 15 bits: that any
 * longer one gets through is a matter of chance, and no fault of the receiver.
 */
export const longestBurst = 15;

/** Draws a burst of 1 to {@link longestBurst} bits of a frame of `length` bytes; positions ascend, bit 0 is the first on the wire's page. */
export function drawFlippedBits(random: Random, length: number): number[] {
  const first = random.nextBelow(length * 8);
  const end = Math.min(first + 1 + random.nextBelow(longestBurst), length * 8);
  const flipped = [first];
  for (let bit = first + 1; bit < end; bit++) if (random.nextChance(0.5)) flipped.push(bit);
  return flipped;
}

/** Flips bits of a frame in place; bit 0 is the most significant one of the first byte. */
export function flipBits(bytes: Uint8Array, bits: readonly number[]): void {
  for (const bit of bits) {
    const at = bit >>> 3;
    if (at < bytes.length) bytes[at]! ^= 0x80 >>> (bit & 7);
  }
}
