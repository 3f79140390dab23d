import { advance, distance, isAtOrBefore, isBefore } from './sequenceNumber';

interface Piece {
  sequence: number;
  bytes: Uint8Array;
  push: boolean;
}

/** Segments that arrived ahead of RcvNxt, sorted and without overlaps (RFC 9293 section 3.10.7.4). */
export class ReassemblyQueue {
  private readonly pieces: Piece[] = [];
  private held = 0;

  /** Bytes held. */
  get length(): number {
    return this.held;
  }

  /** Keeps a copy of the parts of bytes[start, start + count) that are not held yet. */
  insert(sequence: number, bytes: Uint8Array, start: number, count: number, push: boolean): void {
    let from = sequence;
    const end = advance(sequence, count);
    for (let index = 0; isBefore(from, end); index++) {
      const next = this.pieces[index];
      if (next === undefined || isAtOrBefore(end, next.sequence)) {
        this.place(index, from, bytes, start + distance(sequence, from), distance(from, end), push);
        return;
      }
      if (isBefore(from, next.sequence)) {
        this.place(
          index++,
          from,
          bytes,
          start + distance(sequence, from),
          distance(from, next.sequence),
          false,
        );
      }
      const nextEnd = advance(next.sequence, next.bytes.length);
      if (isBefore(from, nextEnd)) from = nextEnd;
    }
  }

  /** Takes out the piece that continues at `RcvNxt`, trimmed of what is older; undefined if there is a gap. */
  take(RcvNxt: number): { readonly bytes: Uint8Array; readonly push: boolean } | undefined {
    for (let first = this.pieces[0]; first !== undefined; first = this.pieces[0]) {
      if (isBefore(RcvNxt, first.sequence)) return undefined;
      this.pieces.shift();
      this.held -= first.bytes.length;
      const old = distance(first.sequence, RcvNxt);
      if (old < first.bytes.length) return { bytes: first.bytes.subarray(old), push: first.push };
    }
    return undefined;
  }

  /** Stretches of bytes that are held without a gap. */
  get stretches(): number {
    let count = 0;
    for (let index = 0; index < this.pieces.length; index++) if (this.beginsStretch(index)) count++;
    return count;
  }

  /** Number of the stretch, from 0, that holds the byte at `sequence`; -1 if none does. */
  stretchAround(sequence: number): number {
    let stretch = -1;
    for (let index = 0; index < this.pieces.length; index++) {
      const piece = this.pieces[index]!;
      if (isBefore(sequence, piece.sequence)) return -1;
      if (this.beginsStretch(index)) stretch++;
      if (isBefore(sequence, advance(piece.sequence, piece.bytes.length))) return stretch;
    }
    return -1;
  }

  /** Sequence number at which a stretch begins. */
  leftOf(stretch: number): number {
    return this.pieces[this.firstPieceOf(stretch)]!.sequence;
  }

  /** Sequence number behind a stretch. */
  rightOf(stretch: number): number {
    let index = this.firstPieceOf(stretch);
    while (index + 1 < this.pieces.length && !this.beginsStretch(index + 1)) index++;
    const last = this.pieces[index]!;
    return advance(last.sequence, last.bytes.length);
  }

  private firstPieceOf(stretch: number): number {
    let left = stretch;
    for (let index = 0; index < this.pieces.length; index++) {
      if (this.beginsStretch(index) && left-- === 0) return index;
    }
    throw new RangeError(`there is no stretch ${stretch}`);
  }

  private beginsStretch(index: number): boolean {
    if (index === 0) return true;
    const before = this.pieces[index - 1]!;
    return advance(before.sequence, before.bytes.length) !== this.pieces[index]!.sequence;
  }

  /** Forgets everything. */
  clear(): void {
    this.pieces.length = 0;
    this.held = 0;
  }

  private place(
    index: number,
    sequence: number,
    bytes: Uint8Array,
    start: number,
    count: number,
    push: boolean,
  ): void {
    this.pieces.splice(index, 0, { sequence, bytes: bytes.slice(start, start + count), push });
    this.held += count;
  }
}
