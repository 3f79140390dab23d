/** TCP segments as bytes and as fields (RFC 9293 section 3.1; options of RFC 7323 and RFC 2018). */
import { getU16, getU32, putU16, putU32 } from './networkOrder';
import { finishChecksum, sumPseudoHeader, sumWords } from './internetChecksum';
import { ipProtocols } from './ipv4';
import type { FrameChecksum } from './frame';
import type { IpAddress } from './address';

/** Control bits. */
export const tcpFlags = { FIN: 0x01, SYN: 0x02, RST: 0x04, PSH: 0x08, ACK: 0x10, URG: 0x20 } as const;

/** Bytes of a header without options. */
export const tcpHeaderLength = 20;

/** Bytes that the timestamps option takes in every segment, padding included (RFC 7323 appendix A). */
export const timestampsOptionLength = 12;

const optionKinds = {
  end: 0,
  noOperation: 1,
  maximumSegmentSize: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
} as const;

/** SACK blocks that fit into a header without other options (RFC 2018 section 3). */
export const mostSackBlocks = 4;

/** Bytes that the SACK option takes with `blocks` blocks, padding included. */
export function sackOptionLength(blocks: number): number {
  return blocks === 0 ? 0 : 4 + 8 * blocks;
}

/** Where a segment over IPv4 was found that was read out of a frame. */
export class SegmentOrigin {
  readonly source = new Uint8Array(4);
  readonly destination = new Uint8Array(4);
  /** Where the TCP header begins, and the length of header and payload. */
  tcpAt = 0;
  tcpLength = 0;
}

/** A decoded segment, or one to be sent. One object is reused for many segments; payload bytes stay where they are. */
export class TcpSegment {
  sourcePort = 0;
  destinationPort = 0;
  SequenceNumber = 0;
  AcknowledgmentNumber = 0;
  flags = 0;
  /** As on the wire, not yet scaled. */
  window = 0;
  urgentPointer = 0;
  /** Undefined where the option is absent. */
  maximumSegmentSize: number | undefined;
  windowScale: number | undefined;
  /** Whether a SYN says that its sender takes SACK blocks. */
  sackPermitted = false;
  /** Blocks of the SACK option. */
  sackBlockCount = 0;
  /** Left and right edge of each block. */
  readonly sackBlocks = new Uint32Array(2 * mostSackBlocks);
  timestampValue: number | undefined;
  timestampEcho: number | undefined;
  /** Payload: `bytes[payloadStart, payloadStart + payloadLength)`. */
  bytes: Uint8Array = new Uint8Array(0);
  payloadStart = 0;
  payloadLength = 0;
  /** Written by whoever reads it out of a frame. */
  readonly origin = new SegmentOrigin();

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Sequence space that it takes: payload plus SYN and FIN. */
  get sequenceLength(): number {
    return (
      this.payloadLength +
      ((this.flags & tcpFlags.SYN) !== 0 ? 1 : 0) +
      ((this.flags & tcpFlags.FIN) !== 0 ? 1 : 0)
    );
  }
}

/** Why bytes are no usable segment. */
export type TcpProblem = 'too-short' | 'bad-offset' | 'bad-checksum' | 'bad-option';

/** Bytes of the header that `segment` needs. */
export function headerLengthOf(segment: TcpSegment): number {
  let length = tcpHeaderLength;
  if (segment.maximumSegmentSize !== undefined) length += 4;
  if (segment.windowScale !== undefined) length += 4;
  if (segment.timestampValue !== undefined) length += timestampsOptionLength;
  // With timestamps it takes the place of their padding.
  else if (segment.sackPermitted) length += 4;
  return length + sackOptionLength(segment.sackBlockCount);
}

function writeSackOption(bytes: Uint8Array, at: number, segment: TcpSegment): void {
  bytes[at] = optionKinds.noOperation;
  bytes[at + 1] = optionKinds.noOperation;
  bytes[at + 2] = optionKinds.sack;
  bytes[at + 3] = 2 + 8 * segment.sackBlockCount;
  for (let edge = 0; edge < 2 * segment.sackBlockCount; edge++)
    putU32(bytes, at + 4 + 4 * edge, segment.sackBlocks[edge]!);
}

function readSackOption(segment: TcpSegment, bytes: Uint8Array, at: number, length: number): void {
  segment.sackBlockCount = Math.min(mostSackBlocks, (length - 2) / 8);
  for (let edge = 0; edge < 2 * segment.sackBlockCount; edge++)
    segment.sackBlocks[edge] = getU32(bytes, at + 2 + 4 * edge);
}

/**
 * Writes a segment's header at `at`, in front of its payload, which must already stand behind the header
 * (`at + headerLengthOf(segment)`), and fills in the checksum. Answers the length of header and payload.
 * @param checksum `partial` leaves the folded sum over the pseudo-header in the field, for somebody else to add the rest.
 */
