/** Bytes that have arrived and are not used yet; appending and consuming cost no more than the bytes themselves. */
export class PendingBytes {
  private buffer = new Uint8Array(0);
  private start = 0;
  private end = 0;

  /** Number of bytes that wait. */
  get length(): number {
    return this.end - this.start;
  }

  /** The bytes that wait; valid until the next `append`. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(this.start, this.end);
  }

  /** Copies bytes to the end. */
  append(more: Uint8Array): void {
    const length = this.length;
    if (this.end + more.length > this.buffer.length) {
      const needed = length + more.length;
      const room = needed > this.buffer.length / 2 ? new Uint8Array(needed * 2) : this.buffer;
      if (room === this.buffer) room.copyWithin(0, this.start, this.end);
      else room.set(this.bytes);
      this.buffer = room;
      this.start = 0;
      this.end = length;
    }
    this.buffer.set(more, this.end);
    this.end += more.length;
  }

  /** Forgets the first `count` bytes. */
  consume(count: number): void {
    this.start += count;
    if (this.start === this.end) this.start = this.end = 0;
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.buffer = new Uint8Array(0);
    this.start = this.end = 0;
  }
}
