/**
 * The headers of a recorded frame as numbers: Ethernet II, 802.1Q, IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293) with its options
 * (RFC 2018, RFC 7323), ICMP types. Frames in a trace may be cut at any byte, and may be damaged: what is not there is undefined, and
 * nothing ever throws. For people there is `analysis/frameDecoder`.
 */
import { ipAddressText } from '../ddi/addressText';
import { linkAddress } from '../analysis/frameLayer';

/** What a TCP header says; a part that the frame lacks is undefined. */
export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Bits from FIN (1) to CWR (128). */
  readonly flags: number;
  /** As it stands in the header: not scaled. */
  readonly window: number;
  /** Bytes. */
  readonly maximumSegmentSize?: number;
  /** Shift. */
  readonly windowScale?: number;
  readonly sackPermitted: boolean;
  /** Such as `100-200 300-400`. */
  readonly sackBlocks?: string;
  readonly timestamp?: number;
  readonly timestampEcho?: number;
}

/** What the headers of a frame say; a part that the frame lacks is undefined. */
export interface Packet {
  linkSource?: string;
  linkDestination?: string;
  /** Behind a tag. */
  etherType?: number;
  vlan?: number;
  priority?: number;
  ipVersion?: 4 | 6;
  source?: string;
  destination?: string;
  /** Of the upper layer, behind extension headers. */
  protocol?: number;
  /** With its header, bytes. */
  datagramLength?: number;
  ttl?: number;
  /** Bytes. */
  fragmentOffset?: number;
  icmpType?: number;
  icmpCode?: number;
  tcp?: TcpHeader;
}

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;

/** Names of TCP flags, separated by spaces. */
export function tcpFlagsText(flags: number): string {
  return flagNames.filter((_, bit) => (flags >> bit) & 1).join(' ');
}

/** Big-endian numbers out of bytes; undefined beyond their end. */
class Reader {
  constructor(private readonly bytes: Uint8Array) {}

  number(at: number, length: number): number | undefined {
    if (at + length > this.bytes.length) return undefined;
    let value = 0;
    for (let index = 0; index < length; index++) value = value * 256 + this.bytes[at + index]!;
    return value;
  }

  text(at: number, length: number, write: (bytes: Uint8Array) => string): string | undefined {
    return at + length > this.bytes.length ? undefined : write(this.bytes.subarray(at, at + length));
  }
}

/** Sets those members that are there. */
function assign<Target extends object>(
  target: Target,
  values: { [Key in keyof Target]?: Target[Key] | undefined },
): void {
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) (target as Record<string, unknown>)[name] = value;
}

/** Reads the headers of a frame as far as they were recorded. */
export function readPacket(bytes: Uint8Array): Packet {
  const reader = new Reader(bytes);
  const packet: Packet = {};
  assign(packet, {
    linkDestination: reader.text(0, 6, linkAddress),
    linkSource: reader.text(6, 6, linkAddress),
  });
  let at = 14;
  let etherType = reader.number(12, 2);
  if (etherType === 0x8100) {
    const control = reader.number(14, 2);
    if (control !== undefined) assign(packet, { vlan: control & 0xfff, priority: control >> 13 });
    etherType = reader.number(16, 2);
    at = 18;
  }
  assign(packet, { etherType });
  if (etherType === 0x0800) readInternet(reader, at, packet);
  else if (etherType === 0x86dd) readInternet6(reader, at, packet);
  return packet;
}

function readInternet(reader: Reader, at: number, packet: Packet): void {
  const first = reader.number(at, 1);
  const fragment = reader.number(at + 6, 2);
  assign(packet, {
    ipVersion: 4,
    datagramLength: reader.number(at + 2, 2),
    fragmentOffset: fragment === undefined ? undefined : (fragment & 0x1fff) * 8,
    ttl: reader.number(at + 8, 1),
    protocol: reader.number(at + 9, 1),
    source: reader.text(at + 12, 4, ipAddressText),
    destination: reader.text(at + 16, 4, ipAddressText),
  });
  if (first !== undefined) readUpper(reader, at + Math.max(20, (first & 15) * 4), packet);
}

