/** Growing little-endian byte buffer; allocates only when it grows. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  private view: DataView;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `more` further bytes. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u24(value: number): void {
    this.u8(value & 0xff);
    this.u8((value >>> 8) & 0xff);
    this.u8((value >>> 16) & 0xff);
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /**
   * Unsigned integer up to 2^53 - 1, seven bits a byte, least significant first.
   * @throws RangeError for anything else: it would read back as something else.
   */
  varint(value: number): void {
    if (!(Number.isSafeInteger(value) && value >= 0)) {
      throw new RangeError(`a trace holds whole numbers from 0 to 2^53 - 1, not ${value}`);
    }
    this.reserve(8);
    // Beyond 32 bits there are no shifts.
    while (value > 0xffff_ffff) {
      this.bytes[this.length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    let rest = value >>> 0;
    for (; rest >= 0x80; rest >>>= 7) this.bytes[this.length++] = (rest & 0x7f) | 0x80;
    this.bytes[this.length++] = rest;
  }

  /** An optional unsigned integer: 0 is undefined, others are stored plus one. */
  optional(value: number | undefined): void {
    this.varint(value === undefined ? 0 : value + 1);
  }

  raw(source: Uint8Array, start = 0, end = source.length): void {
    const count = end - start;
    this.reserve(count);
    if (count < 32)
      for (let index = 0; index < count; index++) this.bytes[this.length + index] = source[start + index]!;
    else this.bytes.set(source.subarray(start, end), this.length);
    this.length += count;
  }

  /** Length-prefixed bytes. */
  block(source: Uint8Array): void {
    this.varint(source.length);
    this.raw(source);
  }

  /** Overwrites a u24 written earlier. */
  patchU24(position: number, value: number): void {
    this.bytes[position] = value & 0xff;
    this.bytes[position + 1] = (value >>> 8) & 0xff;
    this.bytes[position + 2] = (value >>> 16) & 0xff;
  }

  /** Overwrites a u32 written earlier. */
  patchU32(position: number, value: number): void {
    this.view.setUint32(position, value, true);
  }

  /** Overwrites an f64 written earlier. */
  patchF64(position: number, value: number): void {
    this.view.setFloat64(position, value, true);
  }
}
