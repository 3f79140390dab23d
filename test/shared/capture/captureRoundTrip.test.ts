import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PcapngWriter, type CapturePacket } from '../../../shared/capture/pcapngWriter';
import { encodeUtf8 } from '../../../shared/base/utf8';
import { property } from '../../harness/property';
import { concatenate } from '../../harness/traceBytes';
import { readCapture } from '../../harness/readCapture';

const section = { application: 'chimneysweep test', comment: 'scenario transfer, seed 7' };

const packet: fc.Arbitrary<CapturePacket> = fc.record(
  {
    interfaceNumber: fc.nat({ max: 1 }),
    time: fc.maxSafeNat(),
    length: fc.nat({ max: 70_000 }),
    bytes: fc.uint8Array({ maxLength: 300 }),
    direction: fc.constantFrom('inbound', 'outbound'),
    comment: fc.string({ unit: 'grapheme', maxLength: 40 }),
    dropped: fc.nat({ max: 3 }),
  },
  { requiredKeys: ['interfaceNumber', 'time', 'length', 'bytes'] },
);

/** A capture of two interfaces, the second of which keeps 100 bytes of each packet. */
function write(packets: readonly CapturePacket[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = new PcapngWriter({ write: (bytes) => pieces.push(bytes.slice()) }, section);
  writer.addInterface({
    name: 'Offload target',
    description: 'wire side',
    bitsPerSecond: 1e9,
    snapLength: 0,
  });
  writer.addInterface({ name: 'Echo server', description: 'peer', snapLength: 100 });
  for (const one of packets) writer.packet(one);
  writer.finish(1e9);
  return concatenate(pieces);
}

describe('PcapngWriter', () => {
  it('writes what CaptureReader reads: every packet with interface, stamp, direction and comment', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 30 }),
        fc.integer({ min: 1, max: 5000 }),
        (packets, piece) => {
          const read = readCapture(write(packets), piece);
          expect(read.end).toEqual({ ok: true, value: packets.length });
          expect(read.interfaces).toEqual([
            { linkType: 1, snapLength: 0, name: 'Offload target', description: 'wire side' },
            { linkType: 1, snapLength: 100, name: 'Echo server', description: 'peer' },
          ]);
          expect(read.packets).toMatchObject(
            packets.map(({ interfaceNumber, time, length, bytes, direction, comment }) => {
              const kept = Math.min(bytes.length, length, interfaceNumber === 0 ? Infinity : 100);
              return {
                interfaceNumber,
                time: BigInt(time),
                length,
                bytes: bytes.slice(0, kept),
                direction,
                comments: comment === undefined ? [] : [comment],
              };
            }),
          );
        },
      ),
      property(),
    );
  });

  it('fills every block to a multiple of four bytes and repeats its length at its end', () => {
    const bytes = write([
      { interfaceNumber: 0, time: 1, length: 61, bytes: new Uint8Array(61), comment: 'x' },
    ]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const types: number[] = [];
    let at = 0;
    while (at < bytes.length) {
      const length = view.getUint32(at + 4, true);
      expect(length % 4).toBe(0);
      expect(view.getUint32(at + length - 4, true)).toBe(length);
      types.push(view.getUint32(at, true));
      at += length;
    }
    expect(at).toBe(bytes.length);
    expect(types).toEqual([0x0a0d0d0a, 1, 1, 6, 5, 5]);
  });

  it('refuses a packet of an interface that nobody has declared', () => {
    const writer = new PcapngWriter({ write: () => undefined }, section);
    expect(() => {
      writer.packet({ interfaceNumber: 0, time: 0, length: 0, bytes: new Uint8Array(0) });
    }).toThrow('interface 0');
  });
});

describe('CaptureReader and what is no whole capture', () => {
  const whole = write([
    { interfaceNumber: 0, time: 5, length: 60, bytes: new Uint8Array(60), comment: 'event 1' },
    { interfaceNumber: 1, time: 6, length: 60, bytes: new Uint8Array(60), direction: 'inbound' },
  ]);

  it('reads everything in front of any cut, and says where the cut is', () => {
    for (let length = 0; length < whole.length; length++) {
      const read = readCapture(whole.subarray(0, length), 64);
      const packetEnds = [...read.packets].length;
      expect(packetEnds).toBeLessThanOrEqual(2);
      if (read.end.ok) continue;
      expect(read.end.error.code).toBe(length < 12 ? 'not-a-capture' : 'cut');
      expect(read.end.error.byteOffset).toBeLessThanOrEqual(length);
    }
  });

  it('never crashes or hangs on changed bytes, and names the place where it stops', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
        (changes) => {
          const bytes = whole.slice();
          for (const [at, change] of changes) bytes[at]! ^= change;
          const { end } = readCapture(bytes, 50);
          if (!end.ok) expect(end.error.byteOffset).toBeLessThanOrEqual(bytes.length);
        },
      ),
      property(3000),
    );
  });

  it('never crashes or hangs on anything that begins like a capture', () => {
    const heads = [[0x0a, 0x0d, 0x0d, 0x0a], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], []];
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 300 }), (head, rest) => {
        const { end } = readCapture(Uint8Array.from([...head, ...rest]), 7);
        expect(typeof end.ok).toBe('boolean');
      }),
      property(3000),
    );
  });

  it.each([
    ['nothing', [], 0],
    ['text', Array.from(encodeUtf8('GET / HTTP/1.1')), 0],
    ['a section header without byte-order magic', [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4], 0],
  ])('refuses %s as no capture', (_name, bytes, byteOffset) => {
    expect(readCapture(Uint8Array.from(bytes), 100).end).toMatchObject({
      ok: false,
      error: { code: 'not-a-capture', byteOffset },
    });
  });
});
