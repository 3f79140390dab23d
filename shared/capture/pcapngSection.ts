/** The blocks of a pcapng file, section by section, each of its own byte order. */
import { decodeUtf8 } from '../base/utf8';
import { DamagedCapture, type CaptureListener, type CaptureParts } from './capturedPackets';
import {
  blockTypes,
  byteOrderMagic,
  largestBlock,
  largestPacket,
  optionCodes,
  packetFlags,
  type CaptureDirection,
} from './captureFormat';

/** Bytes of a block around its body: type, length, and the length again. */
const blockFraming = 12;

/** Most interfaces of a file. */
const mostInterfaces = 65_536;

/** How an interface counts time. */
interface Clock {
  /** ns of a stamp. */
  toNanoseconds(stamp: bigint): bigint;
}

interface SectionInterface {
  readonly number: number;
  readonly snapLength: number;
  readonly clock: Clock;
}

/** An option: its code and the bytes of its value. */
interface BlockOption {
  readonly code: number;
  readonly value: Uint8Array;
}

function clockOf(resolution: number | undefined, offsetSeconds: bigint): Clock {
  const exponent = resolution === undefined ? 6 : resolution & 0x7f;
  const binary = resolution !== undefined && (resolution & 0x80) !== 0;
  const perSecond = binary ? 2n ** BigInt(exponent) : 10n ** BigInt(exponent);
  const offset = offsetSeconds * 1_000_000_000n;
  return { toNanoseconds: (stamp) => (stamp * 1_000_000_000n) / perSecond + offset };
}

/** See the file's head. */
export class PcapngSection implements CaptureParts {
  private littleEndian = true;
  private interfaces: SectionInterface[] = [];
  private interfaceCount = 0;

  constructor(private readonly listener: CaptureListener) {}

  take(bytes: Uint8Array, byteOffset: number): number {
    if (bytes.length < blockFraming) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // The type of a section header reads the same in both byte orders.
    if (view.getUint32(0, true) === blockTypes.sectionHeader) {
      const order = view.getUint32(8, true);
      if (order !== byteOrderMagic && view.getUint32(8, false) !== byteOrderMagic)
        throw new DamagedCapture('A section has no byte-order magic');
      this.littleEndian = order === byteOrderMagic;
    }
    const { littleEndian } = this;
    const type = view.getUint32(0, littleEndian);
    const length = view.getUint32(4, littleEndian);
    if (length < blockFraming || length % 4 !== 0 || length > largestBlock)
      throw new DamagedCapture(`A block claims ${length} bytes`);
    if (bytes.length < length) return 0;
    if (view.getUint32(length - 4, littleEndian) !== length)
      throw new DamagedCapture('A block does not end with its length');
    this.block(type, bytes.subarray(8, length - 4), byteOffset);
    return length;
  }

  private block(type: number, body: Uint8Array, byteOffset: number): void {
    switch (type) {
      case blockTypes.sectionHeader:
        this.beginSection(body);
        return;
      case blockTypes.interfaceDescription:
        this.describeInterface(body);
        return;
      case blockTypes.enhancedPacket:
        this.enhancedPacket(body, byteOffset, false);
        return;
      case blockTypes.packet:
        this.enhancedPacket(body, byteOffset, true);
        return;
      case blockTypes.simplePacket:
        this.simplePacket(body, byteOffset);
        return;
      default:
        // Blocks that hold no packets, or that this version does not know.
        return;
    }
  }

  private beginSection(body: Uint8Array): void {
    const view = this.view(body, 16, 'A section header');
    const major = view.getUint16(4, this.littleEndian);
    if (major !== 1) throw new DamagedCapture(`A section has version ${major}, and only 1 is known`);
    this.interfaces = [];
  }

