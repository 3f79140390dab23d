/** Reads a capture from memory, in pieces. */
import type { Result } from '../../shared/base/result';
import type { CapturedInterface, CapturedPacket, CaptureError } from '../../shared/capture/capturedPackets';
import { CaptureReader } from '../../shared/capture/captureReader';

/** What a capture holds, as far as it could be read, and how it ended. */
export interface ReadCapture {
  readonly interfaces: readonly CapturedInterface[];
  readonly packets: readonly CapturedPacket[];
  readonly end: Result<number, CaptureError>;
}

/** See the file's head. @param piece bytes at a time. */
export function readCapture(bytes: Uint8Array, piece = 65_536): ReadCapture {
  const interfaces: CapturedInterface[] = [];
  const packets: CapturedPacket[] = [];
  const reader = new CaptureReader({
    onInterface: (description) => interfaces.push(description),
    onPacket: (packet) => packets.push({ ...packet, bytes: packet.bytes.slice() }),
  });
  for (let at = 0; at < bytes.length; at += piece) {
    const pushed = reader.push(bytes.subarray(at, at + piece));
    if (!pushed.ok) return { interfaces, packets, end: pushed };
  }
  return { interfaces, packets, end: reader.close() };
}
