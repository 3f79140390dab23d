import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../shared/trace/byteReader';
import { frameHeadLength, frameTags, largestFrameLength } from '../../../shared/trace/layout';
import { TraceReader } from '../../../shared/trace/traceReader';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import {
  concatenate,
  encodePieces,
  frameOf,
  headFrame,
  magicBytes,
  plainHeader,
  readTrace,
  traceOf,
  type Reading,
  type TimedRecord,
} from '../../harness/traceBytes';
import { encodeUtf8 } from '../../../shared/base/utf8';

/** Small, of several chunks and of many kinds. */
const records: TimedRecord[] = fc
  .sample(arbitraryRecords(true, 25), property(40))
  .find((sample) => sample.length > 15 && new Set(sample.map(({ record }) => record.kind)).size > 7)!;
const pieces = encodePieces(records, plainHeader, (index) => index % 6 === 5);
const bytes = concatenate(pieces);

/** Offset of the first byte of each write of the encoder, and of the end. */
function offsets(): number[] {
  const at = [0];
  for (const piece of pieces) at.push(at[at.length - 1]! + piece.length);
  return at;
}

/** Number of records in the frames that end at or before an offset. */
function recordsBefore(offset: number): number {
  const ends = offsets();
  let count = 0;
  pieces.forEach((piece, index) => {
    if (index >= 2 && ends[index + 1]! <= offset && tagOf(piece) === frameTags.chunk) count += rowsOf(piece);
  });
  return count;
}

function tagOf(piece: Uint8Array): number {
  return new ByteReader(piece, 0, piece.length).u32();
}

/** Rows of a chunk: the second number behind the head. */
function rowsOf(piece: Uint8Array): number {
  const input = new ByteReader(piece, frameHeadLength, piece.length);
  input.varint();
  return input.varint();
}

function expectPrefix(reading: Reading, count: number): void {
  expect(reading.records).toEqual(records.slice(0, count).map(({ record }) => record));
  expect(reading.times).toEqual(records.slice(0, count).map(({ time }) => time));
}

function ending(reading: Reading): string {
  return reading.end.ok ? reading.end.value.kind : reading.end.error.code;
}

describe('a trace cut at any byte', () => {
  it('is refused as no trace while its header is incomplete', () => {
    const headerEnd = offsets()[2]!;
    for (let length = 0; length < headerEnd; length++) {
      const reading = readTrace(bytes.slice(0, length));
      expect(ending(reading)).toBe('not-a-trace');
      expect(reading.header).toBeUndefined();
    }
  });

  it('opens up to the last whole frame and says that it was cut', () => {
    for (let length = offsets()[2]!; length < bytes.length; length++) {
      const reading = readTrace(bytes.slice(0, length));
      expectPrefix(reading, recordsBefore(length));
      expect(reading.end).toMatchObject({
        ok: true,
        value: {
          kind: 'cut',
          byteOffset: offsets()
            .filter((offset) => offset <= length)
            .at(-1),
          lastTime: records[recordsBefore(length) - 1]?.time ?? 0,
        },
      });
    }
  });

  it('tells people how far it goes', () => {
    const reading = readTrace(bytes.slice(0, -1));
    expect(reading.end).toMatchObject({
      value: {
        message: expect.stringMatching(
          /stops after byte \d+.*up to [\d.]+ ms is shown \(\d+ events\)/,
        ) as unknown,
      },
    });
  });
});

describe('a trace with a changed byte', () => {
  it.each([0x01, 0x80, 0xff])('never throws and never shows a record at or behind it (bits %i)', (bits) => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= bits;
      const reading = readTrace(changed);
      if (at < offsets()[2]!) {
        expect(reading.end.ok).toBe(false);
        expect(reading.records).toEqual([]);
      } else {
        expectPrefix(reading, recordsBefore(at));
        expect(['damaged', 'cut']).toContain(ending(reading));
      }
    }
  });

  it('is damaged at the frame that holds the byte', () => {
    const [frameStart, frameEnd] = [offsets()[5]!, offsets()[6]!];
    const changed = bytes.slice();
    changed[frameEnd - 1]! ^= 1;
    expect(readTrace(changed).end).toMatchObject({
      ok: true,
      value: {
        kind: 'damaged',
        byteOffset: frameStart,
        lastTime: records[recordsBefore(frameStart) - 1]!.time,
        message: expect.stringContaining('checksum') as unknown,
      },
    });
  });
});

