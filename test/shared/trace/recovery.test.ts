import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { portableCodec } from '../../../shared/trace/codec';
import { frameTags } from '../../../shared/trace/layout';
import { recoverTrace, type Recovery } from '../../../shared/trace/recovery';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { memorySource } from '../../../shared/trace/traceSource';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import {
  concatenate,
  headFrame,
  magicBytes,
  plainHeader,
  readTrace,
  type Reading,
  type TimedRecord,
} from '../../harness/traceBytes';
import { framesOf } from '../../fuzz/traces/frames';

function traceOfRecords(records: readonly TimedRecord[], flushEvery = 5): Uint8Array {
  const pieces: Uint8Array[] = [];
  const encoder = new TraceEncoder(plainHeader, { write: (piece) => void pieces.push(piece.slice()) });
  records.forEach(({ time, record }, index) => {
    encoder.write(time, record);
    if (index % flushEvery === flushEvery - 1) encoder.flush();
  });
  encoder.finish();
  return concatenate(pieces);
}

async function recovered(
  bytes: Uint8Array,
): Promise<{ readonly recovery: Recovery; readonly bytes: Uint8Array; readonly reading: Reading }> {
  const pieces: Uint8Array[] = [];
  const sink = { write: (piece: Uint8Array) => void pieces.push(piece.slice()) };
  const result = await recoverTrace(memorySource(bytes), sink, portableCodec);
  if (!result.ok) throw new Error(result.error.message);
  const written = concatenate(pieces);
  return { recovery: result.value, bytes: written, reading: readTrace(written) };
}

/** Where each frame of a file stands. */
function placesOf(
  bytes: Uint8Array,
): { readonly tag: number; readonly start: number; readonly end: number }[] {
  let start = 8;
  return framesOf(bytes).map(({ tag, payload }) => {
    const place = { tag, start, end: start + 12 + payload.length };
    start = place.end;
    return place;
  });
}

const samples = arbitraryRecords().filter((records) => records.length > 20);

/** Notes of one component: only the first chunk brings definitions. */
const plain: TimedRecord[] = [
  { time: 0, record: { kind: 'component', id: 0, role: 'wire', name: 'wire' } },
  ...Array.from({ length: 100 }, (_, index): TimedRecord => ({
    time: index * 1000,
    record: { kind: 'note', component: 0, connection: undefined, cause: undefined, text: `note ${index}` },
  })),
  { time: 200_000, record: { kind: 'end', report: '{}' } },
];