  private describeInterface(body: Uint8Array): void {
    const view = this.view(body, 8, 'An interface description');
    let name: string | undefined;
    let description: string | undefined;
    let resolution: number | undefined;
    let offset = 0n;
    for (const { code, value } of this.options(body, 8)) {
      const codes = optionCodes.interface;
      if (code === codes.name) name = decodeUtf8(value);
      else if (code === codes.description) description = decodeUtf8(value);
      else if (code === codes.timeResolution && value.length >= 1) resolution = value[0];
      else if (code === codes.timeOffset && value.length >= 8)
        offset = new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0, this.littleEndian);
    }
    const linkType = view.getUint16(0, this.littleEndian);
    const snapLength = view.getUint32(4, this.littleEndian);
    const number = this.interfaceCount++;
    if (number >= mostInterfaces)
      throw new DamagedCapture(`The capture has more than ${mostInterfaces} interfaces`);
    this.interfaces.push({ number, snapLength, clock: clockOf(resolution, offset) });
    this.listener.onInterface?.({ linkType, snapLength, name, description }, number);
  }

  /** An enhanced packet; the obsolete packet block has 16 bits for the interface and 16 for a count of drops instead. */
  private enhancedPacket(body: Uint8Array, byteOffset: number, obsolete: boolean): void {
    const view = this.view(body, 20, 'A packet');
    const u32 = (at: number): number => view.getUint32(at, this.littleEndian);
    const own = this.interfaceOf(obsolete ? view.getUint16(0, this.littleEndian) : u32(0));
    const kept = this.kept(u32(12), body.length - 20);
    let direction: CaptureDirection | undefined;
    const comments: string[] = [];
    for (const { code, value } of this.options(body, 20 + ((kept + 3) & ~3))) {
      if (code === optionCodes.comment) comments.push(decodeUtf8(value));
      else if (code === optionCodes.packet.flags && value.length >= 4) {
        const flags = new DataView(value.buffer, value.byteOffset, 4).getUint32(0, this.littleEndian) & 3;
        if (flags === packetFlags.inbound) direction = 'inbound';
        else if (flags === packetFlags.outbound) direction = 'outbound';
      }
    }
    this.listener.onPacket({
      interfaceNumber: own.number,
      time: own.clock.toNanoseconds((BigInt(u32(4)) << 32n) | BigInt(u32(8))),
      length: Math.max(u32(16), kept),
      bytes: body.subarray(20, 20 + kept),
      direction,
      comments,
      byteOffset,
    });
  }

  private simplePacket(body: Uint8Array, byteOffset: number): void {
    const length = this.view(body, 4, 'A simple packet').getUint32(0, this.littleEndian);
    const own = this.interfaceOf(0);
    const wanted = own.snapLength === 0 ? length : Math.min(length, own.snapLength);
    const kept = this.kept(wanted, body.length - 4);
    this.listener.onPacket({
      interfaceNumber: own.number,
      time: undefined,
      length,
      bytes: body.subarray(4, 4 + kept),
      direction: undefined,
      comments: [],
      byteOffset,
    });
  }

  private interfaceOf(index: number): SectionInterface {
    const own = this.interfaces[index];
    if (own === undefined)
      throw new DamagedCapture(`A packet names interface ${index}, which its section does not have`);
    return own;
  }

  /** The length of a packet's data, if its block has so much and anybody would believe it. */
  private kept(claimed: number, available: number): number {
    if (claimed > available)
      throw new DamagedCapture(`A packet claims ${claimed} bytes, its block has ${available}`);
    if (claimed > largestPacket)
      throw new DamagedCapture(
        `A packet claims ${claimed} bytes, more than the ${largestPacket} that are believed`,
      );
    return claimed;
  }

  private view(body: Uint8Array, least: number, what: string): DataView {
    if (body.length < least)
      throw new DamagedCapture(`${what} has ${body.length} bytes instead of ${least} at least`);
    return new DataView(body.buffer, body.byteOffset, body.length);
  }

  /** Options from `start` to the end of a body; what is no whole option ends them. */
  private *options(body: Uint8Array, start: number): Iterable<BlockOption> {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    for (let at = start; at + 4 <= body.length;) {
      const code = view.getUint16(at, this.littleEndian);
      const length = view.getUint16(at + 2, this.littleEndian);
      if (code === optionCodes.endOfOptions) return;
      if (at + 4 + length > body.length)
        throw new DamagedCapture(`An option claims ${length} bytes, more than its block has`);
      yield { code, value: body.subarray(at + 4, at + 4 + length) };
      at += 4 + ((length + 3) & ~3);
    }
  }
}
