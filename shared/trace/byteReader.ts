/** Thrown inside this room only, when bytes end early or make no sense; the decoder turns it into a TraceError. */
export class MalformedBytes extends Error {}

/** Bounded little-endian reader: nothing that it is asked can make it read outside [position, end). */
export class ByteReader {
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    public position: number,
    readonly end: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private take(count: number): number {
    const start = this.position;
    if (count < 0 || start + count > this.end)
      throw new MalformedBytes(`needs ${count} bytes at ${start}, has ${this.end - start}`);
    this.position = start + count;
    return start;
  }

  /** Passes `count` bytes over and answers where they begin. */
  skip(count: number): number {
    return this.take(count);
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u24(): number {
    const start = this.take(3);
    return this.bytes[start]! | (this.bytes[start + 1]! << 8) | (this.bytes[start + 2]! << 16);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  f64(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new MalformedBytes(`integer before ${this.position} is too long`);
  }

  optional(): number | undefined {
    const value = this.varint();
    return value === 0 ? undefined : value - 1;
  }

  /** A copy of the next bytes. */
  raw(count: number): Uint8Array {
    const start = this.take(count);
    return this.bytes.slice(start, start + count);
  }

  /** Length-prefixed bytes, copied. */
  block(): Uint8Array {
    return this.raw(this.varint());
  }

  /** A count of things of at least `smallest` bytes each; refuses more than the rest can hold. */
  count(smallest: number): number {
    const value = this.varint();
    if (value * smallest > this.end - this.position)
      throw new MalformedBytes(`count ${value} at ${this.position} exceeds the record`);
    return value;
  }
}
