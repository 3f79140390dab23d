/**
 * A trace that is read here and there: opened from its index, chunks fetched when they are looked at and dropped again. Files larger than memory open
 * as quickly as small ones.
 */
import { crc32 } from '../base/crc32';
import { fail, succeed, type Result } from '../base/result';
import { ByteReader, MalformedBytes } from './byteReader';
import { Chunk } from './chunk';
import type { ChunkSummary } from './chunkSummary';
import { portableCodec, type TraceCodec } from './codec';
import { Definitions, readDefinitions } from './definitions';
import { frameHeadLength, frameTags, largestFrameLength, magic } from './layout';
import type { EventId, TraceHeader, TraceRecord, VirtualTime } from './records';
import { decodeRow, type UnknownRecord } from './rowDecoder';
import { notATrace, type TraceError } from './traceError';
import { parseTraceHeader } from './traceHeader';
import { readTraceIndex, type CheckpointPlace, type FramePlace, type TraceIndex } from './traceIndex';
import type { TraceSource } from './traceSource';

/** How a file is opened. */
export interface TraceFileOptions {
  readonly codec?: TraceCodec | undefined;
  /** Bytes that chunks may take in memory, their columns included. */
  readonly cacheBytes?: number | undefined;
  /** Told how far the walk over a file without an index has come, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Memory for chunks unless told otherwise. */
const defaultCacheBytes = 256 * 1024 * 1024;

const tailLength = frameHeadLength + 8;

/** Known tags; anything else ends what can be read. */
const knownTags: ReadonlySet<number> = new Set(Object.values(frameTags));

/** A frame's payload. */
async function readPayload(
  source: TraceSource,
  place: FramePlace,
  tag: number,
  { checksum = crc32 }: TraceCodec,
): Promise<Uint8Array> {
  if (place.length < frameHeadLength || place.offset + place.length > source.size)
    throw new MalformedBytes(`a frame at byte ${place.offset} that is none`);
  const frame = await source.read(place.offset, place.length);
  const head = new ByteReader(frame, 0, frameHeadLength);
  const isFrame = head.u32() === tag && head.u32() === place.length - frameHeadLength;
  const payload = frame.subarray(frameHeadLength);
  if (!isFrame || head.u32() !== checksum(payload))
    throw new MalformedBytes(`the frame at byte ${place.offset} is damaged`);
  return payload;
}

/** The index that the end of a file tells of; undefined where it has none. */
async function readIndex(source: TraceSource, codec: TraceCodec): Promise<TraceIndex | undefined> {
  if (source.size < tailLength) return undefined;
  try {
    const place = { offset: source.size - tailLength, length: tailLength };
    const tail = await readPayload(source, place, frameTags.tail, codec);
    const offset = new ByteReader(tail, 0, tail.length).f64();
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + frameHeadLength > source.size)
      return undefined;
    const index = { offset, length: source.size - tailLength - offset };
    return readTraceIndex(await readPayload(source, index, frameTags.index, codec), source.size, codec);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

/** What is known of a chunk in a file without an index: its shapes; it may hold anything else. */
function summaryOf(chunk: Chunk, place: FramePlace): ChunkSummary {
  return {
    ...place,
    firstEvent: chunk.firstEvent,
    rows: chunk.rows,
    firstTime: chunk.firstTime,
    lastTime: chunk.lastTime,
    shapes: chunk.shapeNumbers(),
    connections: undefined,
    objects: undefined,
    statuses: undefined,
  };
}

/** Walks over the frames of a file without an index, up to the first that is cut or damaged. */
async function walk(
  source: TraceSource,
  start: number,
  codec: TraceCodec,
  definitions: Definitions,
  onProgress: ((fraction: number) => void) | undefined,
): Promise<{ readonly index: TraceIndex; readonly end: number; readonly flaw: string | undefined }> {
  const places: FramePlace[] = [];
  const chunks: ChunkSummary[] = [];
  const checkpoints: CheckpointPlace[] = [];
  let offset = start;
  let events = 0;
  let lostRecords = 0;
  let flaw: string | undefined;
  while (offset + frameHeadLength <= source.size) {
    const head = new ByteReader(await source.read(offset, frameHeadLength), 0, frameHeadLength);
    const tag = head.u32();
    const payloadLength = head.u32();
    if (!knownTags.has(tag) || payloadLength > largestFrameLength) {
      flaw = 'its bytes are no frame';
      break;
    }
    const place = { offset, length: frameHeadLength + payloadLength };
    if (offset + place.length > source.size) break;
    try {
      const payload = await readPayload(source, place, tag, codec);
      if (tag === frameTags.definitions) {
        readDefinitions(payload, definitions);
        places.push(place);
      } else if (tag === frameTags.chunk) {
        const chunk = new Chunk(payload, definitions.shapes, codec);
        if (chunk.firstEvent < events)
          throw new MalformedBytes(`a chunk starts at event ${chunk.firstEvent}, not ${events}`);
        lostRecords += chunk.firstEvent - events;
        events = chunk.endEvent;
        chunks.push(summaryOf(chunk, place));
      } else if (tag === frameTags.checkpoint) checkpoints.push({ ...place, event: events });
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      flaw = error.message;
      break;
    }
    offset += place.length;
    onProgress?.(offset / source.size);
  }
  const index = { events, lostRecords, definitions: places, chunks, checkpoints, overview: undefined };
  return { index, end: offset, flaw };
}

/** A chunk in memory. */
interface CachedChunk {
  readonly chunk: Chunk;
  /** When it was looked at last, in looks. */
  used: number;
}

/** See the file's head. */
export class TraceFile {
  private readonly cache = new Map<number, CachedChunk>();
  private looks = 0;

  private constructor(
    private readonly source: TraceSource,
    private readonly codec: TraceCodec,
    private readonly cacheBytes: number,
    readonly header: TraceHeader,
    readonly definitions: Definitions,
    readonly index: TraceIndex,
    /** Why the file ends before its index does: it is cut or damaged at this place; undefined for a whole one. */
    readonly flaw: { readonly byteOffset: number; readonly message: string } | undefined,
  ) {}

  /**
   * Opens a trace. What is wrong with its end is no error, and stands in `flaw`; traces of older versions must be upgraded first.
   */
  static async open(
    source: TraceSource,
    { codec = portableCodec, cacheBytes = defaultCacheBytes, onProgress }: TraceFileOptions = {},
  ): Promise<Result<TraceFile, TraceError>> {
    const start = magic.length + frameHeadLength;
    if (source.size < start)
      return fail(notATrace(source.size === 0 ? 'it is empty.' : 'it ends before its header.'));
    const first = await source.read(0, start);
    if (magic.some((byte, index) => first[index] !== byte))
      return fail(notATrace('it does not begin like one.'));
    const head = new ByteReader(first, magic.length, start);
    if (head.u32() !== frameTags.head) return fail(notATrace('its header is missing.'));
    const headLength = head.u32();
    if (headLength > source.size - start) return fail(notATrace('it ends before its header.'));
    const headPlace = { offset: magic.length, length: frameHeadLength + headLength };
    const definitions = new Definitions();
    try {
      const header = parseTraceHeader(await readPayload(source, headPlace, frameTags.head, codec));
      if (!header.ok) return header;
      if (header.value.version === 1)
        return fail({
          code: 'older-version',
          version: 1,
          message: 'This trace has format version 1. Write it anew with `chimneysweep recover`.',
        });
      const index = await readIndex(source, codec);
      if (index !== undefined) {
        for (const place of index.definitions)
          readDefinitions(await readPayload(source, place, frameTags.definitions, codec), definitions);
        return succeed(new TraceFile(source, codec, cacheBytes, header.value, definitions, index, undefined));
      }
      const walked = await walk(source, magic.length + headPlace.length, codec, definitions, onProgress);
      const message = walked.flaw ?? "the file stops before the recording's end";
      return succeed(
        new TraceFile(source, codec, cacheBytes, header.value, definitions, walked.index, {
          byteOffset: walked.end,
          message,
        }),
      );
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      return fail(notATrace(`its header or its definitions are damaged (${error.message}).`));
    }
  }

  /** Number of records, lost ones included: the id of the next one. */
  get length(): number {
    return this.index.events;
  }

  /** Virtual time of the last record, ns; 0 in an empty trace. */
  get lastTime(): VirtualTime {
    return this.index.chunks.at(-1)?.lastTime ?? 0;
  }

  /**
   * The chunk at a place in the index.
   * @throws MalformedBytes where the file is damaged there
   */
  async chunk(number: number): Promise<Chunk> {
    const cached = this.cache.get(number);
    if (cached !== undefined) {
      cached.used = ++this.looks;
      return cached.chunk;
    }
    const summary = this.index.chunks[number]!;
    const payload = await readPayload(this.source, summary, frameTags.chunk, this.codec);
    const chunk = new Chunk(payload, this.definitions.shapes, this.codec);
    if (chunk.firstEvent !== summary.firstEvent || chunk.rows !== summary.rows)
      throw new MalformedBytes(`the index and the chunk at byte ${summary.offset} contradict each other`);
    this.cache.set(number, { chunk, used: ++this.looks });
    this.evict();
    return chunk;
  }

  /** A chunk that is in memory already; undefined for others. */
  cachedChunk(number: number): Chunk | undefined {
    return this.cache.get(number)?.chunk;
  }

  /** A checkpoint's payload. */
  async checkpoint(number: number): Promise<Uint8Array> {
    return readPayload(this.source, this.index.checkpoints[number]!, frameTags.checkpoint, this.codec);
  }

  /** Place of the chunk that holds an event; that of the next one where the event is lost. */
  chunkOf(event: EventId): number {
    if (!(event >= 0 && event < this.length))
      throw new RangeError(`no event ${event} in a trace of ${this.length}`);
    const { chunks } = this.index;
    return firstWhere(chunks.length, (place) => chunks[place]!.firstEvent + chunks[place]!.rows > event);
  }

  /** Place of the first chunk that ends at or after a time. */
  chunkAt(time: VirtualTime): number {
    const { chunks } = this.index;
    return firstWhere(chunks.length, (place) => chunks[place]!.lastTime >= time);
  }

  /** Virtual time of an event, ns. */
  async time(event: EventId): Promise<VirtualTime> {
    const chunk = await this.chunk(this.chunkOf(event));
    return event < chunk.firstEvent ? chunk.firstTime : chunk.times()[event - chunk.firstEvent]!;
  }

  /** The record of an event. */
  async record(event: EventId): Promise<TraceRecord | UnknownRecord> {
    const chunk = await this.chunk(this.chunkOf(event));
    if (event < chunk.firstEvent) return { kind: 'unknown', number: -1 };
    return this.rowOf(chunk, event - chunk.firstEvent);
  }

  /** The record of a row of a chunk. */
  rowOf(chunk: Chunk, row: number): TraceRecord | UnknownRecord {
    const connection = chunk.connections()[row]!;
    return decodeRow(
      chunk,
      chunk.shapes()[row]!,
      chunk.ranks()[row]!,
      chunk.firstEvent + row,
      connection === 0 ? undefined : connection - 1,
      this.definitions,
    );
  }

  /** The first event at or after a time: `length` if there is none. */
  async firstAtOrAfter(time: VirtualTime): Promise<EventId> {
    const place = this.chunkAt(time);
    if (place === this.index.chunks.length) return this.length;
    const chunk = await this.chunk(place);
    return chunk.firstEvent + chunk.firstRowAtOrAfter(time);
  }

  private evict(): void {
    let bytes = 0;
    for (const { chunk } of this.cache.values()) bytes += chunk.length + chunk.decodedBytes;
    while (bytes > this.cacheBytes && this.cache.size > 2) {
      let oldest = -1;
      let used = Infinity;
      for (const [number, cached] of this.cache) {
        if (cached.used >= used) continue;
        used = cached.used;
        oldest = number;
      }
      const { chunk } = this.cache.get(oldest)!;
      bytes -= chunk.length + chunk.decodedBytes;
      this.cache.delete(oldest);
    }
  }
}

/** The first place of `count` at which a condition holds that holds from there on; `count` if nowhere. */
function firstWhere(count: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
