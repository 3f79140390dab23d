/** A trace as a list of frames that can be moved about and put together again, with right checksums or wrong ones. */
import { crc32 } from '../../../shared/base/crc32';
import { ByteWriter } from '../../../shared/trace/byteWriter';
import { frameHeadLength, magic } from '../../../shared/trace/layout';

/** One frame; `checksum` and `length` are those of the payload unless a mutation says otherwise. */
export interface Frame {
  readonly tag: number;
  readonly payload: Uint8Array;
  readonly checksum?: number;
  readonly length?: number;
}

/** The frames of a file, up to where there are none; checksums are not looked at. */
export function framesOf(bytes: Uint8Array): Frame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Frame[] = [];
  for (let at = magic.length; at + frameHeadLength <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    const start = at + frameHeadLength;
    if (start + length > bytes.length) break;
    frames.push({ tag: view.getUint32(at, true), payload: bytes.slice(start, start + length) });
    at = start + length;
  }
  return frames;
}

/** The bytes of a file of these frames. */
export function fileOf(frames: readonly Frame[]): Uint8Array {
  const out = new ByteWriter(frames.reduce((sum, { payload }) => sum + payload.length + frameHeadLength, 16));
  for (const byte of magic) out.u8(byte);
  for (const { tag, payload, checksum, length } of frames) {
    out.u32(tag);
    out.u32(length ?? payload.length);
    out.u32(checksum ?? crc32(payload));
    out.raw(payload);
  }
  return out.bytes.slice(0, out.length);
}
