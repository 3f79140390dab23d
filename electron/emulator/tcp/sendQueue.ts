/**
 * The bytes between SndUna and the end of what the user has posted. Nothing is copied: chunks refer to the user's memory until
 * the peer has acknowledged them.
 */

/** Learns how far the peer has acknowledged a chunk's bytes. */
export interface SendOwner {
  /** `count` further bytes, in order, have been acknowledged. */
  onAcknowledged(count: number): void;
}

interface Chunk {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly owner: SendOwner;
  /** Whether the user's message ends with it: its last segment carries PSH. */
  readonly push: boolean;
  /** Position of its first byte, counted from the beginning of the queue's life. */
  readonly position: number;
}

/** Stands for the chunks of a queue that has had none yet. */
const noChunks: readonly Chunk[] = [];

/** See the file's head. Offsets count from the first unacknowledged byte. */
export class SendQueue {
  private chunks: readonly Chunk[] = noChunks;
  private head = 0;
  private released = 0;
  private appended = 0;

  /** Bytes in the queue: sent and unacknowledged, and unsent. */
  get length(): number {
    return this.appended - this.released;
  }

  /** Appends a chunk; empty chunks are refused. */
  append(bytes: Uint8Array, owner: SendOwner, push: boolean): void {
    if (bytes.length === 0) throw new RangeError('a chunk must hold a byte');
    this.ownChunks.push({ bytes, length: bytes.length, owner, push, position: this.appended });
    this.appended += bytes.length;
  }

  /**
   * Forgets the first `count` bytes and tells their owners. Owners are told last, so that one that posts more finds the queue in
   * order.
   */
  release(count: number): void {
    if (count > this.length) throw new RangeError(`releases ${count} of ${this.length} bytes`);
    const end = this.released + count;
    const first = this.chunks[this.head];
    if (first !== undefined && end < first.position + first.length) {
      this.released = end;
      first.owner.onAcknowledged(count);
      return;
    }
    const told: { readonly owner: SendOwner; readonly count: number }[] = [];
    while (this.released < end) {
      const chunk = this.chunks[this.head]!;
      const chunkEnd = chunk.position + chunk.length;
      const reached = Math.min(end, chunkEnd);
      told.push({ owner: chunk.owner, count: reached - this.released });
      this.released = reached;
      if (reached === chunkEnd) this.head++;
    }
    if (this.head === this.chunks.length) {
      // Nothing of the user's memory is held any longer than it must.
      this.chunks = noChunks;
      this.head = 0;
    } else if (this.head > 64 && this.head * 2 > this.chunks.length) {
      this.chunks = this.chunks.slice(this.head);
      this.head = 0;
    }
    for (const { owner, count: acknowledged } of told) owner.onAcknowledged(acknowledged);
  }

  /** Copies `count` bytes at `offset` to `target` at `at`. */
  copyOut(offset: number, count: number, target: Uint8Array, at: number): void {
    let position = this.released + offset;
    const end = position + count;
    let index = this.chunkAt(position);
    while (position < end) {
      const chunk = this.chunks[index++]!;
      const from = position - chunk.position;
      const step = Math.min(end - position, chunk.length - from);
      target.set(chunk.bytes.subarray(from, from + step), at);
      at += step;
      position += step;
    }
  }

  /** Whether a message ends exactly at `offset`, or the queue does. */
  endsAt(offset: number): boolean {
    if (offset === 0) return false;
    const position = this.released + offset;
    if (position === this.appended) return true;
    const chunk = this.chunks[this.chunkAt(position - 1)]!;
    return chunk.push && chunk.position + chunk.length === position;
  }

  /** The chunks, to append to. */
  private get ownChunks(): Chunk[] {
    if (this.chunks === noChunks) this.chunks = [];
    return this.chunks as Chunk[];
  }

  private chunkAt(position: number): number {
    let low = this.head;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.chunks[middle]!.position <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
