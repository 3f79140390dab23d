/**
 * Decodes the headers of a recorded frame: Ethernet II, 802.1Q, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), ICMP (RFC 792), ICMPv6
 * (RFC 4443, RFC 4861) and TCP (RFC 9293) with its options. Frames in a trace may be cut at any byte: a layer shows the fields that
 * are there and says that it is cut.
 */
import { ipAddressText } from '../ddi/addressText';
import { FrameLayer, hexText, linkAddress, type DecodedFrame, type HeaderLayer } from './frameLayer';
import { decodeControl } from './controlDecoder';
import { decodeIpv6 } from './ipv6Decoder';

export type { DecodedFrame, HeaderField, HeaderLayer } from './frameLayer';

const tcpFlagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;
const etherTypes: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x86dd, 'IPv6'],
  [0x8100, '802.1Q'],
]);

/** Decodes as much of a frame as was recorded. `length` is its length on the wire in bytes. Never throws. */
export function decodeFrame(bytes: Uint8Array, length: number = bytes.length): DecodedFrame {
  const layers: HeaderLayer[] = [];
  const ethernet = new FrameLayer(bytes, 0);
  const destination = ethernet.address('Destination', 0, 6, linkAddress);
  const source = ethernet.address('Source', 6, 6, linkAddress);
  const outer = ethernet.field('EtherType', 12, 2, etherTypeText);
  layers.push(ethernet.done('Ethernet II', `${source ?? '?'} → ${destination ?? '?'}`, 14));
  const isTagged = outer === 0x8100;
  const type = isTagged ? decodeTag(bytes, layers) : outer;
  const offset = isTagged ? 18 : 14;
  if (type === 0x0806) layers.push(decodeArp(bytes, offset));
  else if (type === 0x0800) decodeInternet(bytes, offset, length, layers);
  else if (type === 0x86dd) {
    const upper = decodeIpv6(bytes, offset, length, layers);
    if (upper?.protocol === 6) decodeTcp(bytes, upper.offset, upper.end, layers);
    else if (upper?.protocol === 58) decodeControl('ICMPv6', bytes, upper.offset, upper.end, layers);
  }
  const telling = [...layers].reverse().find((layer) => layer.protocol !== 'Payload');
  return { layers, summary: telling === undefined ? '' : `${telling.protocol}: ${telling.summary}` };
}

function etherTypeText(value: number): string {
  const name = etherTypes.get(value);
  return hexText(4)(value) + (name === undefined ? '' : ` (${name})`);
}

/** Decodes the tag behind an Ethernet II header; answers the EtherType of what it carries. */
function decodeTag(bytes: Uint8Array, layers: HeaderLayer[]): number | undefined {
  const layer = new FrameLayer(bytes, 14);
  const control = layer.number(0, 2);
  if (control !== undefined) {
    layer.push('Priority', 0, 1, String(control >> 13));
    layer.push('Canonical format indicator', 0, 1, String((control >> 12) & 1));
    layer.push('VLAN', 0, 2, String(control & 0xfff));
  }
  const type = layer.field('EtherType', 2, 2, etherTypeText);
  const summary = control === undefined ? '?' : `VLAN ${control & 0xfff}, priority ${control >> 13}`;
  layers.push(layer.done('802.1Q', summary, 4));
  return type;
}

function decodeArp(bytes: Uint8Array, offset: number): HeaderLayer {
  const layer = new FrameLayer(bytes, offset);
  layer.field('Hardware type', 0, 2, (value) => (value === 1 ? '1 (Ethernet)' : String(value)));
  layer.field('Protocol type', 2, 2, hexText(4));
  layer.field('Hardware address length', 4, 1);
  layer.field('Protocol address length', 5, 1);
  const names = new Map([
    [1, 'request'],
    [2, 'reply'],
  ]);
  const operation = layer.field('Operation', 6, 2, (value) => {
    const name = names.get(value);
    return name === undefined ? String(value) : `${value} (${name})`;
  });
  const senderLink = layer.address('Sender hardware address', 8, 6, linkAddress);
  const sender = layer.address('Sender protocol address', 14, 4, ipAddressText);
  layer.address('Target hardware address', 18, 6, linkAddress);
  const target = layer.address('Target protocol address', 24, 4, ipAddressText);
  const summary =
    operation === 1
      ? `who has ${target ?? '?'}? Tell ${sender ?? '?'}`
      : operation === 2
        ? `${sender ?? '?'} is at ${senderLink ?? '?'}`
        : `operation ${operation ?? '?'}`;
  return layer.done('ARP', summary, 28);
}

