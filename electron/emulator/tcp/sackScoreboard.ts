/**
 * What the peer has said by SACK (RFC 2018 section 5): the ranges above SndUna that it holds, sorted and without overlaps, and what
 * RFC 6675 section 4 derives from them.
 */
import { advance, distance, isAtOrBefore, isBefore } from './sequenceNumber';

/** Ranges that are remembered: nobody can make it grow without limit. */
const mostRanges = 256;

/** See the file's head. Edges are sequence numbers; a range ends before its right edge. */
export class SackScoreboard {
  private readonly lefts: number[] = [];
  private readonly rights: number[] = [];

  /** Ranges held. */
  get size(): number {
    return this.lefts.length;
  }

  /** End of the highest range; only while there is one. */
  get highest(): number {
    return this.rights[this.rights.length - 1]!;
  }

  /** Enters a range; answers whether it says anything new. */
  add(left: number, right: number): boolean {
    const { lefts, rights } = this;
    let first = 0;
    while (first < lefts.length && isBefore(rights[first]!, left)) first++;
    let last = first;
    while (last < lefts.length && isAtOrBefore(lefts[last]!, right)) last++;
    if (last === first) {
      if (lefts.length === mostRanges) return false;
      lefts.splice(first, 0, left);
      rights.splice(first, 0, right);
      return true;
    }
    if (last === first + 1 && isAtOrBefore(lefts[first]!, left) && isAtOrBefore(right, rights[first]!))
      return false;
    const from = isBefore(lefts[first]!, left) ? lefts[first]! : left;
    const to = isBefore(right, rights[last - 1]!) ? rights[last - 1]! : right;
    lefts.splice(first, last - first, from);
    rights.splice(first, last - first, to);
    return true;
  }

  /** Everything before `SndUna` has been acknowledged. */
  acknowledge(SndUna: number): void {
    const { lefts, rights } = this;
    let passed = 0;
    while (passed < lefts.length && isAtOrBefore(rights[passed]!, SndUna)) passed++;
    if (passed > 0) {
      lefts.splice(0, passed);
      rights.splice(0, passed);
    }
    if (lefts.length > 0 && isBefore(lefts[0]!, SndUna)) lefts[0] = SndUna;
  }

  /** Forgets everything: the peer may take back what it has said (RFC 2018 section 8). */
  clear(): void {
    this.lefts.length = 0;
    this.rights.length = 0;
  }

  /** First sequence number at or behind `sequence` that is in no range. */
  nextHole(sequence: number): number {
    const { lefts, rights } = this;
    for (let index = 0; index < lefts.length; index++) {
      if (isBefore(sequence, lefts[index]!)) return sequence;
      if (isBefore(sequence, rights[index]!)) return rights[index]!;
    }
    return sequence;
  }

  /** Bytes from `sequence`, which is in no range, to the next range; Infinity behind the last. */
  roomBeforeRange(sequence: number): number {
    const next = this.lefts.find((left) => isBefore(sequence, left));
    return next === undefined ? Infinity : distance(sequence, next);
  }

  /** Bytes of ranges before `end`. */
  heldBefore(end: number): number {
    const { lefts, rights } = this;
    let held = 0;
    for (let index = 0; index < lefts.length && isBefore(lefts[index]!, end); index++) {
      held += distance(lefts[index]!, isBefore(end, rights[index]!) ? end : rights[index]!);
    }
    return held;
  }

  /**
   * Sequence number before which everything that is in no range counts as lost: `threshold` ranges, or more than
   * (`threshold` - 1) * `mss` bytes of them, lie above it (IsLost of RFC 6675 section 4). `SndUna` if nothing is lost.
   */
  lostBefore(SndUna: number, mss: number, threshold: number): number {
    const { lefts, rights } = this;
    let bytes = 0;
    for (let index = lefts.length - 1; index >= 0; index--) {
      bytes += distance(lefts[index]!, rights[index]!);
      if (lefts.length - index >= threshold || bytes > (threshold - 1) * mss) return lefts[index]!;
    }
    return SndUna;
  }

  /**
   * Bytes that are thought to be on their way (SetPipe of RFC 6675 section 4): what is neither held nor lost, and what has been
   * sent again, which is everything before `highRetransmitted`.
   */
  pipe(SndUna: number, SndMax: number, lostBefore: number, highRetransmitted: number): number {
    const holes = (from: number, to: number): number =>
      isBefore(from, to) ? distance(from, to) - this.heldBefore(to) + this.heldBefore(from) : 0;
    return holes(lostBefore, SndMax) + holes(SndUna, highRetransmitted);
  }

  /** Start of the last stretch before `SndMax` that is in no range, no longer than `mss`; undefined if there is none. */
  lastHole(SndUna: number, SndMax: number, mss: number): number | undefined {
    const { lefts, rights } = this;
    let end = SndMax;
    let index = lefts.length - 1;
    while (index >= 0 && isAtOrBefore(end, rights[index]!)) end = lefts[index--]!;
    const from = index >= 0 ? rights[index]! : SndUna;
    if (!isBefore(from, end)) return undefined;
    return distance(from, end) > mss ? advance(end, -mss) : from;
  }
}
