/** Decodes an IPv6 header and the extension headers behind it (RFC 8200). */
import { ipAddressText } from '../ddi/addressText';
import { FrameLayer, hexText, type HeaderLayer } from './frameLayer';

const headerNames: ReadonlyMap<number, string> = new Map([
  [0, 'Hop-by-Hop Options'],
  [6, 'TCP'],
  [43, 'Routing'],
  [44, 'Fragment'],
  [58, 'ICMPv6'],
  [59, 'No Next Header'],
  [60, 'Destination Options'],
]);

const fragmentHeader = 44;

/** Headers that are followed by another, whose length their second byte gives. */
const skipped: ReadonlySet<number> = new Set([0, 43, 60]);

const fixedLength = 40;

/** Where the upper layer of a datagram is. */
export interface UpperLayer {
  readonly protocol: number;
  readonly offset: number;
  /** End of the datagram, without link-layer padding. */
  readonly end: number;
}

function headerText(value: number): string {
  const name = headerNames.get(value);
  return name === undefined ? String(value) : `${value} (${name})`;
}

/** Appends the layer to `layers`; answers the upper layer, or undefined where none can be read. */
export function decodeIpv6(
  bytes: Uint8Array,
  offset: number,
  frameLength: number,
  layers: HeaderLayer[],
): UpperLayer | undefined {
  const layer = new FrameLayer(bytes, offset);
  const first = layer.number(0, 4);
  if (first !== undefined) {
    layer.push('Version', 0, 1, String(first >>> 28));
    layer.push('Traffic class', 0, 2, hexText(2)((first >>> 20) & 0xff));
    layer.push('Flow label', 1, 3, hexText(5)(first & 0xfffff));
  }
  const payloadLength = layer.field('Payload length', 4, 2, (value) => `${value} bytes`);
  let protocol = layer.field('Next header', 6, 1, headerText);
  layer.field('Hop limit', 7, 1);
  const source = layer.address('Source', 8, 16, ipAddressText);
  const destination = layer.address('Destination', 24, 16, ipAddressText);
  let length = fixedLength;
  let piece = '';
  let isLaterPiece = false;
  while (protocol !== undefined && (skipped.has(protocol) || protocol === fragmentHeader)) {
    const name: string = headerNames.get(protocol)!;
    const isFragment: boolean = protocol === fragmentHeader;
    const units = isFragment ? 0 : layer.number(length + 1, 1);
    const next: number | undefined = layer.field(`${name}: next header`, length, 1, headerText);
    const flags = isFragment ? layer.number(length + 2, 2) : undefined;
    if (flags !== undefined) {
      const more = (flags & 1) === 0 ? '' : ', more follow';
      layer.push('Fragment offset', length + 2, 2, `${flags & 0xfff8} bytes${more}`);
      layer.field('Fragment identification', length + 4, 4, hexText(8));
      piece = `, fragment at ${flags & 0xfff8}`;
      isLaterPiece = (flags & 0xfff8) !== 0;
    } else if (!isFragment && units !== undefined && layer.slice(length, (units + 1) * 8) !== undefined)
      layer.push(name, length, (units + 1) * 8, `${(units + 1) * 8} bytes`);
    length += ((units ?? 0) + 1) * 8;
    protocol = next;
    // Every header is eight bytes at least, so that the walk ends with the recording.
    if (isFragment) break;
  }
  layers.push(layer.done('IPv6', `${source ?? '?'} → ${destination ?? '?'}${piece}`, length));
  if (protocol === undefined || isLaterPiece) return undefined;
  const declared = payloadLength === undefined ? Infinity : fixedLength + payloadLength;
  const end = offset + Math.min(declared, Math.max(frameLength - offset, length));
  return { protocol, offset: offset + length, end };
}
