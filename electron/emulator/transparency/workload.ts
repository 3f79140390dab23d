/** What the two applications of a connection do: drawn once from a seed, so that it is the same with and without hand-overs. */
import type { Random } from '../../../shared/base/random';

/** Bytes of a stream at most; a part of the streams is empty. */
const longestStream = 40 * 1024;
const emptyShare = 0.08;

/** Bytes of a piece at most. */
const longestPiece = 6 * 1024;

/** Longest pauses between pieces and reads, virtual ns. */
const shortPause = 200_000;
const longPause = 25_000_000;

/** One side's part. */
export interface SidePlan {
  readonly bytes: Uint8Array;
  /** How many bytes each post has, in order, and how long the application waits before it. */
  readonly posts: readonly { readonly length: number; readonly pause: number }[];
  /** Pause before its half of the connection is closed, virtual ns. */
  readonly closePause: number;
  /** Whether it closes only when the other side has closed. */
  readonly closesSecond: boolean;
  /** How it reads: bytes that it takes at a time, and the pause before it takes them. Used in turn, over and over. */
  readonly reads: readonly { readonly bytes: number; readonly pause: number }[];
}

/** A connection. */
export interface ConnectionPlan {
  /** When the host's application connects, virtual ns after the start. */
  readonly connectAt: number;
  /** The way in which the host's application reads: as it comes, by posted requests, from indications in part, or on request. */
  readonly hostReads: 'at-once' | 'posted' | 'in-part' | 'on-request';
  /** Receive requests that it keeps posted, where it does. */
  readonly posted: number;
  readonly host: SidePlan;
  readonly peer: SidePlan;
}

function drawPause(random: Random): number {
  return random.nextBelow(random.nextChance(0.7) ? shortPause : longPause);
}

function drawSide(random: Random, closesSecond: boolean): SidePlan {
  const bytes = new Uint8Array(random.nextChance(emptyShare) ? 0 : 1 + random.nextBelow(longestStream));
  random.fill(bytes);
  const largest = 1 + random.nextBelow(longestPiece);
  const posts: { length: number; pause: number }[] = [];
  for (let left = bytes.length; left > 0;) {
    // Nagle's algorithm sends one small piece for each delayed acknowledgment: few streams are made of those.
    const length = Math.min(left, Math.max(Math.min(200, left), 1 + random.nextBelow(largest)));
    posts.push({ length, pause: drawPause(random) });
    left -= length;
  }
  const quick = random.nextChance(0.5);
  const reads = Array.from({ length: 7 }, () => ({
    bytes: 256 + random.nextBelow(8 * 1024),
    pause: quick ? 0 : drawPause(random),
  }));
  return { bytes, posts, closePause: drawPause(random), closesSecond, reads };
}

const readingWays = ['at-once', 'posted', 'in-part', 'on-request'] as const;

/** Draws a connection. */
export function drawConnection(random: Random): ConnectionPlan {
  // Two sides that wait for each other would never close.
  const second = random.nextBelow(3);
  return {
    connectAt: random.nextBelow(5_000_000),
    hostReads: readingWays[random.nextBelow(readingWays.length)]!,
    posted: 1 + random.nextBelow(3),
    host: drawSide(random, second === 1),
    peer: drawSide(random, second === 2),
  };
}