export function writeTcpSegment(
  bytes: Uint8Array,
  at: number,
  segment: TcpSegment,
  source: IpAddress,
  destination: IpAddress,
  checksum: 'in-frame' | 'partial' = 'in-frame',
): number {
  const headerLength = headerLengthOf(segment);
  const length = headerLength + segment.payloadLength;
  putU16(bytes, at, segment.sourcePort);
  putU16(bytes, at + 2, segment.destinationPort);
  putU32(bytes, at + 4, segment.SequenceNumber);
  putU32(bytes, at + 8, segment.AcknowledgmentNumber);
  bytes[at + 12] = (headerLength / 4) << 4;
  bytes[at + 13] = segment.flags;
  putU16(bytes, at + 14, segment.window);
  putU16(bytes, at + 16, 0);
  putU16(bytes, at + 18, segment.urgentPointer);
  let option = at + tcpHeaderLength;
  if (segment.maximumSegmentSize !== undefined) {
    bytes[option] = optionKinds.maximumSegmentSize;
    bytes[option + 1] = 4;
    putU16(bytes, option + 2, segment.maximumSegmentSize);
    option += 4;
  }
  if (segment.windowScale !== undefined) {
    bytes[option] = optionKinds.noOperation;
    bytes[option + 1] = optionKinds.windowScale;
    bytes[option + 2] = 3;
    bytes[option + 3] = segment.windowScale;
    option += 4;
  }
  if (segment.timestampValue !== undefined) {
    bytes[option] = segment.sackPermitted ? optionKinds.sackPermitted : optionKinds.noOperation;
    bytes[option + 1] = segment.sackPermitted ? 2 : optionKinds.noOperation;
    bytes[option + 2] = optionKinds.timestamps;
    bytes[option + 3] = 10;
    putU32(bytes, option + 4, segment.timestampValue);
    putU32(bytes, option + 8, segment.timestampEcho ?? 0);
    option += timestampsOptionLength;
  } else if (segment.sackPermitted) {
    bytes[option] = optionKinds.noOperation;
    bytes[option + 1] = optionKinds.noOperation;
    bytes[option + 2] = optionKinds.sackPermitted;
    bytes[option + 3] = 2;
    option += 4;
  }
  if (segment.sackBlockCount > 0) writeSackOption(bytes, option, segment);
  const pseudoHeader = sumPseudoHeader(source, destination, ipProtocols.tcp, length);
  const field =
    checksum === 'partial'
      ? ~finishChecksum(pseudoHeader) & 0xffff
      : finishChecksum(sumWords(pseudoHeader, bytes, at, at + length));
  putU16(bytes, at + 16, field);
  return length;
}

/**
 * Checks and decodes bytes[at, at + length) into `segment`; answers what is wrong, or undefined. Only a checksum that is
 * `in-frame` is looked at.
 */
export function readTcpSegment(
  segment: TcpSegment,
  bytes: Uint8Array,
  at: number,
  length: number,
  source: IpAddress,
  destination: IpAddress,
  checksum: FrameChecksum = 'in-frame',
): TcpProblem | undefined {
  if (length < tcpHeaderLength) return 'too-short';
  const headerLength = (bytes[at + 12]! >>> 4) * 4;
  if (headerLength < tcpHeaderLength || headerLength > length) return 'bad-offset';
  if (checksum === 'in-frame') {
    const pseudoHeader = sumPseudoHeader(source, destination, ipProtocols.tcp, length);
    if (finishChecksum(sumWords(pseudoHeader, bytes, at, at + length)) !== 0) return 'bad-checksum';
  }
  segment.sourcePort = getU16(bytes, at);
  segment.destinationPort = getU16(bytes, at + 2);
  segment.SequenceNumber = getU32(bytes, at + 4);
  segment.AcknowledgmentNumber = getU32(bytes, at + 8);
  segment.flags = bytes[at + 13]! & 0x3f;
  segment.window = getU16(bytes, at + 14);
  segment.urgentPointer = getU16(bytes, at + 18);
  segment.maximumSegmentSize = undefined;
  segment.windowScale = undefined;
  segment.sackPermitted = false;
  segment.sackBlockCount = 0;
  segment.timestampValue = undefined;
  segment.timestampEcho = undefined;
  segment.bytes = bytes;
  segment.payloadStart = at + headerLength;
  segment.payloadLength = length - headerLength;
  return readOptions(segment, bytes, at + tcpHeaderLength, at + headerLength);
}

function readOptions(
  segment: TcpSegment,
  bytes: Uint8Array,
  start: number,
  end: number,
): TcpProblem | undefined {
  for (let at = start; at < end;) {
    const kind = bytes[at]!;
    if (kind === optionKinds.end) return undefined;
    if (kind === optionKinds.noOperation) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > end) return 'bad-option';
    if (kind === optionKinds.maximumSegmentSize && length === 4)
      segment.maximumSegmentSize = getU16(bytes, at + 2);
    else if (kind === optionKinds.windowScale && length === 3)
      segment.windowScale = Math.min(14, bytes[at + 2]!);
    else if (kind === optionKinds.sackPermitted && length === 2) segment.sackPermitted = true;
    else if (kind === optionKinds.sack && length > 2 && length % 8 === 2)
      readSackOption(segment, bytes, at, length);
    else if (kind === optionKinds.timestamps && length === 10) {
      segment.timestampValue = getU32(bytes, at + 2);
      segment.timestampEcho = getU32(bytes, at + 6);
    }
    at += length;
  }
  return undefined;
}
