/**
 * Decodes the headers of a recorded frame: Ethernet II, 802.1Q, ARP (RFC 826), IPv4 (RFC 791) and TCP (RFC 9293) with its options.
 * Frames in a trace may be cut at any byte: a layer shows the fields that are there and says that it is cut.
 */

/** One field of a header. */
export interface HeaderField {
  readonly name: string;
  /** The value for people. */
  readonly text: string;
  /** Where its bytes stand in the frame. */
  readonly offset: number;
  readonly length: number;
}

/** One header of a frame, or its payload. */
export interface HeaderLayer {
  readonly protocol: 'Ethernet II' | '802.1Q' | 'ARP' | 'IPv4' | 'TCP' | 'Payload';
  /** The layer in one line. */
  readonly summary: string;
  readonly offset: number;
  /** Bytes of it that were recorded. */
  readonly length: number;
  readonly fields: readonly HeaderField[];
  /** Whether bytes of it are missing from the recording. */
  readonly cut: boolean;
}

/** A decoded frame. */
export interface DecodedFrame {
  readonly layers: readonly HeaderLayer[];
  /** The innermost layer that says most, in one line. */
  readonly summary: string;
}

const tcpFlagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;
const etherTypes: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x0806, 'ARP'],
  [0x86dd, 'IPv6'],
  [0x8100, '802.1Q'],
]);

class Layer {
  readonly fields: HeaderField[] = [];
  cut = false;

  constructor(
    private readonly bytes: Uint8Array,
    readonly offset: number,
  ) {}

  /** A big-endian number of 1 to 4 bytes; undefined beyond the end of the recording. */
  number(at: number, length: number): number | undefined {
    if (!this.present(at, length)) return undefined;
    let value = 0;
    for (let index = 0; index < length; index++) value = value * 256 + this.bytes[this.offset + at + index]!;
    return value;
  }

  slice(at: number, length: number): Uint8Array | undefined {
    return this.present(at, length)
      ? this.bytes.subarray(this.offset + at, this.offset + at + length)
      : undefined;
  }

  /** Adds a field unless its bytes are missing; answers its number. */
  field(
    name: string,
    at: number,
    length: number,
    text: (value: number) => string = String,
  ): number | undefined {
    const value = this.number(at, length);
    if (value !== undefined) this.push(name, at, length, text(value));
    return value;
  }

  push(name: string, at: number, length: number, text: string): void {
    this.fields.push({ name, text, offset: this.offset + at, length });
  }

  /** Adds an address unless its bytes are missing; answers it as text. */
  address(
    name: string,
    at: number,
    length: number,
    write: (bytes: Uint8Array) => string,
  ): string | undefined {
    const bytes = this.slice(at, length);
    if (bytes === undefined) return undefined;
    const text = write(bytes);
    this.push(name, at, length, text);
    return text;
  }

  done(protocol: HeaderLayer['protocol'], summary: string, length: number): HeaderLayer {
    const recorded = Math.max(0, Math.min(length, this.bytes.length - this.offset));
    const cut = this.cut || recorded < length;
    return { protocol, summary, offset: this.offset, length: recorded, fields: this.fields, cut };
  }

  private present(at: number, length: number): boolean {
    const there = this.offset + at + length <= this.bytes.length;
    if (!there) this.cut = true;
    return there;
  }
}

function linkAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function internetAddress(bytes: Uint8Array): string {
  return bytes.join('.');
}

function hexText(digits: number): (value: number) => string {
  return (value) => `0x${value.toString(16).padStart(digits, '0')}`;
}

