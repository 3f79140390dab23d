/**
 * TCP segments on the interpreter's end of the cable, as bytes and as fields: every flag and every option, in order, sound or not.
 * The stack under test has a codec of its own; this one shares nothing with it but the checksum.
 */
import { finishChecksum, sumWords } from '../../emulator/wire/internetChecksum';
import type { SackBlock, TcpOption } from '../language/script';

/** Version of IP. */
export type IpVersion = 4 | 6;

/** An option of a live header; `other` is one that scripts have no name for. */
export type LiveOption = TcpOption | { readonly kind: 'other'; readonly number: number };

/** A segment as it travels; sequence numbers, ports and timestamps are those of the wire. */
export interface LiveSegment {
  readonly version: IpVersion;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Type of service or traffic class. */
  readonly typeOfService: number;
  readonly timeToLive: number;
  readonly flowLabel: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly urgentPointer: number;
  readonly options: readonly LiveOption[];
  readonly payload: Uint8Array;
}

/** Protocol number of TCP. */
const tcpProtocol = 6;

const ethernetHeaderLength = 14;
const etherTypes = { 4: 0x0800, 6: 0x86dd } as const;
const tcpHeaderLength = 20;

/** Kinds of TCP options (RFC 9293, RFC 7323, RFC 2018). */
const kinds = { eol: 0, nop: 1, mss: 2, wscale: 3, sackOK: 4, sack: 5, TS: 8 } as const;

function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(Math.floor(value / 0x10000)), ...u16(value % 0x10000)];
}

function optionBytes(option: LiveOption): number[] {
  switch (option.kind) {
    case 'eol':
      return [kinds.eol];
    case 'nop':
      return [kinds.nop];
    case 'sackOK':
      return [kinds.sackOK, 2];
    case 'mss':
      return [kinds.mss, 4, ...u16(option.value)];
    case 'wscale':
      return [kinds.wscale, 3, option.value];
    case 'TS':
      return [kinds.TS, 10, ...u32(option.value), ...u32(option.echo)];
    case 'sack':
      return [
        kinds.sack,
        2 + 8 * option.blocks.length,
        ...option.blocks.flatMap(({ left, right }) => [...u32(left), ...u32(right)]),
      ];
    case 'other':
      return [option.number, 2];
  }
}

