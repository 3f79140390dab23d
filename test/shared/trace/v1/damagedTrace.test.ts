import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { frameTags, largestFrameLength } from '../../../../shared/trace/v1/layout';
import { TraceReader } from '../../../../shared/trace/traceReader';
import { arbitraryRecords } from '../../../harness/arbitraryTrace';
import { versionOneKinds } from '../../../harness/v1/traceEncoder';
import { property } from '../../../harness/property';
import {
  concatenate,
  frameOf,
  magicBytes,
  readTrace,
  type Reading,
  type TimedRecord,
} from '../../../harness/traceBytes';
import {
  dataFrame,
  encodePieces,
  headFrame,
  plainHeader,
  rawComponent,
  rawRecord,
  traceOf,
} from '../../../harness/v1/traceBytes';
import { encodeUtf8 } from '../../../../shared/base/utf8';

/** Small, of several frames and of many kinds. */
let records: TimedRecord[];
let pieces: Uint8Array[];
let bytes: Uint8Array;

beforeAll(() => {
  records = fc
    .sample(arbitraryRecords(true, 25, versionOneKinds), property(40))
    .find((sample) => sample.length > 15 && new Set(sample.map(({ record }) => record.kind)).size > 7)!;
  pieces = encodePieces(records, plainHeader, (index) => index % 6 === 5);
  bytes = concatenate(pieces);
});

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
    const isData = index >= 2;
    if (isData && ends[index + 1]! <= offset) count += new DataView(piece.buffer).getUint32(24, true);
  });
  return count;
}

function expectPrefix(reading: Reading, count: number): void {
  expect(reading.records).toEqual(records.slice(0, count).map(({ record }) => record));
  expect(reading.times).toEqual(records.slice(0, count).map(({ time }) => time));
}

function ending(reading: Reading): string {
  return reading.end.ok ? reading.end.value.kind : reading.end.error.code;
}