/** Headers that are followed by another, whose length their second byte gives (RFC 8200 section 4). */
const extensionHeaders: ReadonlySet<number> = new Set([0, 43, 60]);
const fragmentHeader = 44;

function readInternet6(reader: Reader, at: number, packet: Packet): void {
  const payload = reader.number(at + 4, 2);
  assign(packet, {
    ipVersion: 6,
    datagramLength: payload === undefined ? undefined : payload + 40,
    ttl: reader.number(at + 7, 1),
    source: reader.text(at + 8, 16, ipAddressText),
    destination: reader.text(at + 24, 16, ipAddressText),
    fragmentOffset: 0,
  });
  let next = reader.number(at + 6, 1);
  let upper = at + 40;
  while (next !== undefined && (extensionHeaders.has(next) || next === fragmentHeader)) {
    const isFragment: boolean = next === fragmentHeader;
    if (isFragment) assign(packet, { fragmentOffset: (reader.number(upper + 2, 2) ?? 0) & 0xfff8 });
    const units: number | undefined = isFragment ? 0 : reader.number(upper + 1, 1);
    next = reader.number(upper, 1);
    if (units === undefined) return;
    upper += (units + 1) * 8;
  }
  assign(packet, { protocol: next });
  if (next !== undefined) readUpper(reader, upper, packet);
}

function readUpper(reader: Reader, at: number, packet: Packet): void {
  // What stands behind a later fragment's header is no header of the upper layer.
  if ((packet.fragmentOffset ?? 0) !== 0) return;
  if (packet.protocol === 6) assign(packet, { tcp: readTcp(reader, at) });
  else if (packet.protocol === 1 || packet.protocol === 58)
    assign(packet, { icmpType: reader.number(at, 1), icmpCode: reader.number(at + 1, 1) });
}

interface TcpOptions {
  maximumSegmentSize?: number;
  windowScale?: number;
  sackPermitted: boolean;
  sackBlocks?: string;
  timestamp?: number;
  timestampEcho?: number;
}

function readTcp(reader: Reader, at: number): TcpHeader | undefined {
  const offset = reader.number(at + 12, 1);
  const flags = reader.number(at + 13, 1);
  const window = reader.number(at + 14, 2);
  if (offset === undefined || flags === undefined || window === undefined) return undefined;
  return {
    sourcePort: reader.number(at, 2)!,
    destinationPort: reader.number(at + 2, 2)!,
    sequence: reader.number(at + 4, 4)!,
    acknowledgment: reader.number(at + 8, 4)!,
    flags,
    window,
    ...readOptions(reader, at + 20, at + Math.max(20, (offset >> 4) * 4)),
  };
}

function readOptions(reader: Reader, start: number, end: number): TcpOptions {
  const options: TcpOptions = { sackPermitted: false };
  for (let at = start; at < end;) {
    const kind = reader.number(at, 1);
    if (kind === undefined || kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = reader.number(at + 1, 1);
    // A length that does not even hold itself, or runs out of the header, is damage: nothing behind it can be read.
    if (length === undefined || length < 2 || at + length > end) break;
    readOption(reader, kind, at, length, options);
    at += length;
  }
  return options;
}

function readOption(reader: Reader, kind: number, at: number, length: number, options: TcpOptions): void {
  if (kind === 2 && length === 4) assign(options, { maximumSegmentSize: reader.number(at + 2, 2) });
  else if (kind === 3 && length === 3) assign(options, { windowScale: reader.number(at + 2, 1) });
  else if (kind === 4 && length === 2) options.sackPermitted = true;
  else if (kind === 8 && length === 10)
    assign(options, { timestamp: reader.number(at + 2, 4), timestampEcho: reader.number(at + 6, 4) });
  else if (kind === 5) {
    const blocks: string[] = [];
    for (let edge = at + 2; edge + 8 <= at + length; edge += 8) {
      const left = reader.number(edge, 4);
      const right = reader.number(edge + 4, 4);
      if (left !== undefined && right !== undefined) blocks.push(`${left}-${right}`);
    }
    if (blocks.length > 0) options.sackBlocks = blocks.join(' ');
  }
}
