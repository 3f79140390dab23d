import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../shared/trace/byteReader';
import { frameHeadLength } from '../../../shared/trace/layout';
import { frameFates, framePaths, recordKinds, type TraceRecord } from '../../../shared/trace/records';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import {
  concatenate,
  encodePieces,
  encodeTrace,
  plainHeader,
  readPieces,
  readTrace,
  type TimedRecord,
} from '../../harness/traceBytes';

const component: TimedRecord = {
  time: 0,
  record: { kind: 'component', id: 0, role: 'ndis', name: 'ndis.sys' },
};

function note(text: string): TraceRecord {
  return { kind: 'note', component: 0, connection: undefined, cause: undefined, text };
}

function encoderInto(pieces: Uint8Array[]): TraceEncoder {
  return new TraceEncoder(plainHeader, { write: (bytes) => void pieces.push(bytes.slice()) });
}

describe('a trace that has been written', () => {
  it('reads back as the same header, records and times', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const reading = readTrace(encodeTrace(records));
        expect(reading.header).toEqual(plainHeader);
        expect(reading.records).toEqual(records.map(({ record }) => record));
        expect(reading.times).toEqual(records.map(({ time }) => time));
        expect(reading.counted).toBe(records.length);
        expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
      }),
      property(200),
    );
  });

  it('has seen records of every kind in that property', () => {
    const samples = fc.sample(arbitraryRecords(), property(200));
    const kinds = new Set(samples.flatMap((records) => records.map(({ record }) => record.kind)));
    expect([...kinds].sort()).toEqual([...recordKinds].sort());
  });

  it('is the same bytes for the same records', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        expect(encodeTrace(records)).toEqual(encodeTrace(structuredClone(records)));
      }),
      property(50),
    );
  });

  it('reads the same however often it was flushed', () => {
    fc.assert(
      fc.property(arbitraryRecords(), fc.integer({ min: 1, max: 5 }), (records, every) => {
        const flushed = concatenate(encodePieces(records, plainHeader, (index) => index % every === 0));
        expect(readTrace(flushed)).toEqual(readTrace(encodeTrace(records)));
      }),
      property(50),
    );
  });

  it('reads the same from pieces of any size', () => {
    fc.assert(
      fc.property(arbitraryRecords(true, 12), fc.integer({ min: 1, max: 200 }), (records, size) => {
        const bytes = encodeTrace(records);
        const count = Math.ceil(bytes.length / size);
        const pieces = Array.from({ length: count }, (_, index) =>
          bytes.slice(index * size, (index + 1) * size),
        );
        expect(readPieces(pieces)).toEqual(readTrace(bytes));
      }),
      property(50),
    );
  });

  it('reads the same byte by byte', () => {
    const records = fc.sample(arbitraryRecords(true, 20), property(1))[0]!;
    const bytes = encodeTrace(records);
    expect(readPieces(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(readTrace(bytes));
  });

  it('shows every record to listeners once, in order, with the id under which it is stored', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const seen: unknown[] = [];
        readTrace(encodeTrace(records), [
          { onRecord: (record, event, time) => void seen.push({ record, event, time }) },
        ]);
        expect(seen).toEqual(records.map(({ record, time }, event) => ({ record, event, time })));
      }),
      property(50),
    );
  });
});