/** Total of the pseudo-header of a transport protocol (RFC 9293 section 3.1, RFC 8200 section 8.1). */
export function pseudoHeaderTotal(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number {
  return sumWords(sumWords(protocol + length, source, 0, source.length), destination, 0, destination.length);
}

/** Bytes of the TCP header of a segment. */
function encodeTcp(segment: LiveSegment): Uint8Array {
  const options = segment.options.flatMap(optionBytes);
  while (options.length % 4 !== 0) options.push(kinds.eol);
  const headerLength = tcpHeaderLength + options.length;
  const bytes = Uint8Array.from([
    ...u16(segment.sourcePort),
    ...u16(segment.destinationPort),
    ...u32(segment.sequence),
    ...u32(segment.acknowledgment),
    (headerLength / 4) << 4,
    segment.flags,
    ...u16(segment.window),
    0,
    0,
    ...u16(segment.urgentPointer),
    ...options,
    ...segment.payload,
  ]);
  const total = pseudoHeaderTotal(segment.source, segment.destination, tcpProtocol, bytes.length);
  bytes.set(u16(finishChecksum(sumWords(total, bytes, 0, bytes.length))), 16);
  return bytes;
}

/** Fields of an IP header around a payload. */
export type IpFields = Pick<
  LiveSegment,
  'version' | 'source' | 'destination' | 'typeOfService' | 'timeToLive' | 'flowLabel'
>;

/** A payload behind an IP header; Don't Fragment is set in IPv4. */
export function encodeIp(fields: IpFields, protocol: number, payload: Uint8Array): Uint8Array {
  const { version, source, destination, typeOfService, timeToLive, flowLabel } = fields;
  if (version === 6) {
    const first = 0x6000_0000 + typeOfService * 0x10_0000 + flowLabel;
    return Uint8Array.from([
      ...u32(first),
      ...u16(payload.length),
      protocol,
      timeToLive,
      ...source,
      ...destination,
      ...payload,
    ]);
  }
  const header = Uint8Array.from([
    0x45,
    typeOfService,
    ...u16(20 + payload.length),
    0,
    0,
    0x40,
    0,
    timeToLive,
    protocol,
    0,
    0,
    ...source,
    ...destination,
  ]);
  header.set(u16(finishChecksum(sumWords(0, header, 0, header.length))), 10);
  return Uint8Array.from([...header, ...payload]);
}

/** A datagram behind an Ethernet header. */
export function encodeEthernet(
  destination: Uint8Array,
  source: Uint8Array,
  version: IpVersion,
  datagram: Uint8Array,
): Uint8Array {
  return Uint8Array.from([...destination, ...source, ...u16(etherTypes[version]), ...datagram]);
}

/** The datagram of a segment. */
export function encodeSegment(segment: LiveSegment): Uint8Array {
  return encodeIp(segment, tcpProtocol, encodeTcp(segment));
}

/**
 * The segment in an Ethernet frame; undefined if it is no TCP. What is wrong with one that came out of the stack under test is a
 * text: scripts are to fail on it.
 */
export function decodeFrame(frame: Uint8Array): LiveSegment | string | undefined {
  if (frame.length < ethernetHeaderLength + 20) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const etherType = view.getUint16(12);
  if (etherType === etherTypes[4]) return decodeIpv4(frame, view);
  return etherType === etherTypes[6] ? decodeIpv6(frame, view) : undefined;
}

function decodeIpv4(frame: Uint8Array, view: DataView): LiveSegment | string | undefined {
  const at = ethernetHeaderLength;
  const headerLength = (frame[at]! & 0xf) * 4;
  const end = at + view.getUint16(at + 2);
  if (frame[at]! >> 4 !== 4 || headerLength < 20 || at + headerLength > end || end > frame.length)
    return 'an IPv4 header with wrong lengths';
  if (frame[at + 9] !== tcpProtocol) return undefined;
  if (finishChecksum(sumWords(0, frame, at, at + headerLength)) !== 0) return 'a wrong IPv4 header checksum';
  const ip = {
    version: 4,
    source: frame.slice(at + 12, at + 16),
    destination: frame.slice(at + 16, at + 20),
    typeOfService: frame[at + 1]!,
    timeToLive: frame[at + 8]!,
    flowLabel: 0,
  } as const;
  return decodeTcp(ip, frame.slice(at + headerLength, end));
}

function decodeIpv6(frame: Uint8Array, view: DataView): LiveSegment | string | undefined {
  const at = ethernetHeaderLength;
  if (frame.length < at + 40) return 'an IPv6 header that is cut off';
  const end = at + 40 + view.getUint16(at + 4);
  if (end > frame.length) return 'an IPv6 header with a wrong length';
  if (frame[at + 6] !== tcpProtocol) return undefined;
  const first = view.getUint32(at);
  const ip = {
    version: 6,
    source: frame.slice(at + 8, at + 24),
    destination: frame.slice(at + 24, at + 40),
    typeOfService: (first >>> 20) & 0xff,
    timeToLive: frame[at + 7]!,
    flowLabel: first & 0xf_ffff,
  } as const;
  return decodeTcp(ip, frame.slice(at + 40, end));
}

function decodeTcp(ip: IpFields, bytes: Uint8Array): LiveSegment | string {
  if (bytes.length < tcpHeaderLength) return 'a TCP header that is cut off';
  const view = new DataView(bytes.buffer);
  const headerLength = (bytes[12]! >> 4) * 4;
  if (headerLength < tcpHeaderLength || headerLength > bytes.length)
    return 'a TCP header with a wrong length';
  const total = pseudoHeaderTotal(ip.source, ip.destination, tcpProtocol, bytes.length);
  if (finishChecksum(sumWords(total, bytes, 0, bytes.length)) !== 0) return 'a wrong TCP checksum';
  const options = decodeOptions(bytes.subarray(tcpHeaderLength, headerLength));
  if (typeof options === 'string') return options;
  return {
    ...ip,
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgment: view.getUint32(8),
    flags: bytes[13]!,
    window: view.getUint16(14),
    urgentPointer: view.getUint16(18),
    options,
    payload: bytes.slice(headerLength),
  };
}

function decodeOptions(bytes: Uint8Array): LiveOption[] | string {
  const options: LiveOption[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at]!;
    if (kind === kinds.eol) return [...options, { kind: 'eol' }];
    if (kind === kinds.nop) {
      options.push({ kind: 'nop' });
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) return 'a TCP option with a wrong length';
    options.push(decodeOption(kind, length, view, at));
    at += length;
  }
  return options;
}

function decodeOption(kind: number, length: number, view: DataView, at: number): LiveOption {
  if (kind === kinds.mss && length === 4) return { kind: 'mss', value: view.getUint16(at + 2) };
  if (kind === kinds.wscale && length === 3) return { kind: 'wscale', value: view.getUint8(at + 2) };
  if (kind === kinds.sackOK && length === 2) return { kind: 'sackOK' };
  if (kind === kinds.TS && length === 10)
    return { kind: 'TS', value: view.getUint32(at + 2), echo: view.getUint32(at + 6) };
  if (kind === kinds.sack && length % 8 === 2) {
    const blocks: SackBlock[] = [];
    for (let block = at + 2; block < at + length; block += 8)
      blocks.push({ left: view.getUint32(block), right: view.getUint32(block + 4) });
    return { kind: 'sack', blocks };
  }
  return { kind: 'other', number: kind };
}
