/**
 * The header that a TAP device puts before each frame where it has been asked to (IFF_VNET_HDR): the virtio-net header of 10 bytes
 * (Virtual I/O Device specification, section "Network Device"), in the machine's byte order. It says which checksum is not filled in
 * yet, and that a frame stands for several packets.
 */
import type { Frame } from '../emulator/wire/frame';

/** Bytes of the header. */
export const virtioNetHeaderLength = 10;

const flagBits = { needsChecksum: 1, dataValid: 2 } as const;

const segmentationKinds = { none: 0, tcpV4: 1, tcpV6: 4, congestionExperienced: 0x80 } as const;

/** Where a TCP header has its checksum. */
const tcpChecksumOffset = 16;

/** Where the Ethernet type stands, and the types that matter. */
const etherTypeOffset = 12;
const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd } as const;
const ethernetHeaderLength = 14;
const ipv6HeaderLength = 40;

function getU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff;
  bytes[at + 1] = value >>> 8;
}

/** Writes the header of a frame at the start of `header`, from what the frame leaves to others. */
export function writeVirtioNetHeader(header: Uint8Array, frame: Frame): void {
  header.fill(0, 0, virtioNetHeaderLength);
  if (frame.checksum === 'verified') {
    header[0] = flagBits.dataValid;
    return;
  }
  if (frame.checksum === 'in-frame') return;
  const { bytes } = frame;
  const isIpv6 = ((bytes[etherTypeOffset]! << 8) | bytes[etherTypeOffset + 1]!) === etherTypes.ipv6;
  const networkLength = isIpv6 ? ipv6HeaderLength : (bytes[ethernetHeaderLength]! & 0xf) * 4;
  const tcpAt = ethernetHeaderLength + networkLength;
  header[0] = flagBits.needsChecksum;
  putU16(header, 6, tcpAt);
  putU16(header, 8, tcpChecksumOffset);
  if (frame.segmentSize === 0) return;
  header[1] = isIpv6 ? segmentationKinds.tcpV6 : segmentationKinds.tcpV4;
  putU16(header, 2, tcpAt + (bytes[tcpAt + 12]! >>> 4) * 4);
  putU16(header, 4, frame.segmentSize);
}

/** Reads the header at the start of `header` into what `frame` says about itself; the frame's bytes are not looked at. */
export function readVirtioNetHeader(header: Uint8Array, frame: Frame): void {
  const flags = header[0]!;
  // Of other protocols' partial checksums nothing is known further on: their packets are nobody's here.
  if ((flags & flagBits.needsChecksum) !== 0 && getU16(header, 8) === tcpChecksumOffset)
    frame.checksum = 'partial';
  else if ((flags & flagBits.dataValid) !== 0) frame.checksum = 'verified';
  else frame.checksum = 'in-frame';
  const kind = header[1]! & ~segmentationKinds.congestionExperienced;
  const isTcp = kind === segmentationKinds.tcpV4 || kind === segmentationKinds.tcpV6;
  frame.segmentSize = isTcp ? getU16(header, 4) : 0;
}
