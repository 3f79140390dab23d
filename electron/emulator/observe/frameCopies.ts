/** Copies of frames for those who look at them after the probe's call: buffers of frames are used again. */

/** Bytes that are allocated at once for copies of frames. */
const slabLength = 65_536;

/** Many copies to an allocation: one of its own for each costs more than the copy. Old ones go when no frame of theirs is known. */
export class FrameCopies {
  private slab = new Uint8Array(slabLength);
  private used = 0;

  /** A copy of the first `length` bytes. */
  of(bytes: Uint8Array, length: number): Uint8Array {
    if (length > slabLength / 8) return bytes.slice(0, length);
    if (this.used + length > slabLength) {
      this.slab = new Uint8Array(slabLength);
      this.used = 0;
    }
    const { slab, used: from } = this;
    for (let at = 0; at < length; at++) slab[from + at] = bytes[at]!;
    this.used = from + length;
    return slab.subarray(from, from + length);
  }
}
