import { describe, expect, it } from 'vitest';
import { rssHash } from '../../../../electron/emulator/host/rssHash';
import { parseIpAddress } from '../../../../electron/emulator/wire/address';
import { frameHash } from '../../../../electron/emulator/wire/frameHash';

/** The IPv4 part of the verification suite on the WDK page "Verifying the RSS Hash Calculation". */
const suite = [
  {
    source: [66, 9, 149, 187],
    sourcePort: 2794,
    destination: [161, 142, 100, 80],
    port: 1766,
    hash: 0x51ccc178,
  },
  {
    source: [199, 92, 111, 2],
    sourcePort: 14230,
    destination: [65, 69, 140, 83],
    port: 4739,
    hash: 0xc626b0ea,
  },
  {
    source: [24, 19, 198, 95],
    sourcePort: 12898,
    destination: [12, 22, 207, 184],
    port: 38024,
    hash: 0x5c2b394a,
  },
  {
    source: [38, 27, 205, 30],
    sourcePort: 48228,
    destination: [209, 142, 163, 6],
    port: 2217,
    hash: 0xafc7327f,
  },
  {
    source: [153, 39, 163, 191],
    sourcePort: 44251,
    destination: [202, 188, 127, 2],
    port: 1303,
    hash: 0x10e828a2,
  },
] as const;

/** A TCP segment in an Ethernet frame, as far as the hash looks at it. */
function frameOf(
  one: (typeof suite)[number],
  tag: readonly number[] = [],
  first = 0x45,
  protocol = 6,
): Uint8Array {
  const ports = [one.sourcePort >>> 8, one.sourcePort & 0xff, one.port >>> 8, one.port & 0xff];
  const ip = [first, 0, 0, 40, 0, 0, 0, 0, 64, protocol, 0, 0, ...one.source, ...one.destination];
  return Uint8Array.from([
    ...new Array<number>(12).fill(2),
    ...tag,
    0x08,
    0x00,
    ...ip,
    ...ports,
    ...new Array<number>(16),
  ]);
}

describe.each(suite)('the segment from port $sourcePort to port $port', (one) => {
  it('RSS: has the hash of the WDK verification suite', () => {
    const { source, destination, sourcePort, port, hash } = one;
    expect(rssHash(Uint8Array.from(source), Uint8Array.from(destination), sourcePort, port)).toBe(hash);
    const frame = frameOf(one);
    expect(frameHash(frame, frame.length)).toBe(hash);
  });

  it('RSS: keeps its hash behind an 802.1Q tag', () => {
    const frame = frameOf(one, [0x81, 0x00, 0x60, 0x05]);
    expect(frameHash(frame, frame.length)).toBe(one.hash);
  });
});

describe('what has no hash', () => {
  it.each([
    ['an IPv4 header with options', frameOf(suite[0], [], 0x46)],
    ['a datagram of another protocol', frameOf(suite[0], [], 0x45, 17)],
    ['a frame that ends before the ports', frameOf(suite[0]).subarray(0, 37)],
    ['no frame at all', new Uint8Array(0)],
  ])('%s', (_what, frame) => {
    expect(frameHash(frame, frame.length)).toBe(0);
  });
});

/** The IPv6 part of the same suite. */
const suiteOfIpv6 = [
  {
    source: '3ffe:2501:200:1fff::7',
    sourcePort: 2794,
    destination: '3ffe:2501:200:3::1',
    port: 1766,
    hash: 0x40207d3d,
  },
  {
    source: '3ffe:501:8::260:97ff:fe40:efab',
    sourcePort: 14230,
    destination: 'ff02::1',
    port: 4739,
    hash: 0xdde51bbf,
  },
  {
    source: '3ffe:1900:4545:3:200:f8ff:fe21:67cf',
    sourcePort: 44251,
    destination: 'fe80::200:f8ff:fe21:67cf',
    port: 38024,
    hash: 0x02d1feef,
  },
] as const;

describe.each(suiteOfIpv6)('the segment from $source', ({ source, destination, sourcePort, port, hash }) => {
  const [from, to] = [parseIpAddress(source)!, parseIpAddress(destination)!];

  it('RSS: has the hash of the WDK verification suite', () => {
    expect(rssHash(from, to, sourcePort, port)).toBe(hash);
  });

  it.each([
    ['untagged', []],
    ['behind an 802.1Q tag', [0x81, 0x00, 0x60, 0x05]],
  ])('RSS: has it as a frame, %s', (_how, tag) => {
    const ports = [sourcePort >>> 8, sourcePort & 0xff, port >>> 8, port & 0xff];
    const ip = [0x60, 0, 0, 0, 0, 20, 6, 64, ...from, ...to];
    const head = [...new Array<number>(12).fill(2), ...tag, 0x86, 0xdd];
    const frame = Uint8Array.from([...head, ...ip, ...ports, ...new Array<number>(16)]);
    expect(frameHash(frame, frame.length)).toBe(hash);
    frame[14 + tag.length + 6] = 58;
    expect(frameHash(frame, frame.length)).toBe(0);
  });
});
