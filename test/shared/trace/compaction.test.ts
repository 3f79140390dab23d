import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portableCodec } from '../../../shared/trace/codec';
import { compressTrace, rewriteTrace } from '../../../shared/trace/compaction';
import { TraceFile } from '../../../shared/trace/traceFile';
import { memorySource } from '../../../shared/trace/traceSource';
import { zlibCodec } from '../../../electron/files/zlibCodec';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { completeTrace, concatenate, readTrace } from '../../harness/traceBytes';

async function rewritten(bytes: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const sink = { write: (piece: Uint8Array) => void pieces.push(piece.slice()) };
  const result = await rewriteTrace(memorySource(bytes), sink, zlibCodec);
  expect(result.ok).toBe(true);
  return concatenate(pieces);
}

async function compressed(bytes: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const source = memorySource(bytes);
  const file = await TraceFile.open(source);
  if (!file.ok) throw new Error(file.error.message);
  await compressTrace(file.value, source, { write: (piece) => void pieces.push(piece.slice()) }, zlibCodec);
  return concatenate(pieces);
}

describe('a saved trace', () => {
  it('is the same bytes however often its recording was flushed', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), fc.integer({ min: 1, max: 9 }), async (records, flushEvery) => {
        const saved = await rewritten(completeTrace(records, flushEvery));
        expect(saved).toEqual(await rewritten(completeTrace(records, Infinity)));
        expect(saved).toEqual(await compressed(completeTrace(records, Infinity)));
        expect(readTrace(saved).records).toEqual(records.map(({ record }) => record));
      }),
      property(40),
    );
  });

  it('says the same with the codec of Node and with the portable one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        for (const [one, other] of [
          [zlibCodec, portableCodec],
          [portableCodec, zlibCodec],
        ] as const)
          expect(new Uint8Array(other.inflate(one.deflate(bytes), bytes.length))).toEqual(bytes);
      }),
      property(100),
    );
  });

  it.each([
    ['zlib', zlibCodec],
    ['the portable codec', portableCodec],
  ])('is no bomb: %s gives up where a block becomes longer than it says', (_name, codec) => {
    const bomb = codec.deflate(new Uint8Array(50_000_000));
    expect(() => codec.inflate(bomb, 1000)).toThrow(/does not inflate|another length/);
    expect(() => codec.inflate(bomb.subarray(0, 100), 50_000_000)).toThrow(/does not inflate|another length/);
  });
});
