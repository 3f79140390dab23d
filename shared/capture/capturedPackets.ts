/** What readers of captures tell, and what they refuse. */
import type { CaptureDirection } from './captureFormat';

/** Why a capture can't be read, or not to its end. `byteOffset` is where, in bytes from the beginning of the file. */
export interface CaptureError {
  readonly code: 'not-a-capture' | 'damaged' | 'cut';
  readonly byteOffset: number;
  readonly message: string;
}

/** An interface as the capture describes it. */
export interface CapturedInterface {
  /** LINKTYPE_ number; 1 is Ethernet. */
  readonly linkType: number;
  /** Bytes that were kept of each packet; 0: all. */
  readonly snapLength: number;
  readonly name: string | undefined;
  readonly description: string | undefined;
}

/** A packet of a capture. */
export interface CapturedPacket {
  /** Position of its interface in the order of the whole file. */
  readonly interfaceNumber: number;
  /** ns since 1970-01-01 00:00 UTC; undefined for simple packets, which have no stamp. */
  readonly time: bigint | undefined;
  /** Bytes on the wire. */
  readonly length: number;
  /** The first of them, as many as were kept; valid until the listener returns. */
  readonly bytes: Uint8Array;
  readonly direction: CaptureDirection | undefined;
  readonly comments: readonly string[];
  /** Where its block begins in the file. */
  readonly byteOffset: number;
}

/** Sees what a capture holds, in the order of the file. */
export interface CaptureListener {
  onInterface?(description: CapturedInterface, number: number): void;
  onPacket(packet: CapturedPacket): void;
}

/** Thrown inside this room only; the reader turns it into a {@link CaptureError}. */
export class DamagedCapture extends Error {}

/** What reads the parts of a file behind its first bytes: answers how many bytes it used; 0 asks for more. */
export interface CaptureParts {
  take(bytes: Uint8Array, byteOffset: number): number;
}
