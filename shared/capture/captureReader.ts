/**
 * Reads captures that arrive in pieces of any size: pcapng and classic pcap, of both byte orders. Lengths in the file are believed only
 * where the bytes bear them out; what stands before a cut or a damaged place can always be read.
 */
import { fail, succeed, type Result } from '../base/result';
import { PendingBytes } from '../trace/pendingBytes';
import {
  DamagedCapture,
  type CaptureError,
  type CaptureListener,
  type CaptureParts,
} from './capturedPackets';
import { blockTypes, byteOrderMagic } from './captureFormat';
import { ClassicPcap, classicHeaderLength } from './classicPcap';
import { PcapngSection } from './pcapngSection';

/** See the file's head. */
export class CaptureReader {
  private readonly pending = new PendingBytes();
  /** File offset of the first pending byte. */
  private offset = 0;
  private parts: CaptureParts | undefined;
  private failure: CaptureError | undefined;
  private packets = 0;

  constructor(private readonly listener: CaptureListener) {}

  /** Takes the next bytes of the file; answers how many packets there have been so far. Once refused, a file stays refused. */
  push(bytes: Uint8Array): Result<number, CaptureError> {
    if (this.failure !== undefined) return fail(this.failure);
    this.pending.append(bytes);
    const waiting = this.pending.bytes;
    let position = 0;
    try {
      this.parts ??= this.recognize(waiting);
      while (this.parts !== undefined && position < waiting.length) {
        const used = this.parts.take(waiting.subarray(position), this.offset + position);
        if (used === 0) break;
        position += used;
      }
    } catch (error) {
      if (!(error instanceof DamagedCapture)) throw error;
      const byteOffset = this.offset + position;
      const code = this.parts === undefined ? 'not-a-capture' : 'damaged';
      this.failure = { code, byteOffset, message: `${error.message} (at byte ${byteOffset})` };
      this.pending.clear();
      return fail(this.failure);
    }
    this.pending.consume(position);
    this.offset += position;
    return succeed(this.packets);
  }

  /** Says how the file ended once no more bytes come; answers the number of packets. */
  close(): Result<number, CaptureError> {
    if (this.failure !== undefined) return fail(this.failure);
    const byteOffset = this.offset;
    if (this.parts === undefined) {
      const what = this.pending.length === 0 ? 'it is empty' : 'it ends before its first header does';
      return fail({ code: 'not-a-capture', byteOffset, message: `This is no capture: ${what}.` });
    }
    if (this.pending.length > 0) {
      const message = `The capture is cut: it ends ${this.pending.length} bytes into what begins at byte ${byteOffset}.`;
      return fail({ code: 'cut', byteOffset, message });
    }
    return succeed(this.packets);
  }

  /** Which format this is; undefined while too few bytes are there. */
  private recognize(bytes: Uint8Array): CaptureParts | undefined {
    if (bytes.length < 4) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const listener: CaptureListener = {
      onInterface: (description, number) => this.listener.onInterface?.(description, number),
      onPacket: (packet) => {
        this.packets++;
        this.listener.onPacket(packet);
      },
    };
    const magic = view.getUint32(0, true);
    if (magic === blockTypes.sectionHeader) {
      if (bytes.length < 12) return undefined;
      const order = view.getUint32(8, true);
      if (order !== byteOrderMagic && view.getUint32(8, false) !== byteOrderMagic)
        throw new DamagedCapture('This is no capture: it begins like pcapng, without its byte-order magic');
      return new PcapngSection(listener);
    }
    if (bytes.length < classicHeaderLength && ClassicPcap.knows(magic)) return undefined;
    if (ClassicPcap.knows(magic)) return new ClassicPcap(view, listener);
    throw new DamagedCapture('This is no capture: it begins neither like pcapng nor like pcap');
  }
}
