/** The packets of a classic pcap file: one header, then records; seconds and micro- or nanoseconds, of either byte order. */
import { DamagedCapture, type CaptureListener, type CaptureParts } from './capturedPackets';
import { largestPacket } from './captureFormat';

/** Bytes of the file's header, and of a record's. */
export const classicHeaderLength = 24;
const recordHeaderLength = 16;

/** Magic numbers as read little-endian, with what they say. */
const magics = new Map<number, { readonly littleEndian: boolean; readonly nanoseconds: boolean }>([
  [0xa1b2c3d4, { littleEndian: true, nanoseconds: false }],
  [0xd4c3b2a1, { littleEndian: false, nanoseconds: false }],
  [0xa1b23c4d, { littleEndian: true, nanoseconds: true }],
  [0x4d3cb2a1, { littleEndian: false, nanoseconds: true }],
]);

/** See the file's head. */
export class ClassicPcap implements CaptureParts {
  private readonly littleEndian: boolean;
  private readonly unit: bigint;
  private headerTaken = false;

  /** @param header at least the first {@link classicHeaderLength} bytes of the file. */
  constructor(
    header: DataView,
    private readonly listener: CaptureListener,
  ) {
    const { littleEndian, nanoseconds } = magics.get(header.getUint32(0, true))!;
    this.littleEndian = littleEndian;
    this.unit = nanoseconds ? 1n : 1000n;
    const major = header.getUint16(4, littleEndian);
    if (major !== 2) throw new DamagedCapture(`This pcap file has version ${major}, and only 2 is known`);
    // The upper bits tell whether frame check sequences were kept.
    const linkType = header.getUint32(20, littleEndian) & 0xffff;
    const snapLength = header.getUint32(16, littleEndian);
    listener.onInterface?.({ linkType, snapLength, name: undefined, description: undefined }, 0);
  }

  /** Whether these first four bytes, read little-endian, begin such a file. */
  static knows(magic: number): boolean {
    return magics.has(magic);
  }

  take(bytes: Uint8Array, byteOffset: number): number {
    if (!this.headerTaken) {
      this.headerTaken = true;
      return classicHeaderLength;
    }
    if (bytes.length < recordHeaderLength) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const u32 = (at: number): number => view.getUint32(at, this.littleEndian);
    const kept = u32(8);
    if (kept > largestPacket)
      throw new DamagedCapture(
        `A packet claims ${kept} bytes, more than the ${largestPacket} that are believed`,
      );
    if (bytes.length < recordHeaderLength + kept) return 0;
    this.listener.onPacket({
      interfaceNumber: 0,
      time: BigInt(u32(0)) * 1_000_000_000n + BigInt(u32(4)) * this.unit,
      // Some writers leave the original length empty.
      length: Math.max(u32(12), kept),
      bytes: bytes.subarray(recordHeaderLength, recordHeaderLength + kept),
      direction: undefined,
      comments: [],
      byteOffset,
    });
    return recordHeaderLength + kept;
  }
}