/** Decodes as much of a frame as was recorded. `length` is its length on the wire in bytes. Never throws. */
export function decodeFrame(bytes: Uint8Array, length: number = bytes.length): DecodedFrame {
  const layers: HeaderLayer[] = [];
  const ethernet = new Layer(bytes, 0);
  const destination = ethernet.address('Destination', 0, 6, linkAddress);
  const source = ethernet.address('Source', 6, 6, linkAddress);
  const outer = ethernet.field('EtherType', 12, 2, etherTypeText);
  layers.push(ethernet.done('Ethernet II', `${source ?? '?'} → ${destination ?? '?'}`, 14));
  const isTagged = outer === 0x8100;
  const type = isTagged ? decodeTag(bytes, layers) : outer;
  const offset = isTagged ? 18 : 14;
  if (type === 0x0806) layers.push(decodeArp(bytes, offset));
  else if (type === 0x0800) decodeInternet(bytes, offset, length, layers);
  const telling = [...layers].reverse().find((layer) => layer.protocol !== 'Payload');
  return { layers, summary: telling === undefined ? '' : `${telling.protocol}: ${telling.summary}` };
}

function etherTypeText(value: number): string {
  const name = etherTypes.get(value);
  return hexText(4)(value) + (name === undefined ? '' : ` (${name})`);
}

/** Decodes the tag behind an Ethernet II header; answers the EtherType of what it carries. */
function decodeTag(bytes: Uint8Array, layers: HeaderLayer[]): number | undefined {
  const layer = new Layer(bytes, 14);
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
  const layer = new Layer(bytes, offset);
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
  const sender = layer.address('Sender protocol address', 14, 4, internetAddress);
  layer.address('Target hardware address', 18, 6, linkAddress);
  const target = layer.address('Target protocol address', 24, 4, internetAddress);
  const summary =
    operation === 1
      ? `who has ${target ?? '?'}? Tell ${sender ?? '?'}`
      : operation === 2
        ? `${sender ?? '?'} is at ${senderLink ?? '?'}`
        : `operation ${operation ?? '?'}`;
  return layer.done('ARP', summary, 28);
}

function decodeInternet(bytes: Uint8Array, offset: number, frameLength: number, layers: HeaderLayer[]): void {
  const layer = new Layer(bytes, offset);
  const first = layer.number(0, 1);
  if (first !== undefined) {
    layer.push('Version', 0, 1, String(first >> 4));
    layer.push('Header length', 0, 1, `${(first & 15) * 4} bytes`);
  }
  layer.field('Differentiated services', 1, 1, hexText(2));
  const totalLength = layer.field('Total length', 2, 2, (value) => `${value} bytes`);
  layer.field('Identification', 4, 2, hexText(4));
  layer.field('Flags and fragment offset', 6, 2, (value) => {
    const flags = [value & 0x4000 ? 'DF' : '', value & 0x2000 ? 'MF' : ''].filter((name) => name !== '');
    return `${hexText(4)(value)}${flags.length > 0 ? ` (${flags.join(', ')})` : ''}`;
  });
  layer.field('Time to live', 8, 1);
  const protocol = layer.field('Protocol', 9, 1, (value) => (value === 6 ? '6 (TCP)' : String(value)));
  layer.field('Header checksum', 10, 2, hexText(4));
  const source = layer.address('Source', 12, 4, internetAddress);
  const destination = layer.address('Destination', 16, 4, internetAddress);
  const headerLength = Math.max(20, ((first ?? 0x45) & 15) * 4);
  layers.push(layer.done('IPv4', `${source ?? '?'} → ${destination ?? '?'}`, headerLength));
  if (protocol !== 6) return;
  // Without a recorded length the frame's own counts; short frames carry padding that is no data.
  const end = offset + Math.min(totalLength ?? Infinity, Math.max(frameLength - offset, headerLength));
  decodeTcp(bytes, offset + headerLength, end, layers);
}

function decodeTcp(bytes: Uint8Array, offset: number, end: number, layers: HeaderLayer[]): void {
  const layer = new Layer(bytes, offset);
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
    const data = new Layer(bytes, offset + headerLength);
    layers.push(data.done('Payload', `${payload} bytes`, payload));
  }
}

/** Options by kind: name, and how the data reads (RFC 9293, RFC 7323, RFC 2018). */
function optionText(kind: number, layer: Layer, at: number, length: number): readonly [string, string] {
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

function decodeTcpOptions(layer: Layer, headerLength: number): void {
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
