import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SendQueue } from '../../../../electron/emulator/tcp/sendQueue';
import { formatEndpoint, formatIpAddress, parseIpAddress } from '../../../../electron/emulator/wire/address';
import { etherTypeOf, etherTypes } from '../../../../electron/emulator/wire/ethernet';
import { Frame } from '../../../../electron/emulator/wire/frame';
import {
  ipv6HeaderLength,
  ipv6Offset,
  nextHeaders,
  readFragmentHeader,
  readIpv6Header,
  writeFragmentHeader,
  writeIpv6Header,
} from '../../../../electron/emulator/wire/ipv6';
import {
  fillSegmentFrame,
  readFirstFragment,
  readSegmentFrame,
} from '../../../../electron/emulator/wire/segmentFrame';
import { TcpSegment, tcpFlags } from '../../../../electron/emulator/wire/tcpSegment';
import { property } from '../../../harness/property';

const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
const host = parseIpAddress('2001:db8::1')!;
const peer = parseIpAddress('2001:db8::2')!;

/** A frame with an IPv6 header and whatever follows it. */
function frameWith(nextHeader: number, behind: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(ipv6Offset + ipv6HeaderLength + behind.length);
  bytes.set([0x86, 0xdd], 12);
  writeIpv6Header(bytes, ipv6Offset, {
    source: peer,
    destination: host,
    nextHeader,
    hopLimit: 64,
    trafficClass: 0,
    flowLabel: 0,
    payloadLength: behind.length,
  });
  bytes.set(behind, ipv6Offset + ipv6HeaderLength);
  return bytes;
}

/** A frame with a TCP segment of ten bytes over IPv6. */
function segmentFrame(): Frame {
  const frame = new Frame();
  const queue = new SendQueue();
  queue.append(
    Uint8Array.from({ length: 10 }, (_, index) => index),
    { onAcknowledged: () => undefined },
    true,
  );
  const segment = new TcpSegment();
  Object.assign(segment, { sourcePort: 7, destinationPort: 49_152, flags: tcpFlags.ACK, payloadLength: 10 });
  const addressing = {
    sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 2),
    destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    source: peer,
    destination: host,
    timeToLive: 61,
    typeOfService: 0xb8,
    flowLabel: 0xabcde,
  };
  fillSegmentFrame(frame, addressing, 1, segment, queue, 0);
  return frame;
}