describe('the encoder', () => {
  it('cuts frames to the snap length and to their length on the wire', () => {
    const frame = (length: number): TimedRecord => ({
      time: 0,
      record: {
        kind: 'frame',
        sender: 0,
        path: 'host',
        connection: undefined,
        cause: undefined,
        length,
        payloadLength: 0,
        retransmission: false,
        bytes: new Uint8Array(200).fill(7),
      },
    });
    const { records } = readTrace(encodeTrace([component, frame(200), frame(20)]));
    expect(records.slice(1)).toMatchObject([
      { length: 200, bytes: new Uint8Array(plainHeader.snapLength).fill(7) },
      { length: 20, bytes: new Uint8Array(20).fill(7) },
    ]);
  });

  it('writes frames, fates and numbers of state the same with and without an object', () => {
    const declared: TimedRecord[] = [
      component,
      {
        time: 0,
        record: {
          kind: 'state-object',
          id: 0,
          layer: 'tcp',
          parent: undefined,
          connection: undefined,
          label: 'TCP',
        },
      },
    ];
    const bytes = Uint8Array.of(1, 2, 3);
    const objects = encodeTrace([
      ...declared,
      {
        time: 5,
        record: {
          kind: 'frame',
          sender: 0,
          path: 'chimney',
          connection: undefined,
          cause: 1,
          length: 60,
          payloadLength: 6,
          retransmission: true,
          bytes,
        },
      },
      { time: 9, record: { kind: 'frame-fate', frame: 2, fate: 'lost', receiver: 0 } },
      {
        time: 9,
        record: {
          kind: 'state-change',
          object: 0,
          cause: 2,
          writer: 0,
          changes: [
            { variable: 3, value: 1460 },
            { variable: 4, value: 0xffff_ffff },
          ],
        },
      },
    ]);
    const pieces: Uint8Array[] = [];
    const encoder = encoderInto(pieces);
    for (const { time, record } of declared) encoder.write(time, record);
    encoder.writeFrame(5, 0, framePaths.indexOf('chimney'), undefined, 1, 60, 6, true, bytes);
    encoder.writeFrameFate(9, 2, frameFates.indexOf('lost'), 0);
    // Arrays are reused by the caller: what stands behind `count` is not written.
    encoder.writeStateNumbers(9, 0, 0, 2, 2, [3, 4, 5], [1460, 0xffff_ffff, 1]);
    encoder.flush();
    expect(concatenate(pieces)).toEqual(objects);
    expect(encoder.eventCount).toBe(5);
  });

  it('closes chunks at 256, 1,024, 4,096, 16,384 and then 65,536 rows', () => {
    const notes = Array.from({ length: 90_000 }, () => ({ time: 1, record: note('x') }));
    const reading = readTrace(encodeTrace([component, ...notes]));
    expect(reading.records.length).toBe(90_001);
    const rows = encodePieces([component, ...notes])
      .slice(3)
      .map((frame) => {
        const input = new ByteReader(frame, frameHeadLength, frame.length);
        input.varint();
        return input.varint();
      });
    expect(rows).toEqual([256, 1_024, 4_096, 16_384, 65_536, 2_705]);
  });

  it('closes a chunk that holds 4 MiB of bytes', () => {
    const notes = Array.from({ length: 50 }, () => ({ time: 1, record: note('x'.repeat(100_000)) }));
    const frames = encodePieces([component, ...notes]).slice(3);
    expect(frames.length).toBe(2);
    expect(frames[0]!.length).toBeGreaterThanOrEqual(4 * 1024 * 1024);
    expect(frames[0]!.length).toBeLessThan(4.2 * 1024 * 1024);
  });

  it('writes nothing for a flush without records', () => {
    const pieces: Uint8Array[] = [];
    const encoder = encoderInto(pieces);
    encoder.flush();
    encoder.flush();
    expect(pieces.length).toBe(2);
  });

  it('refuses time that goes backwards', () => {
    const encoder = encoderInto([]);
    encoder.write(10, component.record);
    expect(() => encoder.write(9, note('too early'))).toThrow('time goes backwards');
  });

  it.each<[string, TimedRecord]>([
    ['too early', { time: 1, record: note('early') }],
    ['longer than a record may be', { time: 20, record: note('x'.repeat(0x100_0000)) }],
    [
      'that refers to an event that has not happened',
      { time: 20, record: { kind: 'ownership', object: 0, owner: 'host', cause: 99 } },
    ],
    [
      'with a number that a trace cannot hold',
      {
        time: 20,
        record: {
          kind: 'call',
          functionName: 'NdisTcpOffloadSendHandler',
          caller: 0,
          callee: 0,
          irql: 0,
          processor: 0,
          connection: undefined,
          parent: undefined,
          cause: undefined,
          completes: [],
          arguments: [{ kind: 'number', name: 'Flags', value: -1, group: undefined }],
        },
      },
    ],
  ])('keeps the trace readable when it has refused a record %s', (_what, refused) => {
    const pieces: Uint8Array[] = [];
    const encoder = encoderInto(pieces);
    encoder.write(10, component.record);
    expect(() => encoder.write(refused.time, refused.record)).toThrow(RangeError);
    expect(encoder.write(30, note('after'))).toBe(1);
    expect(() => encoder.write(refused.time, refused.record)).toThrow(RangeError);
    encoder.flush();
    encoder.write(40, { kind: 'end', report: '{}' });
    encoder.flush();
    const reading = readTrace(concatenate(pieces));
    expect(reading.times).toEqual([10, 30, 40]);
    expect(reading.records[1]).toEqual(note('after'));
    expect(reading.end).toMatchObject({ ok: true, value: { kind: 'complete' } });
  });
});
