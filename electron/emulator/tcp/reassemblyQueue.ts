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
