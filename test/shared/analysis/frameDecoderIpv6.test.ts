import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../shared/analysis/frameDecoder';
import { parseIpAddress } from '../../../electron/emulator/wire/address';
import { icmpFrame, icmpTypes, icmpv6Types } from '../../../electron/emulator/wire/icmp';
import { fragmentFrame } from '../../../electron/emulator/wire/fragmentation';
import {
  neighborAdvertisement,
  neighborSolicitation,
} from '../../../electron/emulator/wire/neighborDiscovery';
import { tooBigMessage } from '../../../electron/emulator/wire/pathMtu';
import { property } from '../../harness/property';

const host = parseIpAddress('2001:db8::1')!;
const peer = parseIpAddress('2001:db8::2')!;
const mac = Uint8Array.of(2, 0, 0, 0, 0, 9);
const ends = { sourceMac: mac, destinationMac: mac, timeToLive: 255, identification: 7 };
const ipv6 = { ...ends, source: peer, destination: host };
const ipv4 = { ...ends, source: Uint8Array.of(192, 0, 2, 2), destination: Uint8Array.of(192, 0, 2, 1) };
const echo = { code: 0, rest: 0x0005_0006, body: new Uint8Array(3000) };

describe('what a frame says in one line', () => {
  it.each([
    ['ICMPv6: neighbor solicitation: 2001:db8::1', icmpFrame(ipv6, neighborSolicitation(host, mac))],
    [
      'ICMPv6: neighbor advertisement: 2001:db8::2',
      icmpFrame(ipv6, neighborAdvertisement(peer, mac, { solicited: true, overrides: true })),
    ],
    ['ICMPv6: packet too big: MTU 1300', icmpFrame(ipv6, tooBigMessage('ipv6', 1300, new Uint8Array(100)))],
    [
      'ICMP: destination unreachable: fragmentation needed, MTU 1000',
      icmpFrame(ipv4, tooBigMessage('ipv4', 1000, new Uint8Array(100))),
    ],
    [
      'ICMP: echo request: identifier 5, sequence 6',
      icmpFrame(ipv4, { ...echo, type: icmpTypes.echoRequest }),
    ],
    [
      'ICMPv6: echo reply: identifier 5, sequence 6',
      icmpFrame(ipv6, { ...echo, type: icmpv6Types.echoReply }),
    ],
  ])('%s', (summary, frame) => {
    expect(decodeFrame(frame).summary).toBe(summary);
  });

  it('RFC 8200 section 4.5: a later fragment has no upper layer', () => {
    const frames = fragmentFrame(icmpFrame(ipv6, { ...echo, type: icmpv6Types.echoRequest }), 1500, 0x12);
    expect(frames.map((frame) => decodeFrame(frame).summary)).toEqual([
      'ICMPv6: echo request: identifier 5, sequence 6',
      'IPv6: 2001:db8::2 → 2001:db8::1, fragment at 1448',
      'IPv6: 2001:db8::2 → 2001:db8::1, fragment at 2896',
    ]);
  });

  it('RFC 791: neither has one of IPv4', () => {
    const frames = fragmentFrame(icmpFrame(ipv4, { ...echo, type: icmpTypes.echoRequest }), 1500, 0);
    expect(frames.map((frame) => decodeFrame(frame).summary)).toEqual([
      'ICMP: echo request: identifier 5, sequence 6',
      'IPv4: 192.0.2.2 → 192.0.2.1, fragment at 1480',
      'IPv4: 192.0.2.2 → 192.0.2.1, fragment at 2960',
    ]);
  });
});

describe('a frame that is cut or damaged', () => {
  const whole = [
    icmpFrame(ipv6, neighborSolicitation(host, mac)),
    icmpFrame(ipv4, tooBigMessage('ipv4', 1000, new Uint8Array(40))),
    fragmentFrame(icmpFrame(ipv6, { ...echo, type: icmpv6Types.echoRequest }), 400, 1)[1]!,
  ];

  it('is decoded as far as it goes, and no field stands outside of it', () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: 90 }), fc.nat({ max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.nat({ max: 120 }), changes, (frame, cut, changed) => {
        const bytes = frame.slice(0, cut);
        for (const [at, value] of changed) if (at < bytes.length) bytes[at] = value;
        for (const layer of decodeFrame(bytes, frame.length).layers)
          for (const { offset, length } of layer.fields)
            expect(offset + length, layer.protocol).toBeLessThanOrEqual(bytes.length);
      }),
      property(),
    );
  });
});