describe('bytes that are no trace', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /it is empty/],
    ['a text file', encodeUtf8('SWEEP: a broom and a chimney\n'), /does not begin like one/],
    [
      'a PNG',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13),
      /does not begin like one/,
    ],
    [
      'a trace whose line ends were converted',
      concatenate([magicBytes.slice(0, 6), Uint8Array.of(0x0a), headFrame()]),
      /does not begin like one/,
    ],
    ['a trace without header', concatenate([magicBytes, ...pieces.slice(2)]), /header is missing/],
    ['the first bytes of a trace', magicBytes, /ends before its header/],
  ])('are refused: %s', (_what, file, message) => {
    const reading = readTrace(file);
    expect(reading.end).toMatchObject({ ok: false, error: { code: 'not-a-trace' } });
    expect((reading.end as { error: { message: string } }).error.message).toMatch(message);
    expect((reading.end as { error: { message: string } }).error.message).toContain('Choose a .sweep file');
  });

  it('are never an exception, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, behindHeader) => {
        const reading = readTrace(behindHeader ? traceOf(noise) : noise);
        expect(reading.records).toEqual([]);
        expect(['not-a-trace', 'cut', 'damaged']).toContain(ending(reading));
      }),
      property(500),
    );
  });

  it.each([frameTags.definitions, frameTags.chunk, frameTags.index, frameTags.checkpoint, frameTags.tail])(
    'in a frame with a right checksum are never an exception either (tag %i)',
    (tag) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
          const reading = readTrace(traceOf(...pieces.slice(2, 4), frameOf(tag, noise)));
          expect(['cut', 'damaged', 'complete']).toContain(ending(reading));
        }),
        property(500),
      );
    },
  );

  it('in the place of some bytes of a chunk, checksum mended, are never an exception either', () => {
    const at = pieces.findIndex((piece) => tagOf(piece) === frameTags.chunk && piece.length > 100);
    const payload = pieces[at]!.slice(frameHeadLength);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        (edits) => {
          const changed = payload.slice();
          for (const [place, value] of edits) changed[place % changed.length] = value;
          const reading = readTrace(
            traceOf(...pieces.slice(2, at), frameOf(frameTags.chunk, changed), ...pieces.slice(at + 1)),
          );
          expect(['cut', 'damaged', 'complete']).toContain(ending(reading));
        },
      ),
      property(3000),
    );
  });

  it('stay refused, whatever follows', () => {
    const reader = new TraceReader();
    const first = reader.push(encodeUtf8('something else'));
    expect(first.ok).toBe(false);
    expect(reader.push(bytes)).toEqual(first);
    expect(reader.close()).toEqual(first);
    expect(reader.store).toBeUndefined();
  });
});

describe('a header', () => {
  const read = (header: unknown): Reading => readTrace(concatenate([magicBytes, headFrame(header)]));

  it('of a newer version is told apart and says what to do, even if its other fields are unknown', () => {
    expect(read({ format: 'chimneysweep-trace', version: 3, whatever: [] }).end).toMatchObject({
      ok: false,
      error: {
        code: 'newer-version',
        version: 3,
        message: expect.stringContaining('newer Chimneysweep') as unknown,
      },
    });
  });

  it('of a newer version stays the reason when more bytes follow', () => {
    const reader = new TraceReader();
    reader.push(concatenate([magicBytes, headFrame({ format: 'chimneysweep-trace', version: 7 })]));
    expect(reader.push(pieces[2]!)).toMatchObject({
      ok: false,
      error: { code: 'newer-version', version: 7 },
    });
    expect(reader.close()).toMatchObject({ ok: false, error: { code: 'newer-version' } });
  });

  it.each<[string, unknown]>([
    ['is no object', 7],
    ['is of another format', { ...plainHeader, format: 'pcapng' }],
    ['has no seed', { ...plainHeader, seed: undefined }],
    ['has a negative seed', { ...plainHeader, seed: -1 }],
    ['has a setting that is a list', { ...plainHeader, settings: { loss: [1] } }],
    ['has version 0', { ...plainHeader, version: 0 }],
    ['has a title without end', { ...plainHeader, title: 'x'.repeat(501) }],
  ])('is refused when it %s', (_what, header) => {
    expect(read(header).end).toMatchObject({ ok: false, error: { code: 'bad-header' } });
  });

  it('that is no JSON is refused', () => {
    const file = concatenate([magicBytes, frameOf(frameTags.head, encodeUtf8('{"format":'))]);
    expect(readTrace(file).end).toMatchObject({ ok: false, error: { code: 'bad-header' } });
  });

  it('may not come twice', () => {
    const reading = readTrace(traceOf(...pieces.slice(2, 4), headFrame()));
    expect(reading.records.length).toBe(rowsOf(pieces[3]!));
    expect(reading.end).toMatchObject({
      value: { kind: 'damaged', message: expect.stringContaining('second header') as unknown },
    });
  });
});

describe('a frame', () => {
  const damage = (reading: Reading): string =>
    reading.end.ok && reading.end.value.kind === 'damaged' ? reading.end.value.message : ending(reading);

  it('of 4 GB is damage, not something to wait for', () => {
    const huge = frameOf(frameTags.chunk, new Uint8Array(16), 0xffff_ffff);
    expect(damage(readTrace(traceOf(...pieces.slice(2), huge)))).toMatch(/no frame/);
    const tooLong = frameOf(frameTags.chunk, new Uint8Array(16), largestFrameLength + 1);
    expect(damage(readTrace(traceOf(tooLong)))).toMatch(/no frame/);
  });

  it('with an unknown tag is damage', () => {
    expect(damage(readTrace(traceOf(frameOf(0x12345678, new Uint8Array(16)))))).toMatch(/no frame/);
  });

  it('that is missing is damage', () => {
    const chunks = pieces.filter((piece, index) => index >= 2 && tagOf(piece) === frameTags.chunk);
    const rest = pieces.slice(2).filter((piece) => piece !== chunks[1]);
    expect(damage(readTrace(traceOf(...rest)))).toMatch(/starts at event \d+, not \d+/);
  });

  it('that comes twice is damage', () => {
    expect(damage(readTrace(traceOf(...pieces.slice(2, 4), pieces[3]!)))).toMatch(
      /time goes backwards|starts at event 0, not/,
    );
  });
});
