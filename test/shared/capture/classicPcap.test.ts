import { describe, expect, it } from 'vitest';
import { concatenate } from '../../harness/traceBytes';
import { readCapture } from '../../harness/readCapture';

interface Flavour {
  readonly littleEndian: boolean;
  readonly magic: number;
  readonly unit: bigint;
}

const flavours: readonly Flavour[] = [
  { littleEndian: true, magic: 0xa1b2c3d4, unit: 1000n },
  { littleEndian: false, magic: 0xa1b2c3d4, unit: 1000n },
  { littleEndian: true, magic: 0xa1b23c4d, unit: 1n },
  { littleEndian: false, magic: 0xa1b23c4d, unit: 1n },
];

function words({ littleEndian }: Flavour, ...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, index) => {
    new DataView(bytes.buffer).setUint32(index * 4, value, littleEndian);
  });
  return bytes;
}

function header(flavour: Flavour): Uint8Array {
  const bytes = words(flavour, flavour.magic, 0, 0, 0, 96, 1);
  const view = new DataView(bytes.buffer);
  view.setUint16(4, 2, flavour.littleEndian);
  view.setUint16(6, 4, flavour.littleEndian);
  return bytes;
}

describe.each(flavours)('classic pcap, little-endian $littleEndian, unit $unit ns', (flavour) => {
  it('gives every record with its time and lengths, in pieces of any size', () => {
    const bytes = concatenate([
      header(flavour),
      words(flavour, 1_700_000_000, 999_999, 3, 1514),
      Uint8Array.of(1, 2, 3),
      words(flavour, 1_700_000_001, 0, 0, 0),
    ]);
    for (const piece of [1, 7, 100]) {
      const { interfaces, packets, end } = readCapture(bytes, piece);
      expect(end).toEqual({ ok: true, value: 2 });
      expect(interfaces).toEqual([{ linkType: 1, snapLength: 96, name: undefined, description: undefined }]);
      expect(packets).toMatchObject([
        {
          time: 1_700_000_000n * 1_000_000_000n + 999_999n * flavour.unit,
          length: 1514,
          bytes: Uint8Array.of(1, 2, 3),
          byteOffset: 24,
        },
        { time: 1_700_000_001n * 1_000_000_000n, length: 0, byteOffset: 43 },
      ]);
    }
  });

  it('stops at a record whose length nobody believes, and names its place', () => {
    const bytes = concatenate([header(flavour), words(flavour, 0, 0, 0x7fff_ffff, 60)]);
    expect(readCapture(bytes).end).toMatchObject({ ok: false, error: { code: 'damaged', byteOffset: 24 } });
  });

  it('says where it is cut', () => {
    const bytes = concatenate([header(flavour), words(flavour, 0, 0, 60, 60), new Uint8Array(59)]);
    expect(readCapture(bytes).end).toMatchObject({ ok: false, error: { code: 'cut', byteOffset: 24 } });
  });
});
