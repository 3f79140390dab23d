/**
 * Keeps whole frames as they pass the TAP device, with their virtual times, in a pcapng file: what `--replay` feeds to an emulated host
 * again, and what an analyzer reads.
 */
import { PcapngWriter, type CaptureSink } from '../../shared/capture/pcapngWriter';
import type { CaptureDirection } from '../../shared/capture/captureFormat';
import { completeTcpChecksum } from '../emulator/wire/segmentFrame';
import type { Frame } from '../emulator/wire/frame';

/** See the file's head. */
export class WireCapture {
  private readonly writer: PcapngWriter;
  private readonly tap: number;

  constructor(sink: CaptureSink, application: string, comment: string, interfaceName: string) {
    this.writer = new PcapngWriter(sink, { application, comment });
    this.tap = this.writer.addInterface({
      name: interfaceName,
      description: 'TAP device, as the emulated adapter sees it',
      snapLength: 0,
    });
  }

  /** A frame passes; a TCP checksum that was left to the wire is filled in, in the frame itself. */
  pass(frame: Frame, time: number, direction: CaptureDirection): void {
    completeTcpChecksum(frame);
    const { bytes, length } = frame;
    const kept = bytes.subarray(0, length);
    this.writer.packet({ interfaceNumber: this.tap, time, length, bytes: kept, direction });
  }

  /** Ends the capture at a virtual time. */
  finish(time: number): void {
    this.writer.finish(time);
  }
}
