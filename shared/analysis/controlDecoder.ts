/** Decodes ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861) messages. */
import { ipAddressText } from '../ddi/addressText';
import { FrameLayer, hexText, linkAddress, type HeaderLayer } from './frameLayer';

type Version = 'ICMP' | 'ICMPv6';

const typeNames: Readonly<Record<Version, ReadonlyMap<number, string>>> = {
  ICMP: new Map([
    [0, 'echo reply'],
    [3, 'destination unreachable'],
    [4, 'source quench'],
    [5, 'redirect'],
    [8, 'echo request'],
    [11, 'time exceeded'],
    [12, 'parameter problem'],
  ]),
  ICMPv6: new Map([
    [1, 'destination unreachable'],
    [2, 'packet too big'],
    [3, 'time exceeded'],
    [4, 'parameter problem'],
    [128, 'echo request'],
    [129, 'echo reply'],
    [133, 'router solicitation'],
    [134, 'router advertisement'],
    [135, 'neighbor solicitation'],
    [136, 'neighbor advertisement'],
    [137, 'redirect'],
  ]),
};

const unreachableNames: readonly string[] = [
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
  'source route failed',
];

const headerLength = 8;

/** Appends the layer of a message that ends at `end` to `layers`, and what it quotes or carries as payload. */
export function decodeControl(
  version: Version,
  bytes: Uint8Array,
  offset: number,
  end: number,
  layers: HeaderLayer[],
): void {
  const layer = new FrameLayer(bytes, offset);
  const named = (value: number): string => {
    const name = typeNames[version].get(value);
    return name === undefined ? String(value) : `${value} (${name})`;
  };
  const type = layer.field('Type', 0, 1, named);
  const code = layer.field('Code', 1, 1);
  layer.field('Checksum', 2, 2, hexText(4));
  const told = version === 'ICMP' ? decodeIcmp(layer, type, code) : decodeIcmpv6(layer, type, end - offset);
  const name = type === undefined ? '?' : (typeNames[version].get(type) ?? `type ${type}`);
  const { length } = told;
  layers.push(layer.done(version, told.text === '' ? name : `${name}: ${told.text}`, length));
  const rest = end - offset - length;
  if (rest > 0) layers.push(new FrameLayer(bytes, offset + length).done('Payload', `${rest} bytes`, rest));
}

/** What is behind the checksum, in words, and the bytes of the message that belong to its header. */
interface Told {
  readonly text: string;
  readonly length: number;
}

function decodeEcho(layer: FrameLayer): Told {
  const identifier = layer.field('Identifier', 4, 2);
  const sequence = layer.field('Sequence number', 6, 2);
  return { text: `identifier ${identifier ?? '?'}, sequence ${sequence ?? '?'}`, length: headerLength };
}

function decodeIcmp(layer: FrameLayer, type: number | undefined, code: number | undefined): Told {
  if (type === 0 || type === 8) return decodeEcho(layer);
  if (type === 5) {
    const gateway = layer.address('Gateway', 4, 4, ipAddressText);
    return { text: `by ${gateway ?? '?'}`, length: headerLength };
  }
  if (type !== 3) return { text: '', length: headerLength };
  const text = unreachableNames[code ?? -1] ?? `code ${code ?? '?'}`;
  if (code !== 4) return { text, length: headerLength };
  const mtu = layer.field('Next-hop MTU', 6, 2, (value) => `${value} bytes`);
  return { text: `${text}, MTU ${mtu ?? '?'}`, length: headerLength };
}

function decodeIcmpv6(layer: FrameLayer, type: number | undefined, messageLength: number): Told {
  if (type === 128 || type === 129) return decodeEcho(layer);
  if (type === 2) {
    const mtu = layer.field('MTU', 4, 4, (value) => `${value} bytes`);
    return { text: `MTU ${mtu ?? '?'}`, length: headerLength };
  }
  if (type !== 135 && type !== 136) return { text: '', length: headerLength };
  if (type === 136) {
    const flags = layer.number(4, 4);
    const names = ['router', 'solicited', 'override'].filter((_, bit) => ((flags ?? 0) >>> (31 - bit)) & 1);
    if (flags !== undefined) layer.push('Flags', 4, 1, names.length > 0 ? names.join(', ') : 'none');
  }
  const target = layer.address('Target', headerLength, 16, ipAddressText);
  decodeNeighborOptions(layer, headerLength + 16, messageLength);
  const length = Math.max(headerLength + 16, messageLength);
  return { text: target ?? '?', length };
}

/** Options of neighbor discovery (RFC 4861 section 4.6); the walk ends at damage. */
function decodeNeighborOptions(layer: FrameLayer, start: number, end: number): void {
  for (let at = start; at + 8 <= end;) {
    const kind = layer.number(at, 1);
    const length = (layer.number(at + 1, 1) ?? 0) * 8;
    if (kind === undefined || length === 0 || at + length > end) return;
    if (kind === 1) layer.address('Source link-layer address', at + 2, 6, linkAddress);
    else if (kind === 2) layer.address('Target link-layer address', at + 2, 6, linkAddress);
    else if (layer.slice(at, length) !== undefined)
      layer.push(`Option ${kind}`, at, length, `${length} bytes`);
    at += length;
  }
}