describe('text of IPv6 addresses (RFC 5952, RFC 4291 section 2.2)', () => {
  it.each([
    ['2001:db8::1', '2001:db8::1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s reads as %s', (text, canonical) => {
    expect(formatIpAddress(parseIpAddress(text)!)).toBe(canonical);
  });

  it.each(['', ':', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', 'g::', '12345::'])(
    '%j is none',
    (text) => {
      expect(parseIpAddress(text)).toBeUndefined();
    },
  );

  it.each(['256.0.0.1', '1.2.3', '01.2.3.4', '1.2.3.4.5'])('%j is no IPv4 address', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });

  it('reads what it has written', () => {
    fc.assert(
      fc.property(address, (bytes) => {
        expect(parseIpAddress(formatIpAddress(bytes))).toEqual(bytes);
      }),
      property(),
    );
  });

  it('puts an IPv6 address into brackets in front of a port (RFC 5952 section 6)', () => {
    expect(formatEndpoint(host, 7)).toBe('[2001:db8::1]:7');
    expect(formatEndpoint(Uint8Array.of(192, 0, 2, 1), 7)).toBe('192.0.2.1:7');
  });
});

describe('IPv6 headers (RFC 8200)', () => {
  it('hold traffic class, flow label, length, next header and hop limit at their places', () => {
    const bytes = new Uint8Array(ipv6HeaderLength);
    writeIpv6Header(bytes, 0, {
      source: host,
      destination: peer,
      nextHeader: 6,
      hopLimit: 61,
      trafficClass: 0xb8,
      flowLabel: 0xabcde,
      payloadLength: 0x1234,
    });
    expect([...bytes.subarray(0, 8)]).toEqual([0x6b, 0x8a, 0xbc, 0xde, 0x12, 0x34, 6, 61]);
    expect([bytes.slice(8, 24), bytes.slice(24)]).toEqual([host, peer]);
  });

  it('are walked through extension headers up to the upper layer', () => {
    const hopByHop = [nextHeaders.destinationOptions, 0, 1, 4, 0, 0, 0, 0];
    const options = [6, 1, 1, 12, ...new Array<number>(12).fill(0)];
    const bytes = frameWith(nextHeaders.hopByHop, [...hopByHop, ...options, 1, 2, 3]);
    expect(readIpv6Header(bytes, bytes.length, ipv6Offset)).toMatchObject({
      protocol: 6,
      upperAt: ipv6Offset + ipv6HeaderLength + 24,
      upperLength: 3,
      hasExtensions: true,
      fragmentAt: undefined,
    });
  });

  it('end at a Fragment header, whose fields are read', () => {
    const piece = new Uint8Array(16);
    writeFragmentHeader(piece, 0, 6, { offset: 1480, moreFragments: true, identification: 0x8000_0001 });
    const bytes = frameWith(nextHeaders.fragment, [...piece]);
    const header = readIpv6Header(bytes, bytes.length, ipv6Offset);
    if (typeof header === 'string') throw new Error(header);
    expect(header).toMatchObject({ protocol: 6, upperLength: 8 });
    expect(readFragmentHeader(bytes, header.fragmentAt!)).toEqual({
      offset: 1480,
      moreFragments: true,
      identification: 0x8000_0001,
    });
  });

  it.each([
    [
      'an extension header beyond the datagram',
      frameWith(nextHeaders.destinationOptions, [6, 5, 0, 0, 0, 0, 0, 0]),
    ],
    ['an extension header that is cut', frameWith(nextHeaders.routing, [6, 0, 0])],
    ['a Fragment header that is cut', frameWith(nextHeaders.fragment, [6, 0, 0])],
    [
      'Hop-by-Hop Options that do not come first',
      frameWith(nextHeaders.destinationOptions, [
        nextHeaders.hopByHop,
        ...new Array<number>(7).fill(0),
        ...new Array<number>(8).fill(0),
      ]),
    ],
  ])('are refused with %s', (_what, bytes) => {
    expect(readIpv6Header(bytes, bytes.length, ipv6Offset)).toBe('bad-extension');
  });

  it('are refused when the payload is longer than the frame', () => {
    const bytes = frameWith(6, [1, 2, 3, 4]);
    expect(readIpv6Header(bytes, bytes.length - 1, ipv6Offset)).toBe('bad-length');
  });

  it('never lead out of the frame, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        if (bytes.length > ipv6Offset) bytes[ipv6Offset] = 0x60;
        const header = readIpv6Header(bytes, bytes.length, ipv6Offset);
        if (typeof header === 'string') return;
        expect(header.upperAt + header.upperLength).toBeLessThanOrEqual(bytes.length);
        expect(header.upperLength).toBeGreaterThanOrEqual(0);
      }),
      property(),
    );
  });
});

describe('a TCP segment over IPv6', () => {
  it('WIR-008, WIR-009, WIR-010: carries hop limit, traffic class and flow label', () => {
    const { bytes, length } = segmentFrame();
    expect(etherTypeOf(bytes, length)).toBe(etherTypes.ipv6);
    expect([...bytes.subarray(14, 22)]).toEqual([0x6b, 0x8a, 0xbc, 0xde, 0, 30, 6, 61]);
  });

  it('RFC 8200 section 8.1: has a checksum over the pseudo-header, and one flipped bit anywhere in it is noticed', () => {
    const { bytes, length } = segmentFrame();
    const segment = new TcpSegment();
    expect(readSegmentFrame(segment, bytes, length)).toMatchObject({ source: peer, destination: host });
    expect(segment.payloadLength).toBe(10);
    for (let at = ipv6Offset + 8; at < length; at++) {
      bytes[at]! ^= 0x10;
      expect(typeof readSegmentFrame(new TcpSegment(), bytes, length)).toBe('string');
      bytes[at]! ^= 0x10;
    }
  });

  it('is found by its ports when it is the first fragment, and only then', () => {
    const piece = new Uint8Array(16);
    const fields = { offset: 0, moreFragments: true, identification: 1 };
    writeFragmentHeader(piece, 0, 6, fields);
    piece.set([0, 7, 0xc0, 0], 8);
    const first = frameWith(nextHeaders.fragment, [...piece]);
    expect(readFirstFragment(first, first.length)).toMatchObject({ sourcePort: 7, destinationPort: 0xc000 });
    expect(readSegmentFrame(new TcpSegment(), first, first.length)).toBe('fragment');
    writeFragmentHeader(piece, 0, 6, { ...fields, offset: 8 });
    const second = frameWith(nextHeaders.fragment, [...piece]);
    expect(readFirstFragment(second, second.length)).toBeUndefined();
  });
});