describe('recovery', () => {
  it('of a whole trace has every record, says that nothing is lost, and needs no second recovery', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), async (records) => {
        const { recovery, reading, bytes } = await recovered(traceOfRecords(records));
        expect(recovery).toMatchObject({ isWhole: true, damagedBytes: 0, unusableChunks: 0, lostAtEnd: 0 });
        expect(reading.records).toEqual(records.map(({ record }) => record));
        expect((await recovered(bytes)).bytes).toEqual(bytes);
      }),
      property(60),
    );
  });

  it('of a trace cut anywhere has what the reader has', async () => {
    const bytes = traceOfRecords(plain, 7);
    const headerEnd = placesOf(bytes)[0]!.end;
    for (let length = headerEnd; length < bytes.length; length += 13) {
      const cut = bytes.slice(0, length);
      const { recovery, reading } = await recovered(cut);
      expect(reading.records).toEqual(readTrace(cut).records);
      expect(recovery.hasEnd).toBe(readTrace(cut).report !== undefined);
    }
  });

  it('takes what stands behind a damaged chunk, under the ids that it had, and marks the gap', async () => {
    const bytes = traceOfRecords(plain, 10);
    const chunks = placesOf(bytes).filter(({ tag }) => tag === frameTags.chunk);
    for (const { start, end } of chunks.slice(0, -1)) {
      const damaged = bytes.slice();
      damaged[start + 12 + Math.floor((end - start - 12) / 2)]! ^= 0x55;
      const { recovery, reading } = await recovered(damaged);
      expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
      expect(reading.records).toHaveLength(plain.length);
      expect(recovery.isWhole).toBe(false);
      expect(recovery.damagedBytes).toBe(end - start);
      expect(recovery.gaps.map(({ reason, records }) => [reason, records])).toEqual([['damage', 10]]);
      const there = reading.records.filter(({ kind }) => kind !== 'unknown' && kind !== 'loss');
      expect(there).toHaveLength(plain.length - 10);
      reading.records.forEach((record, event) => {
        if (record.kind !== 'unknown' && record.kind !== 'loss') expect(record).toEqual(plain[event]!.record);
      });
    }
  });

  it('never has a record that was not there, whatever bytes are damaged', async () => {
    let saved = 0;
    await fc.assert(
      fc.asyncProperty(
        samples,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }),
        async (records, edits) => {
          const bytes = traceOfRecords(records);
          const headerEnd = placesOf(bytes)[0]!.end;
          for (const [place, flips] of edits)
            bytes[headerEnd + (place % (bytes.length - headerEnd))]! ^= flips;
          const { reading } = await recovered(bytes);
          expect(reading.end.ok && reading.end.value.kind).not.toBe('damaged');
          reading.records.forEach((record, event) => {
            if (record.kind === 'unknown' || record.kind === 'loss') return;
            expect(record).toEqual(records[event]!.record);
            saved++;
          });
        },
      ),
      property(200),
    );
    expect(saved).toBeGreaterThan(1000);
  });

  it('drops and counts chunks that refer to definitions which are lost, and keeps the others', async () => {
    const records: TimedRecord[] = [
      ...plain.slice(0, 11),
      { time: 10_000, record: { kind: 'component', id: 1, role: 'peer', name: 'peer' } },
      ...plain.slice(11, 20).map(({ record }) => ({ time: 20_000, record })),
      {
        time: 30_000,
        record: { kind: 'note', component: 1, connection: undefined, cause: undefined, text: 'of the peer' },
      },
      ...plain.slice(20, 29).map(({ record }) => ({ time: 40_000, record })),
      ...plain.slice(29, 45).map(({ record }) => ({ time: 50_000, record })),
    ];
    const bytes = traceOfRecords(records, 10);
    const definitions = placesOf(bytes).filter(({ tag }) => tag === frameTags.definitions);
    expect(definitions).toHaveLength(2);
    const damaged = bytes.slice();
    damaged[definitions[1]!.start + 13]! ^= 1;
    const { recovery, reading } = await recovered(damaged);
    expect(recovery.unusableChunks).toBeGreaterThan(0);
    expect(recovery.unusableBecause).toMatch(/unknown component 1/);
    for (const record of reading.records) expect(record).not.toMatchObject({ text: 'of the peer' });
    expect(reading.records.at(-1)).toEqual(records.at(-1)!.record);
  });

  it('makes up a header where it is lost, and says so', async () => {
    const bytes = traceOfRecords(plain);
    bytes.fill(0, 0, 40);
    const { recovery, reading } = await recovered(bytes);
    expect(recovery).toMatchObject({ headerLost: true, isWhole: false });
    expect(reading.header?.title).toBe('Recovered trace');
    expect(reading.records).toEqual(plain.map(({ record }) => record));
  });

  it('writes a trace of version 1 in the format of today', async () => {
    const golden = path.resolve(import.meta.dirname, '../../golden/traces/v1-transfer.sweep');
    const bytes = new Uint8Array(readFileSync(golden));
    const whole = await recovered(bytes);
    expect(whole.recovery).toMatchObject({ version: 1, isWhole: true });
    expect(whole.reading.header?.version).toBe(2);
    expect(whole.reading.records).toEqual(readTrace(bytes).records);
    const cut = await recovered(bytes.slice(0, bytes.length - 100));
    expect(cut.recovery).toMatchObject({ version: 1, isWhole: false, hasEnd: false });
  });

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['text', new TextEncoder().encode('nothing of the kind '.repeat(50))],
    ['zeros', new Uint8Array(5000)],
    ['a header alone that is damaged', traceOfRecords(plain).slice(0, 30)],
  ])('finds nothing in %s', async (_name, bytes) => {
    const result = await recoverTrace(memorySource(bytes), { write: () => undefined }, portableCodec);
    expect(result).toMatchObject({ ok: false, error: { code: 'not-a-trace' } });
  });

  it('refuses a trace of a newer version', async () => {
    const bytes = concatenate([magicBytes, headFrame({ ...plainHeader, version: 3 })]);
    const result = await recoverTrace(memorySource(bytes), { write: () => undefined }, portableCodec);
    expect(result).toMatchObject({ ok: false, error: { code: 'newer-version', version: 3 } });
  });
});
