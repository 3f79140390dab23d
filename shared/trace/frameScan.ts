/** Finds the frames of a file wherever they stand: behind damage, the next one whose checksum holds. */
import { crc32 } from '../base/crc32';
import { ByteReader } from './byteReader';
import { frameHeadLength, frameTags, largestFrameLength, magic } from './layout';
import type { TraceSource } from './traceSource';

/** A stretch of a file: a whole frame, or bytes that are none. */
export type Stretch =
  | { readonly kind: 'frame'; readonly offset: number; readonly tag: number; readonly payload: Uint8Array }
  | { readonly kind: 'damage'; readonly offset: number; readonly length: number };

/** Bytes that are searched at a time. */
const windowLength = 1024 * 1024;

/** Bytes that may be read to try whether they are frames, for each byte of the file: what looks like a frame and is none must not take for ever. */
const mostTriedPerByte = 8;

/** And so many for any file. */
const fewestTried = 256 * 1024 * 1024;

const knownTags: ReadonlySet<number> = new Set(Object.values(frameTags));

/** See the file's head. Sees each stretch once, in order. */
export class FrameScan {
  private tried = 0;
  private readonly mostTried: number;

  constructor(private readonly source: TraceSource) {
    this.mostTried = fewestTried + source.size * mostTriedPerByte;
  }

  /** The stretches of the file behind its magic. */
  async *stretches(): AsyncGenerator<Stretch> {
    const { source } = this;
    const first = await source.read(0, Math.min(magic.length, source.size));
    const begins = magic.every((byte, index) => first[index] === byte);
    for (let offset = begins ? magic.length : 0; offset < source.size;) {
      const payload = await this.frameAt(offset);
      if (payload !== undefined) {
        yield { kind: 'frame', offset, ...payload };
        offset += frameHeadLength + payload.payload.length;
        continue;
      }
      const next = await this.nextFrame(offset + 1);
      yield { kind: 'damage', offset, length: next - offset };
      offset = next;
    }
  }

  /** The frame at an offset; undefined where there is none, or where too much has been tried. */
  private async frameAt(
    offset: number,
  ): Promise<{ readonly tag: number; readonly payload: Uint8Array } | undefined> {
    const { source } = this;
    if (offset + frameHeadLength > source.size || this.tried > this.mostTried) return undefined;
    const head = new ByteReader(await source.read(offset, frameHeadLength), 0, frameHeadLength);
    const tag = head.u32();
    const length = head.u32();
    if (!knownTags.has(tag) || length > largestFrameLength) return undefined;
    if (offset + frameHeadLength + length > source.size) return undefined;
    const payload = await source.read(offset + frameHeadLength, length);
    this.tried += length;
    return crc32(payload) === head.u32() ? { tag, payload } : undefined;
  }

  /** Offset of the first frame at or behind an offset; the length of the file if there is none. */
  private async nextFrame(from: number): Promise<number> {
    const { source } = this;
    for (let start = from; start + frameHeadLength <= source.size; start += windowLength) {
      // Three bytes more: a tag may lie across the end.
      const bytes = await source.read(start, Math.min(windowLength + 3, source.size - start));
      for (let at = 0; at + 4 <= bytes.length; at++) {
        const tag =
          (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
        if (!knownTags.has(tag)) continue;
        const found = await this.frameAt(start + at);
        if (found !== undefined) return start + at;
      }
    }
    return source.size;
  }
}