function decodeInternet(bytes: Uint8Array, offset: number, frameLength: number, layers: HeaderLayer[]): void {
  const layer = new FrameLayer(bytes, offset);
  const first = layer.number(0, 1);
  if (first !== undefined) {
    layer.push('Version', 0, 1, String(first >> 4));
    layer.push('Header length', 0, 1, `${(first & 15) * 4} bytes`);
  }
  layer.field('Differentiated services', 1, 1, hexText(2));
  const totalLength = layer.field('Total length', 2, 2, (value) => `${value} bytes`);
  layer.field('Identification', 4, 2, hexText(4));
  const fragment = layer.field('Flags and fragment offset', 6, 2, (value) => {
    const flags = [value & 0x4000 ? 'DF' : '', value & 0x2000 ? 'MF' : ''].filter((name) => name !== '');
    return `${hexText(4)(value)}${flags.length > 0 ? ` (${flags.join(', ')})` : ''}`;
  });
  layer.field('Time to live', 8, 1);
  const protocol = layer.field('Protocol', 9, 1, protocolText);
  layer.field('Header checksum', 10, 2, hexText(4));
  const source = layer.address('Source', 12, 4, ipAddressText);
  const destination = layer.address('Destination', 16, 4, ipAddressText);
  const headerLength = Math.max(20, ((first ?? 0x45) & 15) * 4);
  const isPiece = fragment !== undefined && (fragment & 0x3fff) !== 0;
  const piece = isPiece ? `, fragment at ${(fragment & 0x1fff) * 8}` : '';
  layers.push(layer.done('IPv4', `${source ?? '?'} → ${destination ?? '?'}${piece}`, headerLength));
  // What stands behind a later fragment's header is no header of the upper layer.
  if (isPiece && (fragment & 0x1fff) !== 0) return;
  // Without a recorded length the frame's own counts; short frames carry padding that is no data.
  const end = offset + Math.min(totalLength ?? Infinity, Math.max(frameLength - offset, headerLength));
  if (protocol === 6) decodeTcp(bytes, offset + headerLength, end, layers);
  else if (protocol === 1) decodeControl('ICMP', bytes, offset + headerLength, end, layers);
}

function protocolText(value: number): string {
  return value === 6 ? '6 (TCP)' : value === 1 ? '1 (ICMP)' : String(value);
}

function decodeTcp(bytes: Uint8Array, offset: number, end: number, layers: HeaderLayer[]): void {
  const layer = new FrameLayer(bytes, offset);
  const sourcePort = layer.field('Source port', 0, 2);
  const destinationPort = layer.field('Destination port', 2, 2);
  const sequence = layer.field('Sequence number', 4, 4);
  const acknowledgment = layer.field('Acknowledgment number', 8, 4);
  const dataOffset = layer.number(12, 1);
  if (dataOffset !== undefined) layer.push('Data offset', 12, 1, `${(dataOffset >> 4) * 4} bytes`);
  const flags = layer.number(13, 1);
  const names = tcpFlagNames.filter((_, bit) => ((flags ?? 0) >> bit) & 1);
  if (flags !== undefined) layer.push('Flags', 13, 1, names.length > 0 ? names.join(', ') : 'none');
  layer.field('Window', 14, 2);
  layer.field('Checksum', 16, 2, hexText(4));
  layer.field('Urgent pointer', 18, 2);
  const headerLength = Math.max(20, ((dataOffset ?? 0x50) >> 4) * 4);
  decodeTcpOptions(layer, headerLength);
  // Where the payload begins is not known unless the data offset was recorded.
  const payload = dataOffset === undefined ? undefined : Math.max(0, end - offset - headerLength);
  const summary =
    `${sourcePort ?? '?'} → ${destinationPort ?? '?'} [${names.join(', ')}] Seq ${sequence ?? '?'}` +
    (names.includes('ACK') ? `, Ack ${acknowledgment ?? '?'}` : '') +
    `, ${payload ?? '?'} bytes`;
  layers.push(layer.done('TCP', summary, headerLength));
  if (payload !== undefined && payload > 0) {
    const data = new FrameLayer(bytes, offset + headerLength);
    layers.push(data.done('Payload', `${payload} bytes`, payload));
  }
}

/** Options by kind: name, and how the data reads (RFC 9293, RFC 7323, RFC 2018). */
function optionText(kind: number, layer: FrameLayer, at: number, length: number): readonly [string, string] {
  switch (kind) {
    case 2:
      return ['Maximum segment size', `${layer.number(at + 2, 2) ?? '?'} bytes`];
    case 3: {
      const shift = layer.number(at + 2, 1);
      return ['Window scale', shift === undefined ? '?' : `${shift} (times ${2 ** shift})`];
    }
    case 4:
      return ['SACK permitted', 'yes'];
    case 5: {
      const blocks: string[] = [];
      for (let edge = at + 2; edge + 8 <= at + length; edge += 8) {
        blocks.push(`${layer.number(edge, 4) ?? '?'}–${layer.number(edge + 4, 4) ?? '?'}`);
      }
      return ['SACK', blocks.join(', ')];
    }
    case 8:
      return ['Timestamps', `${layer.number(at + 2, 4) ?? '?'}, echo ${layer.number(at + 6, 4) ?? '?'}`];
    default:
      return [`Option ${kind}`, `${length} bytes`];
  }
}

function decodeTcpOptions(layer: FrameLayer, headerLength: number): void {
  for (let at = 20; at < headerLength;) {
    const kind = layer.number(at, 1);
    if (kind === undefined || kind === 0) return;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = layer.number(at + 1, 1);
    // A length that does not even hold itself, or runs out of the header, is damage: nothing behind it can be read.
    if (length === undefined || length < 2 || at + length > headerLength) return;
    if (layer.slice(at, length) === undefined) return;
    const [name, text] = optionText(kind, layer, at, length);
    layer.push(name, at, length, text);
    at += length;
  }
}
