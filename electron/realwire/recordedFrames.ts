/** Reads the frames of a capture for a replay. */
import { fail, succeed, type Result } from '../../shared/base/result';
import { linkTypeEthernet } from '../../shared/capture/captureFormat';
import { CaptureReader } from '../../shared/capture/captureReader';
import type { RecordedFrame } from '../emulator/wired/recordedTraffic';
import { filePieces } from '../files/filePieces';
import { fileProblem } from '../files/fileProblem';

/** Most bytes of frames that are kept: a replay has them in memory. */
const mostBytes = 1024 * 1024 * 1024;

/** What a capture holds for a replay. */
export interface RecordedFrames {
  readonly frames: readonly RecordedFrame[];
  /** Packets that are of no use: cut when they were captured, without a time, or not of an Ethernet. */
  readonly unusable: number;
}

class Collector {
  readonly frames: RecordedFrame[] = [];
  unusable = 0;
  bytes = 0;
  private readonly ethernets: boolean[] = [];
  private first: bigint | undefined;

  onInterface(description: { readonly linkType: number }, number: number): void {
    this.ethernets[number] = description.linkType === linkTypeEthernet;
  }

  onPacket(packet: {
    readonly interfaceNumber: number;
    readonly time: bigint | undefined;
    readonly length: number;
    readonly bytes: Uint8Array;
  }): void {
    const { interfaceNumber, time, length, bytes } = packet;
    const isWhole = bytes.length >= length && this.ethernets[interfaceNumber] === true;
    if (!isWhole || time === undefined || this.bytes + length > mostBytes) {
      this.unusable++;
      return;
    }
    // Virtual times are small and stay as they are; those of a calendar count from the first frame.
    this.first ??= time < BigInt(Number.MAX_SAFE_INTEGER) ? 0n : time;
    this.bytes += length;
    this.frames.push({ bytes: bytes.slice(), time: Number(time - this.first) });
  }
}

/** See the file's head; answers what is wrong with the file. */
export function readRecordedFrames(path: string): Result<RecordedFrames, string> {
  const collector = new Collector();
  const reader = new CaptureReader(collector);
  try {
    for (const piece of filePieces(path)) {
      const pushed = reader.push(piece);
      if (!pushed.ok) return fail(`${path}: ${pushed.error.message}`);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
  const closed = reader.close();
  if (!closed.ok && collector.frames.length === 0) return fail(`${path}: ${closed.error.message}`);
  const { frames, unusable } = collector;
  return succeed({ frames: frames.sort((left, right) => left.time - right.time), unusable });
}
