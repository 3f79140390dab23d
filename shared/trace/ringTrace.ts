/**
 * Keeps the end of a recording in memory: chunks as they were written, the older ones forgotten but for the state that they led to. Memory is
 * bounded by what happens in the time that is kept, or by a number of bytes, never by the length of the run.
 */
import { ByteReader } from './byteReader';
import { Chunk } from './chunk';
import { portableCodec, type TraceCodec } from './codec';
import { Definitions, readDefinitions } from './definitions';
import { frameHeadLength, frameTags } from './layout';
import type { TraceHeader, VirtualTime } from './records';
import { StateFold } from './stateFold';
import { TraceCopy } from './traceCopy';
import type { TraceSink } from './traceEncoder';
import { TraceReader } from './traceReader';

/** What a ring keeps. */
export interface RingLimits {
  /** Time at the end of the recording that is kept whole, ns. Whole chunks are kept, so that it may be more. */
  readonly keep: VirtualTime;
  /** Most bytes of frames in memory; the oldest are forgotten beyond it, whatever their time. */
  readonly mostBytes?: number | undefined;
}

/** Bytes of frames that a ring keeps at most unless told otherwise. */
export const defaultRingBytes = 256 * 1024 * 1024;

/** A frame that is kept. */
type KeptFrame =
  | { readonly kind: 'definitions'; readonly payload: Uint8Array }
  | { readonly kind: 'chunk'; readonly payload: Uint8Array; readonly lastTime: VirtualTime };

/** In the place of a frame that has been forgotten, so that its bytes are. */
const forgotten: KeptFrame = { kind: 'definitions', payload: new Uint8Array(0) };

/** A sink for an encoder, which needs no index of its own then (`hasIndex`). See the file's head. */
export class RingTrace implements TraceSink {
  private readonly keep: VirtualTime;
  private readonly mostBytes: number;
  private readonly frames: KeptFrame[] = [];
  /** Frames in front of this place have been forgotten. */
  private start = 0;
  /** Definitions in front of the first frame that is kept, as they were written and as they are. */
  private readonly earlier: Uint8Array[] = [];
  private readonly definitions = new Definitions();
  private readonly fold = new StateFold();
  private bytes = 0;
  /** Most bytes of frames that were in memory at once. */
  peakBytes = 0;

  constructor(
    private readonly header: TraceHeader,
    { keep, mostBytes = defaultRingBytes }: RingLimits,
  ) {
    this.keep = keep;
    this.mostBytes = mostBytes;
  }

  /** Bytes of all frames and definitions that are in memory. */
  get heldBytes(): number {
    const sum = (total: number, payload: Uint8Array): number => total + payload.length;
    return this.frames.map(({ payload }) => payload).reduce(sum, this.earlier.reduce(sum, 0));
  }

  /** Takes one frame (or the magic) from the encoder. */
  write(bytes: Uint8Array): void {
    if (bytes.length < frameHeadLength) return;
    const tag = new ByteReader(bytes, 0, bytes.length).u32();
    if (tag === frameTags.definitions)
      this.push({ kind: 'definitions', payload: bytes.slice(frameHeadLength) });
    else if (tag === frameTags.chunk) {
      const payload = bytes.slice(frameHeadLength);
      const input = new ByteReader(payload, 0, payload.length);
      input.varint();
      input.varint();
      input.f64();
      const lastTime = input.f64();
      this.push({ kind: 'chunk', payload, lastTime });
      this.forgetBefore(lastTime - this.keep);
    }
    // The header is known; checkpoints, the index and the tail are written anew.
  }

  /** Writes what is kept as a complete trace, which begins with a loss record and the state at its start where something was forgotten. */
  save(sink: TraceSink, codec: TraceCodec | undefined): void {
    const copy = new TraceCopy(sink, codec, () => this.fold.records());
    const reader = new TraceReader([copy], codec ?? portableCodec, { gaps: 'ring' });
    reader.begin(this.header);
    const take = (tag: number, payload: Uint8Array): void => {
      const problem = reader.takeFrame(tag, payload);
      if (problem !== undefined) throw new Error(`a frame of our own makes no sense: ${problem}`);
    };
    for (const payload of this.earlier) take(frameTags.definitions, payload);
    for (const { kind, payload } of this.frames.slice(this.start))
      take(kind === 'chunk' ? frameTags.chunk : frameTags.definitions, payload);
    copy.fillRest(reader.store!);
    copy.begin(this.header).finish();
  }

  private push(frame: KeptFrame): void {
    this.frames.push(frame);
    this.bytes += frame.payload.length;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  /** Forgets chunks that end before a time or exceed the bytes; the last one stays. */
  private forgetBefore(time: VirtualTime): void {
    const { frames } = this;
    while (this.start < frames.length - 1) {
      const frame = frames[this.start]!;
      if (frame.kind === 'chunk') {
        if (frame.lastTime >= time && this.bytes <= this.mostBytes) break;
        this.fold.take(new Chunk(frame.payload, this.definitions.shapes, portableCodec), this.definitions);
      } else {
        const next = frames[this.start + 1]!;
        // Definitions stay with the chunk that they were written for.
        if (next.kind === 'chunk' && next.lastTime >= time && this.bytes <= this.mostBytes) break;
        if (this.start + 1 === frames.length - 1) break;
        readDefinitions(frame.payload, this.definitions);
        this.earlier.push(frame.payload);
      }
      this.bytes -= frame.payload.length;
      frames[this.start++] = forgotten;
    }
    if (this.start > 1024 && this.start * 2 > frames.length) {
      frames.splice(0, this.start);
      this.start = 0;
    }
  }
}
