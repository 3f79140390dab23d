import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  finishChecksum,
  sumPseudoHeader,
  sumWords,
} from '../../../../electron/emulator/wire/internetChecksum';
import {
  headerLengthOf,
  readTcpSegment,
  tcpFlags,
  TcpSegment,
  writeTcpSegment,
  type TcpProblem,
} from '../../../../electron/emulator/wire/tcpSegment';
import { property } from '../../../harness/property';

const source = Uint8Array.of(192, 0, 2, 1);
const destination = Uint8Array.of(192, 0, 2, 2);
const start = 34;

const u16 = fc.nat({ max: 0xffff });
const u32 = fc.nat({ max: 0xffff_ffff });
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

const fields = fc
  .record({
    sourcePort: u16,
    destinationPort: u16,
    SequenceNumber: u32,
    AcknowledgmentNumber: u32,
    flags: fc.nat({ max: 0x3f }),
    window: u16,
    urgentPointer: u16,
    maximumSegmentSize: maybe(u16),
    windowScale: maybe(fc.nat({ max: 14 })),
    stamps: maybe(fc.tuple(u32, u32)),
    payload: fc.uint8Array({ maxLength: 100 }),
  })
  .map(({ stamps, payload, ...rest }) => ({
    fields: { ...rest, timestampValue: stamps?.[0], timestampEcho: stamps?.[1] },
    payload,
  }));

type Fields = typeof fields extends fc.Arbitrary<infer Value> ? Value : never;

function written(from: Fields): { bytes: Uint8Array; length: number; segment: TcpSegment } {
  const segment = Object.assign(new TcpSegment(), from.fields);
  segment.payloadLength = from.payload.length;
  const bytes = new Uint8Array(2048).fill(0xee);
  bytes.set(from.payload, start + headerLengthOf(segment));
  return { bytes, segment, length: writeTcpSegment(bytes, start, segment, source, destination) };
}

function read(bytes: Uint8Array, length: number): TcpSegment | TcpProblem {
  const segment = new TcpSegment();
  return readTcpSegment(segment, bytes, start, length, source, destination) ?? segment;
}

/** A segment with these option bytes and a right checksum. */
function withOptions(...options: readonly number[]): TcpSegment | TcpProblem {
  const padded = [...options, ...new Array<number>((4 - (options.length % 4)) % 4).fill(0)];
  const length = 20 + padded.length;
  const bytes = new Uint8Array(start + length);
  bytes[start + 12] = (length / 4) << 4;
  bytes.set(padded, start + 20);
  const checksum = finishChecksum(
    sumWords(sumPseudoHeader(source, destination, 6, length), bytes, start, start + length),
  );
  bytes.set([checksum >>> 8, checksum & 0xff], start + 16);
  return read(bytes, length);
}

