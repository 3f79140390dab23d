/**
 * Writes a recording anew as it is saved: chunks compressed, as large as they may be, and the same bytes for the same records however often the recording
 * was flushed. What was lost or damaged stays so.
 */
import { ByteReader } from './byteReader';
import { ByteWriter } from './byteWriter';
import { codecNumbers, storeBlock, type TraceCodec } from './codec';
import { crc32 } from '../base/crc32';
import { encodeUtf8 } from '../base/utf8';
import { frameHead, frameHeadLength, frameTags, magic } from './layout';
import { packPayload, unpackPayload } from './packedPayload';
import { readSource } from './readSource';
import { TraceCopy } from './traceCopy';
import type { TraceSink } from './traceEncoder';
import { TraceReader } from './traceReader';
import type { TraceFile } from './traceFile';
import { writeTraceIndex, type CheckpointPlace, type FramePlace } from './traceIndex';
import type { ChunkSummary } from './chunkSummary';
import { flawOf, type TraceEnding, type TraceError } from './traceError';
import type { TraceSource } from './traceSource';
import { succeed, type Result } from '../base/result';

/** The payload of a chunk with each plain block compressed. */
function compressChunk(payload: Uint8Array, codec: TraceCodec): Uint8Array {
  const input = new ByteReader(payload, 0, payload.length);
  const head = new ByteWriter(1024);
  const body = new ByteWriter(payload.length);
  head.varint(input.varint());
  head.varint(input.varint());
  head.f64(input.f64());
  head.f64(input.f64());
  const count = input.varint();
  head.varint(count);
  const entries: { number: number; codec: number; stored: number; length: number; rows: number }[] = [];
  for (let left = count; left > 0; left--) {
    entries.push({
      number: input.varint(),
      codec: input.u8(),
      stored: input.varint(),
      length: input.varint(),
      rows: input.varint(),
    });
  }
  for (const entry of entries) {
    const start = input.skip(entry.stored);
    const block = payload.subarray(start, start + entry.stored);
    const stored =
      entry.codec === codecNumbers.plain ? storeBlock(block, codec) : { codec: entry.codec, bytes: block };
    head.varint(entry.number);
    head.u8(stored.codec);
    head.varint(stored.bytes.length);
    head.varint(entry.length);
    head.varint(entry.rows);
    body.raw(stored.bytes);
  }
  head.raw(body.bytes, 0, body.length);
  return head.bytes.subarray(0, head.length);
}

/** The payload of a checkpoint, its body compressed where it is plain. */
function compressCheckpoint(payload: Uint8Array, codec: TraceCodec): Uint8Array {
  return payload[0] === codecNumbers.plain ? packPayload(unpackPayload(payload, codec), codec) : payload;
}

/** Compresses the chunks and the checkpoints of a file that has an index, one by one; nothing else changes. */
export async function compressTrace(
  file: TraceFile,
  source: TraceSource,
  sink: TraceSink,
  codec: TraceCodec,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<void> {
  const { index, header } = file;
  let offset = 0;
  const write = (bytes: Uint8Array): void => {
    sink.write(bytes);
    offset += bytes.length;
  };
  const writeFrame = (tag: number, payload: Uint8Array): FramePlace => {
    const start = offset;
    write(frameHead(tag, payload));
    write(payload);
    return { offset: start, length: offset - start };
  };
  write(Uint8Array.from(magic));
  writeFrame(frameTags.head, encodeUtf8(JSON.stringify(header)));
  const definitions: FramePlace[] = [];
  const chunks: ChunkSummary[] = [];
  const checkpoints: CheckpointPlace[] = [];
  type Item =
    | { readonly tag: typeof frameTags.definitions; readonly place: FramePlace }
    | { readonly tag: typeof frameTags.chunk; readonly place: ChunkSummary }
    | { readonly tag: typeof frameTags.checkpoint; readonly place: CheckpointPlace };
  const items: Item[] = [
    ...index.definitions.map((place): Item => ({ tag: frameTags.definitions, place })),
    ...index.chunks.map((place): Item => ({ tag: frameTags.chunk, place })),
    ...index.checkpoints.map((place): Item => ({ tag: frameTags.checkpoint, place })),
  ].sort((left, right) => left.place.offset - right.place.offset);
  for (const item of items) {
    const frame = await source.read(item.place.offset, item.place.length);
    const payload = frame.subarray(frameHeadLength);
    const isWhole = new ByteReader(frame, 8, frameHeadLength).u32() === crc32(payload);
    // What is damaged goes over as it is, so that its reader sees the damage.
    if (item.tag === frameTags.definitions) definitions.push(writeFrame(item.tag, payload));
    else if (item.tag === frameTags.checkpoint)
      checkpoints.push({
        ...item.place,
        ...writeFrame(item.tag, isWhole ? compressCheckpoint(payload, codec) : payload),
      });
    else
      chunks.push({
        ...item.place,
        ...writeFrame(item.tag, isWhole ? compressChunk(payload, codec) : payload),
      });
    onProgress(item.place.offset / source.size);
  }
  const rewritten = writeTraceIndex({ ...index, definitions, chunks, checkpoints }, codec);
  const { offset: indexOffset } = writeFrame(frameTags.index, rewritten);
  const tail = new ByteWriter(8);
  tail.f64(indexOffset);
  writeFrame(frameTags.tail, tail.bytes);
}

/** What came of writing a trace anew. */
export interface Rewritten {
  /** How the original ended, and in words what was wrong with its end, if anything. */
  readonly ending: TraceEnding;
  readonly flaw: string | undefined;
  /** Records of the new file, lost ones included. */
  readonly events: number;
}

/**
 * Reads a trace of any version and writes its records anew, under the ids that they have; says how the original ended.
 */
export async function rewriteTrace(
  source: TraceSource,
  sink: TraceSink,
  codec: TraceCodec,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<Result<Rewritten, TraceError>> {
  const copy = new TraceCopy(sink, codec);
  const reader = new TraceReader([copy], codec);
  const ending = await readSource(source, reader, onProgress);
  if (!ending.ok) return ending;
  const store = reader.store!;
  copy.fillRest(store);
  const encoder = copy.begin(store.header);
  encoder.finish();
  const flaw = flawOf(ending.value);
  return succeed({ ending: ending.value, flaw, events: encoder.eventCount });
}
