/** Writes pcapng files that any packet analyzer reads: one section, nanosecond stamps, Ethernet interfaces. */
import { encodeUtf8 } from '../base/utf8';
import { ByteWriter } from '../trace/byteWriter';
import {
  blockTypes,
  byteOrderMagic,
  linkTypeEthernet,
  optionCodes,
  packetFlags,
  type CaptureDirection,
} from './captureFormat';

/** Takes the bytes of a capture front to back; they are reused after the call. */
export interface CaptureSink {
  write(bytes: Uint8Array): void;
}

/** What the section says about itself. */
export interface CaptureSection {
  /** Application and version that made it. */
  readonly application: string;
  /** In words: scenario, seed, where it comes from. */
  readonly comment: string;
}

/** An interface at which packets are seen. */
export interface CaptureInterface {
  readonly name: string;
  readonly description: string;
  /** Bits per second; unknown if absent. */
  readonly bitsPerSecond?: number;
  /** Bytes kept of each packet; 0: all. */
  readonly snapLength: number;
}

/** A packet as it passed an interface. */
export interface CapturePacket {
  /** What {@link PcapngWriter.addInterface} answered. */
  readonly interfaceNumber: number;
  /** ns since 1970-01-01 00:00, or since the start of a scenario; exact below 2^53. */
  readonly time: number;
  /** Bytes on the wire. */
  readonly length: number;
  /** The first of them, as many as are kept. */
  readonly bytes: Uint8Array;
  readonly direction?: CaptureDirection;
  readonly comment?: string;
  /** Packets that this interface has lost since the one before. */
  readonly dropped?: number;
}

/** Room before the buffer is handed to the sink. */
const bufferLength = 64 * 1024;

/** See the file's head. Call `finish` at the end: it writes the statistics. */
export class PcapngWriter {
  private readonly out = new ByteWriter(bufferLength + 4096);
  private readonly interfaces: { snapLength: number; received: number; dropped: number; first: number }[] =
    [];
  private blockAt = 0;

  constructor(
    private readonly sink: CaptureSink,
    section: CaptureSection,
  ) {
    const { out } = this;
    this.beginBlock(blockTypes.sectionHeader);
    out.u32(byteOrderMagic);
    this.u16(1);
    this.u16(0);
    // Length of the section: unknown, as it is written front to back.
    out.u32(0xffff_ffff);
    out.u32(0xffff_ffff);
    this.text(optionCodes.section.application, section.application);
    this.text(optionCodes.comment, section.comment);
    this.endOptions();
    this.endBlock();
  }

  /** Declares an interface; answers its number. */
  addInterface({ name, description, bitsPerSecond, snapLength }: CaptureInterface): number {
    const { out } = this;
    this.beginBlock(blockTypes.interfaceDescription);
    this.u16(linkTypeEthernet);
    this.u16(0);
    out.u32(snapLength);
    this.text(optionCodes.interface.name, name);
    this.text(optionCodes.interface.description, description);
    if (bitsPerSecond !== undefined)
      this.option(optionCodes.interface.speed, 8, () => {
        this.u64(Math.round(bitsPerSecond));
      });
    this.option(optionCodes.interface.timeResolution, 1, () => {
      // Negative powers of ten: nanoseconds.
      out.u8(9);
    });
    this.endOptions();
    this.endBlock();
    return this.interfaces.push({ snapLength, received: 0, dropped: 0, first: -1 }) - 1;
  }

  /**
   * Writes a packet.
   * @throws RangeError if the interface has not been declared.
   */
  packet(packet: CapturePacket): void {
    const { out } = this;
    const { interfaceNumber, time, length, direction, comment, dropped = 0 } = packet;
    const own = this.interfaces[interfaceNumber];
    if (own === undefined) throw new RangeError(`interface ${interfaceNumber} has not been declared`);
    own.received++;
    own.dropped += dropped;
    if (own.first < 0) own.first = time;
    const kept = Math.min(packet.bytes.length, length, own.snapLength === 0 ? Infinity : own.snapLength);
    this.beginBlock(blockTypes.enhancedPacket);
    out.u32(interfaceNumber);
    this.stamp(time);
    out.u32(kept);
    out.u32(length);
    out.raw(packet.bytes, 0, kept);
    this.pad();
    if (comment !== undefined) this.text(optionCodes.comment, comment);
    if (direction !== undefined)
      this.option(optionCodes.packet.flags, 4, () => {
        out.u32(packetFlags[direction]);
      });
    if (dropped > 0)
      this.option(optionCodes.packet.dropCount, 8, () => {
        this.u64(dropped);
      });
    if (comment !== undefined || direction !== undefined || dropped > 0) this.endOptions();
    this.endBlock();
    if (out.length >= bufferLength) this.flush();
  }

  /** Ends the capture at `time`, ns; `dropped` further packets were lost at each interface by its number. */
  finish(time: number, dropped: readonly number[] = []): void {
    const { out } = this;
    this.interfaces.forEach((own, number) => {
      const { received, first } = own;
      this.beginBlock(blockTypes.interfaceStatistics);
      out.u32(number);
      this.stamp(time);
      this.option(optionCodes.statistics.startTime, 8, () => {
        this.stamp(Math.max(0, first));
      });
      this.option(optionCodes.statistics.endTime, 8, () => {
        this.stamp(time);
      });
      this.option(optionCodes.statistics.received, 8, () => {
        this.u64(received);
      });
      this.option(optionCodes.statistics.dropped, 8, () => {
        this.u64(own.dropped + (dropped[number] ?? 0));
      });
      this.endOptions();
      this.endBlock();
    });
    this.flush();
  }

  /** Hands everything so far to the sink. */
  flush(): void {
    const { out } = this;
    if (out.length > 0) this.sink.write(out.bytes.subarray(0, out.length));
    out.length = 0;
  }

  private beginBlock(type: number): void {
    this.blockAt = this.out.length;
    this.out.u32(type);
    this.out.u32(0);
  }

  private endBlock(): void {
    const { out } = this;
    const length = out.length + 4 - this.blockAt;
    out.u32(length);
    out.patchU32(this.blockAt + 4, length);
  }

  private option(code: number, length: number, body: () => void): void {
    this.u16(code);
    this.u16(length);
    body();
    this.pad();
  }

  private text(code: number, text: string): void {
    const bytes = encodeUtf8(text).subarray(0, 0xffff);
    this.option(code, bytes.length, () => {
      this.out.raw(bytes, 0, bytes.length);
    });
  }

  private endOptions(): void {
    this.out.u32(optionCodes.endOfOptions);
  }

  /** A stamp of a block: the high half first (not a 64-bit number). */
  private stamp(time: number): void {
    this.out.u32(Math.floor(time / 0x1_0000_0000));
    this.out.u32(time >>> 0);
  }

  private u64(value: number): void {
    this.out.u32(value >>> 0);
    this.out.u32(Math.floor(value / 0x1_0000_0000));
  }

  private u16(value: number): void {
    this.out.u8(value & 0xff);
    this.out.u8((value >>> 8) & 0xff);
  }

  /** Blocks and options begin at multiples of four. */
  private pad(): void {
    while (((this.out.length - this.blockAt) & 3) !== 0) this.out.u8(0);
  }
}