describe('version 1: a trace cut at any byte', () => {
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

describe('version 1: a trace with a changed byte', () => {
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
    const [frameStart, frameEnd] = [offsets()[3]!, offsets()[4]!];
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

describe('version 1: bytes that are no trace', () => {
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
    ['a trace without header', concatenate([magicBytes, dataFrame([rawComponent(0)])]), /header is missing/],
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

  it('in records are never an exception either, with a right checksum', () => {
    const record = fc.tuple(fc.nat({ max: 12 }), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), (bodies) => {
        const noise = bodies.map(([kind, body]) => rawRecord(kind, 0, (out) => out.raw(body)));
        const reading = readTrace(traceOf(dataFrame([rawComponent(0), ...noise])));
        expect(['cut', 'damaged', 'complete']).toContain(ending(reading));
      }),
      property(2000),
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

describe('version 1: a header', () => {
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
    expect(reader.push(dataFrame([]))).toMatchObject({
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
    const reading = readTrace(traceOf(dataFrame([rawComponent(0)]), headFrame()));
    expect(reading.records.length).toBe(1);
    expect(reading.end).toMatchObject({
      value: { kind: 'damaged', message: expect.stringContaining('second header') as unknown },
    });
  });
});

describe('version 1: a data frame', () => {
  const damage = (reading: Reading): string =>
    reading.end.ok && reading.end.value.kind === 'damaged' ? reading.end.value.message : ending(reading);

  it('of 4 GB is damage, not something to wait for', () => {
    const huge = frameOf(frameTags.data, new Uint8Array(16), 0xffff_ffff);
    expect(damage(readTrace(traceOf(dataFrame([rawComponent(0)]), huge)))).toMatch(/no frame/);
    const tooLong = frameOf(frameTags.data, new Uint8Array(16), largestFrameLength + 1);
    expect(damage(readTrace(traceOf(tooLong)))).toMatch(/no frame/);
  });

  it('with an unknown tag is damage', () => {
    expect(damage(readTrace(traceOf(frameOf(0x12345678, new Uint8Array(16)))))).toMatch(/no frame/);
  });

  it('shorter than its preamble is damage', () => {
    expect(damage(readTrace(traceOf(frameOf(frameTags.data, new Uint8Array(15)))))).toMatch(
      /damaged at byte/,
    );
  });

  it.each([-1, NaN, Infinity])('may not start at time %d', (firstTime) => {
    expect(damage(readTrace(traceOf(dataFrame([rawComponent(0)], { firstTime }))))).toMatch(
      /time goes backwards/,
    );
  });

  it('may not go back in time', () => {
    const reading = readTrace(
      traceOf(
        dataFrame([rawComponent(0)], { firstTime: 10 }),
        dataFrame([rawComponent(1)], { firstTime: 9, firstEvent: 1 }),
      ),
    );
    expect(damage(reading)).toMatch(/time goes backwards/);
    expect(reading.records.length).toBe(1);
  });

  it('must continue the numbering of events: a missing frame is damage', () => {
    const reading = readTrace(
      traceOf(dataFrame([rawComponent(0)]), dataFrame([rawComponent(1)], { firstEvent: 2 })),
    );
    expect(damage(reading)).toMatch(/starts at event 2, not 1/);
  });

  it('must hold as many records as it says', () => {
    expect(damage(readTrace(traceOf(dataFrame([rawComponent(0)], { recordCount: 2 }))))).toMatch(
      /promises 2/,
    );
  });

  it('holds what stands before a damaged record and nothing behind', () => {
    const reading = readTrace(
      traceOf(
        dataFrame([rawComponent(0), rawComponent(5), rawComponent(1)]),
        dataFrame([rawComponent(1)], { firstEvent: 1 }),
      ),
    );
    expect(reading.records.length).toBe(1);
    expect(damage(reading)).toMatch(/component 5 out of order/);
  });

  it('may not end inside a record', () => {
    const overrun = rawComponent(0);
    overrun[1]! += 1;
    expect(damage(readTrace(traceOf(dataFrame([overrun]))))).toMatch(/overruns its frame/);
  });
});

describe('version 1: a record', () => {
  const damageOf = (...records: readonly Uint8Array[]): string => {
    const reading = readTrace(traceOf(dataFrame([rawComponent(0), ...records])));
    return reading.end.ok && reading.end.value.kind === 'damaged'
      ? reading.end.value.message
      : ending(reading);
  };
  const stringDefinition = (index: number, text: string): Uint8Array => {
    const withTime = rawRecord(0xff, index, (body) => body.raw(encodeUtf8(text)));
    return withTime;
  };
  const call = (fields: {
    caller?: number;
    parent?: number;
    completes?: number;
    irql?: number;
  }): Uint8Array =>
    rawRecord('call', 0, (body) => {
      body.varint(0);
      body.varint(fields.caller ?? 0);
      body.varint(0);
      body.u8(fields.irql ?? 0);
      body.optional(undefined);
      body.varint(fields.parent ?? 0);
      body.varint(0);
      body.varint(fields.completes === undefined ? 0 : 1);
      if (fields.completes !== undefined) body.varint(fields.completes);
      body.varint(0);
    });
  const goodCall = [stringDefinition(0, 'NdisInitiateOffload'), call({})];

  it('of a kind that version 1 did not have is damage', () => {
    expect(damageOf(rawRecord(200, 5, (body) => body.raw(Uint8Array.of(1, 2, 3))))).toMatch(
      /no records of kind 200/,
    );
  });

  it('may refer to calls before it', () => {
    expect(damageOf(...goodCall, call({ parent: 1, completes: 1 }))).toBe('cut');
  });

  it('may not refer to what comes later', () => {
    expect(damageOf(...goodCall, call({ parent: 3 }))).toMatch(/reference 3 back from event 2/);
  });

  it('may not have a parent that is no call', () => {
    expect(damageOf(...goodCall, call({ parent: 2 }))).toMatch(/event 0 is no call/);
  });

  it('may not complete what is no call', () => {
    expect(damageOf(...goodCall, call({ completes: 2 }))).toMatch(/event 0 is no call/);
  });

  it('may not complete nothing', () => {
    expect(damageOf(...goodCall, call({ completes: 0 }))).toMatch(/missing reference/);
  });

  it('may not return from what is no call', () => {
    const leave = rawRecord('return', 0, (body) => {
      body.varint(1);
      body.varint(0);
      body.varint(0);
    });
    expect(damageOf(leave)).toMatch(/event 0 is no call/);
  });

  it('may not return from nothing', () => {
    expect(damageOf(rawRecord('return', 0, (body) => body.varint(0)))).toMatch(/missing reference/);
  });

  it('may not tell the fate of what is no frame', () => {
    const fate = rawRecord('frame-fate', 0, (body) => {
      body.varint(1);
      body.u8(0);
      body.varint(0);
    });
    expect(damageOf(fate)).toMatch(/event 0 is no frame/);
  });

  it('may not name an undeclared component', () => {
    expect(damageOf(...goodCall, call({ caller: 1 }))).toMatch(/unknown component 1/);
  });

  it('may not name an undeclared connection', () => {
    const note = rawRecord('note', 0, (body) => {
      body.varint(0);
      body.optional(0);
      body.varint(0);
    });
    expect(damageOf(note)).toMatch(/unknown connection 0/);
  });

  it.each(['state-change', 'ownership'] as const)(
    'of kind %s may not name an undeclared state object',
    (kind) => {
      const record = rawRecord(kind, 0, (body) => {
        body.varint(0);
        body.u8(0);
        body.varint(0);
        body.varint(0);
      });
      expect(damageOf(record)).toMatch(/unknown state object 0/);
    },
  );

  it('may not use a name that was not defined', () => {
    expect(damageOf(call({}))).toMatch(/undefined string 0/);
  });

  it('may not define names out of order', () => {
    expect(damageOf(stringDefinition(1, 'late'))).toMatch(/string 1 out of order/);
  });

  it('may not have an IRQL above DISPATCH_LEVEL', () => {
    expect(damageOf(...goodCall, call({ irql: 3 }))).toMatch(/unknown IRQL 3/);
  });

  it('may not have a role that no version knows', () => {
    const odd = rawRecord('component', 0, (body) => {
      body.varint(1);
      body.u8(99);
    });
    expect(damageOf(odd)).toMatch(/unknown role 99/);
  });

  it('may not promise more than it holds', () => {
    const change = rawRecord('state-object', 0, (body) => {
      body.varint(0);
      body.u8(2);
      body.optional(undefined);
      body.optional(undefined);
    });
    const endless = rawRecord('state-change', 0, (body) => {
      body.varint(0);
      body.varint(0);
      body.varint(0);
      body.varint(1_000_000_000);
    });
    expect(damageOf(change, endless)).toMatch(/exceeds the record/);
  });
});
