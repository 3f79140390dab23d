/**
 * Received bytes that an application has not asked for yet, and its requests that wait for bytes: the receive buffer of a socket
 * (RFC 9293 section 3.9.1.3, RECEIVE). While the connection is offloaded the bytes are with the target, and each request is a posted
 * receive.
 */

/** A request for bytes. */
interface PendingRead {
  readonly bytes: number;
  readonly done: (bytes: Uint8Array) => void;
  /** The target has a receive for it. */
  posted: boolean;
}

/** See the file's head. */
export class ReadQueue {
  private readonly pieces: Uint8Array[] = [];
  private readonly reads: PendingRead[] = [];
  private buffered = 0;
  private ended = false;

  /** Bytes that wait for a request. */
  get bufferedBytes(): number {
    return this.buffered;
  }

  /** Requests that wait for bytes. */
  get waitingReads(): number {
    return this.reads.length;
  }

  /**
   * Asks for 1 to `bytes` bytes; `done` gets them, at once if there are any, or none at the end of the stream.
   * @throws RangeError unless at least one byte is asked for
   */
  request(bytes: number, done: (bytes: Uint8Array) => void): void {
    if (!(bytes >= 1)) throw new RangeError(`asks for ${bytes} bytes`);
    this.reads.push({ bytes, done, posted: false });
    this.serve();
  }

  /** Bytes have arrived; they are kept, not copied. */
  supply(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.pieces.push(bytes);
    this.buffered += bytes.length;
    this.serve();
  }

  /** Nothing more will arrive: what waits beyond the last byte gets none. */
  end(): void {
    this.ended = true;
    this.serve();
  }

  /** Takes everything that waits, to give it to somebody else. */
  takeBuffered(): Uint8Array[] {
    this.buffered = 0;
    return this.pieces.splice(0);
  }

  /** Sizes of the requests that no posted receive stands for, which now count as posted. */
  takeUnposted(): number[] {
    const unposted = this.reads.filter((read) => !read.posted);
    for (const read of unposted) read.posted = true;
    return unposted.map((read) => read.bytes);
  }

  /** No receive is posted any more. */
  noneIsPosted(): void {
    for (const read of this.reads) read.posted = false;
  }

  private serve(): void {
    while (this.reads.length > 0 && (this.buffered > 0 || this.ended)) {
      const read = this.reads.shift()!;
      read.done(this.take(read.bytes));
    }
  }

  private take(most: number): Uint8Array {
    const first = this.pieces[0];
    if (first === undefined) return new Uint8Array(0);
    const length = Math.min(most, this.buffered);
    this.buffered -= length;
    if (first.length > length) {
      this.pieces[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    if (first.length === length) {
      this.pieces.shift();
      return first;
    }
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const piece = this.pieces[0]!;
      const count = Math.min(piece.length, length - at);
      bytes.set(piece.subarray(0, count), at);
      at += count;
      if (count === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(count);
    }
    return bytes;
  }
}
