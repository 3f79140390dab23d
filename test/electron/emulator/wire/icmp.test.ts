import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOutstanding } from '../../../../electron/emulator/host/icmp';
import { parseIpAddress } from '../../../../electron/emulator/wire/address';
import {
  icmpFrame,
  icmpv6Types,
  readIcmpFrame,
  type IcmpContent,
} from '../../../../electron/emulator/wire/icmp';
import {
  allNodes,
  multicastMac,
  neighborAdvertisement,
  neighborSolicitation,
  readNeighborMessage,
  solicitedNodeAddress,
  unspecifiedIpv6,
} from '../../../../electron/emulator/wire/neighborDiscovery';
import { toldMtu } from '../../../../electron/emulator/wire/pathMtu';
import { readQuotedSegment } from '../../../../electron/emulator/wire/quotedSegment';
import { property } from '../../../harness/property';

const mac = Uint8Array.of(2, 0, 0, 0, 0, 9);
const host = parseIpAddress('2001:db8::1')!;
const peer = parseIpAddress('2001:db8::2')!;

/** A message as it is read on arrival. */
function received(
  content: IcmpContent,
  change: { source?: Uint8Array; destination?: Uint8Array; timeToLive?: number } = {},
) {
  const addressing = {
    sourceMac: mac,
    destinationMac: mac,
    source: change.source ?? peer,
    destination: change.destination ?? host,
    timeToLive: change.timeToLive ?? 255,
    identification: 1,
  };
  const frame = icmpFrame(addressing, content);
  const message = readIcmpFrame(frame, frame.length);
  if (typeof message === 'string') throw new Error(message);
  return message;
}

describe('ICMP and ICMPv6 messages (RFC 792, RFC 4443)', () => {
  const ipv4 = [Uint8Array.of(192, 0, 2, 2), Uint8Array.of(192, 0, 2, 1)] as const;

  it.each([
    ['ICMP', ipv4[0], ipv4[1]],
    ['ICMPv6', peer, host],
  ])(
    '%s: are read as they were written, and one flipped bit of the message is noticed',
    (_name, source, destination) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 255 }), (body, type) => {
          const addressing = {
            sourceMac: mac,
            destinationMac: mac,
            source,
            destination,
            timeToLive: 64,
            identification: 5,
          };
          const frame = icmpFrame(addressing, { type, code: 3, rest: 0xdead_beef, body });
          expect(readIcmpFrame(frame, frame.length)).toMatchObject({
            type,
            code: 3,
            rest: 0xdead_beef,
            body,
            source,
          });
          frame[frame.length - 1]! ^= 4;
          expect(readIcmpFrame(frame, frame.length)).toBe('bad-checksum');
        }),
        property(),
      );
    },
  );

  it('are no messages when they are cut, fragments, or of another protocol', () => {
    const message = icmpFrame(
      {
        sourceMac: mac,
        destinationMac: mac,
        source: peer,
        destination: host,
        timeToLive: 1,
        identification: 0,
      },
      { type: icmpv6Types.echoRequest, code: 0, rest: 0, body: new Uint8Array(0) },
    );
    expect(readIcmpFrame(message, message.length - 1)).toBe('bad-header');
    message[20] = 6;
    expect(readIcmpFrame(message, message.length)).toBe('not-icmp');
    message[20] = 44;
    expect(readIcmpFrame(message, message.length)).toBe('fragment');
  });
});

describe('neighbor discovery (RFC 4861)', () => {
  it('RFC 4291 section 2.7.1, RFC 2464 section 7: an address has a solicited-node group, and a group an Ethernet address', () => {
    const group = solicitedNodeAddress(parseIpAddress('2001:db8::12:3456')!);
    expect(group).toEqual(parseIpAddress('ff02::1:ff12:3456'));
    expect([...multicastMac(group)]).toEqual([0x33, 0x33, 0xff, 0x12, 0x34, 0x56]);
  });

  it('section 4.3: a solicitation names its target and the Ethernet address of its sender', () => {
    expect(readNeighborMessage(received(neighborSolicitation(host, mac)))).toEqual({
      kind: 'solicitation',
      target: host,
      sender: peer,
      linkAddress: mac,
    });
  });

  it('section 4.4: an advertisement tells what it is worth', () => {
    const flags = { solicited: true, overrides: false, isRouter: true };
    expect(readNeighborMessage(received(neighborAdvertisement(peer, mac, flags)))).toEqual({
      kind: 'advertisement',
      target: peer,
      linkAddress: mac,
      isRouter: true,
      solicited: true,
      overrides: false,
    });
  });

  it.each([
    ['has passed a router', received(neighborSolicitation(host, mac), { timeToLive: 254 })],
    ['names a group', received(neighborSolicitation(allNodes, mac))],
    ['has another code', received({ ...neighborSolicitation(host, mac), code: 1 })],
    ['is cut', received({ ...neighborSolicitation(host, mac), body: host.slice(0, 15) })],
    [
      'has an option of length zero',
      received({
        ...neighborSolicitation(host, mac),
        body: Uint8Array.from([...host, 1, 0, 0, 0, 0, 0, 0, 0]),
      }),
    ],
    [
      'tells a link-layer address without having an address',
      received(neighborSolicitation(host, mac), {
        source: unspecifiedIpv6,
        destination: solicitedNodeAddress(host),
      }),
    ],
    [
      'answers somebody and goes to everybody',
      received(neighborAdvertisement(peer, mac, { solicited: true, overrides: true }), {
        destination: allNodes,
      }),
    ],
  ])('section 7.1: is not believed when it %s', (_what, message) => {
    expect(readNeighborMessage(message)).toBeUndefined();
  });
});

describe('the MTU that a router tells', () => {
  it.each([
    [1400, 1500, 1400],
    [68, 1500, 68],
    [67, 1500, undefined],
    [0, 1500, 1492],
    [0, 1492, 1006],
    [0, 576, 508],
    [0, 68, undefined],
  ])('RFC 1191 section 7.1: a field of %i for a datagram of %i bytes means %s', (rest, totalLength, mtu) => {
    expect(toldMtu({ version: 'ipv4', rest }, totalLength)).toBe(mtu);
  });

  it.each([
    [1280, 1280],
    [1400, 1400],
    [1279, undefined],
    [0, undefined],
  ])('RFC 8201 section 4: ICMPv6 saying %i means %s', (rest, mtu) => {
    expect(toldMtu({ version: 'ipv6', rest }, 1500)).toBe(mtu);
  });
});

describe('what an error quotes (RFC 5927)', () => {
  it('is a segment only up to where it was recorded, whatever its bytes are', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom('ipv4' as const, 'ipv6' as const),
        (body, version) => {
          if (body.length > 0) body[0] = version === 'ipv4' ? 0x45 : 0x60;
          const quoted = readQuotedSegment(version, body);
          if (quoted !== undefined) expect(body.length).toBeGreaterThanOrEqual(version === 'ipv4' ? 28 : 48);
        },
      ),
      property(),
    );
  });

  it('section 4.1: is outstanding from SndUna up to SndMax, also where sequence numbers wrap', () => {
    const variables = { SndUna: 0xffff_fff0, SndMax: 0x10 };
    expect([0xffff_fff0, 0xffff_ffff, 0, 0xf].map((one) => isOutstanding(one, variables))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([0xffff_ffef, 0x10, 0x8000_0000].map((one) => isOutstanding(one, variables))).toEqual([
      false,
      false,
      false,
    ]);
    expect(isOutstanding(5, { SndUna: 5, SndMax: 5 })).toBe(false);
  });
});
