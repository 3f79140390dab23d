/** pcapng files as others write them: the other byte order, other resolutions, obsolete and unknown blocks, several sections. */
import { describe, expect, it } from 'vitest';
import { concatenate } from '../../harness/traceBytes';
import { readCapture } from '../../harness/readCapture';

/** Writes blocks of one byte order. */
class Blocks {
  constructor(private readonly littleEndian: boolean) {}

  u16(value: number): Uint8Array {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, this.littleEndian);
    return bytes;
  }

  u32(...values: number[]): Uint8Array {
    const bytes = new Uint8Array(values.length * 4);
    values.forEach((value, index) => {
      new DataView(bytes.buffer).setUint32(index * 4, value, this.littleEndian);
    });
    return bytes;
  }

  block(type: number, ...parts: Uint8Array[]): Uint8Array {
    const body = concatenate(parts);
    return concatenate([this.u32(type, body.length + 12), body, this.u32(body.length + 12)]);
  }

  option(code: number, ...value: number[]): Uint8Array {
    const padding = new Uint8Array(-value.length & 3);
    return concatenate([this.u16(code), this.u16(value.length), Uint8Array.from(value), padding]);
  }

  section(): Uint8Array {
    const unknownLength = this.u32(0xffff_ffff, 0xffff_ffff);
    return this.block(0x0a0d0d0a, this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), unknownLength);
  }

  interface(...options: Uint8Array[]): Uint8Array {
    return this.block(1, this.u16(1), this.u16(0), this.u32(0), ...options);
  }

  packet(interfaceNumber: number, high: number, low: number, data: readonly number[]): Uint8Array {
    const padding = new Uint8Array(-data.length & 3);
    const head = this.u32(interfaceNumber, high, low, data.length, data.length);
    return this.block(6, head, Uint8Array.from(data), padding);
  }
}

const orders = [new Blocks(true), new Blocks(false)];

describe.each(orders)('pcapng of either byte order', (order) => {
  it('counts in microseconds where no resolution is given', () => {
    const bytes = concatenate([order.section(), order.interface(), order.packet(0, 1, 2, [9])]);
    expect(readCapture(bytes).packets).toMatchObject([{ time: ((1n << 32n) + 2n) * 1000n, length: 1 }]);
  });

  it.each([
    [3, 1_000_000n],
    [9, 1n],
    [12, 0n],
    [0x80, 1_000_000_000n],
    [0x81, 500_000_000n],
  ])('takes if_tsresol %i as its unit', (resolution, nanoseconds) => {
    const own = order.interface(order.option(9, resolution));
    const bytes = concatenate([order.section(), own, order.packet(0, 0, 1, [])]);
    expect(readCapture(bytes).packets).toMatchObject([{ time: nanoseconds }]);
  });

  it('takes simple and obsolete packets, and skips blocks that it does not know', () => {
    const bytes = concatenate([
      order.section(),
      order.interface(),
      order.block(0x0bad, order.u32(1, 2, 3)),
      order.block(3, order.u32(2), Uint8Array.of(1, 2, 0, 0)),
      order.block(2, order.u16(0), order.u16(7), order.u32(0, 5, 1, 1), Uint8Array.of(3, 0, 0, 0)),
    ]);
    expect(readCapture(bytes).packets).toMatchObject([
      { time: undefined, bytes: Uint8Array.of(1, 2) },
      { time: 5000n, bytes: Uint8Array.of(3) },
    ]);
  });

  it('numbers interfaces through all sections, whose byte orders may differ', () => {
    const other = orders.find((one) => one !== order)!;
    const bytes = concatenate([
      order.section(),
      order.interface(),
      order.packet(0, 0, 1, [1]),
      other.section(),
      other.interface(),
      other.packet(0, 0, 2, [2]),
    ]);
    const { packets, end } = readCapture(bytes);
    expect(end).toEqual({ ok: true, value: 2 });
    expect(packets).toMatchObject([
      { interfaceNumber: 0, time: 1000n },
      { interfaceNumber: 1, time: 2000n },
    ]);
  });

  it.each([
    ['a packet of an interface that its section lacks', order.packet(1, 0, 0, [1])],
    ['a packet that is longer than its block', order.block(6, order.u32(0, 0, 0, 9, 9), order.u32(0))],
    ['a packet block that is too short', order.block(6, order.u32(0, 0))],
    ['an option that is longer than its block', order.interface(order.u16(2), order.u16(5))],
    ['a block whose two lengths differ', concatenate([order.u32(0x77, 12), order.u32(16)])],
    ['a block whose length is no multiple of four', concatenate([order.u32(0x77, 13), order.u32(13)])],
    ['a block of 4 GB', order.u32(0x77, 0xffff_fffc, 0)],
    [
      'a section of an unknown version',
      order.block(0x0a0d0d0a, order.u32(0x1a2b3c4d), order.u16(2), order.u16(0), order.u32(0, 0)),
    ],
  ])('stops at %s and names its place', (_name, bad) => {
    const good = concatenate([order.section(), order.interface(), order.packet(0, 0, 1, [1])]);
    const { packets, end } = readCapture(concatenate([good, bad, order.packet(0, 0, 1, [1])]));
    expect(packets.length).toBe(1);
    expect(end).toMatchObject({ ok: false, error: { code: 'damaged', byteOffset: good.length } });
  });
});