describe('TCP segment (RFC 9293 section 3.1)', () => {
  it('reads back as the fields and the payload that were written', () => {
    fc.assert(
      fc.property(fields, (from) => {
        const { bytes, length } = written(from);
        const segment = read(bytes, length) as TcpSegment;
        expect(segment).toMatchObject(from.fields);
        expect(bytes.slice(segment.payloadStart, segment.payloadStart + segment.payloadLength)).toEqual(
          from.payload,
        );
        expect(length).toBe(headerLengthOf(segment) + from.payload.length);
      }),
      property(300),
    );
  });

  it('has a header of whole 32-bit words, at most 60 bytes', () => {
    fc.assert(
      fc.property(fields, (from) => {
        const { segment } = written(from);
        expect(headerLengthOf(segment) % 4).toBe(0);
        expect(headerLengthOf(segment)).toBeLessThanOrEqual(60);
      }),
      property(50),
    );
  });

  it('fails its checksum when any bit changes, in header, payload or pseudo-header', () => {
    fc.assert(
      fc.property(fields, fc.nat(), (from, pick) => {
        const { bytes, length } = written(from);
        const bit = pick % (length * 8);
        bytes[start + (bit >> 3)]! ^= 1 << (bit & 7);
        expect(typeof read(bytes, length)).toBe('string');
        bytes[start + (bit >> 3)]! ^= 1 << (bit & 7);
        const elsewhere = Uint8Array.of(192, 0, 2, 3);
        expect(readTcpSegment(new TcpSegment(), bytes, start, length, elsewhere, destination)).toBe(
          'bad-checksum',
        );
      }),
      property(300),
    );
  });

  it('forgets the options of the segment that was read into the same object before', () => {
    const [stamped, plain] = [
      written({ ...fc.sample(fields, property(1))[0]! }),
      written({
        fields: {
          ...fc.sample(fields, property(1))[0]!.fields,
          maximumSegmentSize: undefined,
          windowScale: undefined,
          timestampValue: undefined,
          timestampEcho: undefined,
        },
        payload: new Uint8Array(0),
      }),
    ];
    const segment = new TcpSegment();
    readTcpSegment(segment, stamped.bytes, start, stamped.length, source, destination);
    readTcpSegment(segment, plain.bytes, start, plain.length, source, destination);
    expect(segment).toMatchObject({
      maximumSegmentSize: undefined,
      windowScale: undefined,
      timestampValue: undefined,
      timestampEcho: undefined,
    });
  });

  it('carries SACK-permitted in the place of the timestamps’ padding, or with padding of its own (RFC 2018 section 2)', () => {
    for (const timestampValue of [undefined, 5]) {
      const { bytes, length, segment } = written({
        fields: {
          ...fc.sample(fields, property(1))[0]!.fields,
          timestampValue,
          timestampEcho: timestampValue,
          sackPermitted: true,
        } as Fields['fields'],
        payload: new Uint8Array(0),
      });
      expect(headerLengthOf(segment) % 4).toBe(0);
      expect(read(bytes, length)).toMatchObject({ sackPermitted: true, timestampValue });
    }
  });

  it('carries SACK blocks (RFC 2018 section 3)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(u32, u32), { maxLength: 4 }), fc.boolean(), (blocks, isStamped) => {
        const segment = new TcpSegment();
        segment.flags = tcpFlags.ACK;
        if (isStamped) segment.timestampValue = segment.timestampEcho = 9;
        segment.sackBlockCount = Math.min(blocks.length, isStamped ? 3 : 4);
        segment.sackBlocks.set(blocks.flat());
        const bytes = new Uint8Array(start + 60);
        const length = writeTcpSegment(bytes, start, segment, source, destination);
        expect(length).toBeLessThanOrEqual(60);
        const back = read(bytes, length) as TcpSegment;
        expect(back.sackBlockCount).toBe(segment.sackBlockCount);
        expect([...back.sackBlocks.subarray(0, 2 * back.sackBlockCount)]).toEqual(
          blocks.slice(0, back.sackBlockCount).flat(),
        );
      }),
      property(),
    );
  });

  it('does without a SACK option of an odd length', () => {
    expect(withOptions(5, 9, 0, 0, 0, 1, 0, 0, 0)).toMatchObject({ sackBlockCount: 0 });
    expect(withOptions(5, 2, 1, 1)).toMatchObject({ sackBlockCount: 0 });
  });

  it('takes payload, SYN and FIN of sequence space (section 3.4)', () => {
    const segment = new TcpSegment();
    segment.payloadLength = 10;
    segment.flags = tcpFlags.SYN | tcpFlags.FIN | tcpFlags.ACK | tcpFlags.PSH;
    expect(segment.sequenceLength).toBe(12);
    segment.flags = tcpFlags.ACK;
    expect(segment.sequenceLength).toBe(10);
  });

  it('is refused when it is shorter than a header or its data offset lies', () => {
    const { bytes } = written({ ...fc.sample(fields, property(1))[0]!, payload: new Uint8Array(0) });
    expect(read(bytes, 19)).toBe('too-short');
    bytes[start + 12] = 0x40;
    expect(read(bytes, 20)).toBe('bad-offset');
    bytes[start + 12] = 0x60;
    expect(read(bytes, 20)).toBe('bad-offset');
  });
});

describe('TCP options (RFC 9293 section 3.2)', () => {
  it('may be padded with no-operations and end with the list', () => {
    expect(withOptions(1, 1, 2, 4, 5, 180, 0, 99, 99)).toMatchObject({ maximumSegmentSize: 1460 });
  });

  it('of unknown kinds are skipped by their length (MUST-6)', () => {
    expect(withOptions(254, 4, 9, 9, 3, 3, 7)).toMatchObject({ windowScale: 7 });
    expect(withOptions(4, 2, 2, 4, 2, 0)).toMatchObject({ maximumSegmentSize: 512 });
  });

  it('of known kinds with a wrong length are skipped', () => {
    expect(withOptions(2, 3, 5, 8, 6, 1, 2, 3, 4)).toMatchObject({
      maximumSegmentSize: undefined,
      timestampValue: undefined,
    });
  });

  it.each([
    ['has length 0', [254, 0, 1, 1]],
    ['has length 1', [254, 1, 1, 1]],
    ['overruns the header', [254, 9, 1, 1]],
    ['has no length', [1, 1, 1, 254]],
  ])('are refused when one %s', (_what, options) => {
    expect(withOptions(...options)).toBe('bad-option');
  });

  it('never scale a window by more than 14 (RFC 7323 section 2.3)', () => {
    expect(withOptions(3, 3, 15)).toMatchObject({ windowScale: 14 });
    expect(withOptions(3, 3, 255)).toMatchObject({ windowScale: 14 });
  });

  it('never throw, whatever their bytes are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 255 }), { maxLength: 40 }), (options) => {
        const segment = withOptions(...options);
        if (typeof segment === 'string') expect(segment).toBe('bad-option');
        else expect(segment.payloadLength).toBe(0);
      }),
      property(1000),
    );
  });
});

describe('any bytes', () => {
  it('are read as a segment or refused, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        const bytes = new Uint8Array(start + noise.length);
        bytes.set(noise, start);
        expect(() => read(bytes, noise.length)).not.toThrow();
      }),
      property(500),
    );
  });
});
