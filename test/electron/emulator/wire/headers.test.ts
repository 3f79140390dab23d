import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broadcastMac, formatIpv4, formatMac, sameAddress } from '../../../../electron/emulator/wire/address';
import {
  arpFrameLength,
  arpOperations,
  readArpFrame,
  writeArpFrame,
} from '../../../../electron/emulator/wire/arp';
import {
  ethernetHeaderLength,
  etherTypeOf,
  etherTypes,
  isAddressedTo,
  writeEthernetHeader,
} from '../../../../electron/emulator/wire/ethernet';
import {
  ipv4HeaderLength,
  ipv4Offset,
  readIpv4Header,
  writeIpv4Header,
  type Ipv4Fields,
} from '../../../../electron/emulator/wire/ipv4';
import { property } from '../../../harness/property';

const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
const u8 = fc.nat({ max: 255 });
const u16 = fc.nat({ max: 0xffff });

describe('addresses', () => {
  it('are written as people know them', () => {
    expect(formatIpv4(Uint8Array.of(192, 0, 2, 1))).toBe('192.0.2.1');
    expect(formatMac(Uint8Array.of(2, 0, 0xab, 0xc, 0xff, 1))).toBe('02-00-AB-0C-FF-01');
  });

  it('are the same when all bytes are', () => {
    expect(sameAddress(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(sameAddress(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(sameAddress(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false);
  });
});

describe('Ethernet header (IEEE 802.3)', () => {
  it('holds destination, source and type, in this order', () => {
    const bytes = new Uint8Array(ethernetHeaderLength);
    writeEthernetHeader(
      bytes,
      Uint8Array.of(1, 2, 3, 4, 5, 6),
      Uint8Array.of(7, 8, 9, 10, 11, 12),
      etherTypes.arp,
    );
    expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x06]);
    expect(etherTypeOf(bytes, bytes.length)).toBe(etherTypes.arp);
  });

  it('has no type when it is cut', () => {
    expect(etherTypeOf(new Uint8Array(14), 13)).toBeUndefined();
  });

  it('reaches its destination and everybody who is addressed, nobody else', () => {
    fc.assert(
      fc.property(mac, mac, (own, other) => {
        fc.pre(!sameAddress(own, other) && !sameAddress(other, broadcastMac));
        const bytes = new Uint8Array(ethernetHeaderLength);
        const reaches = (destination: Uint8Array): boolean => {
          writeEthernetHeader(bytes, destination, other, etherTypes.ipv4);
          return isAddressedTo(bytes, own);
        };
        expect([reaches(own), reaches(broadcastMac), reaches(other)]).toEqual([true, true, false]);
      }),
      property(),
    );
  });
});

describe('ARP for IPv4 over Ethernet (RFC 826)', () => {
  const message = fc.record({
    operation: fc.constantFrom(arpOperations.request, arpOperations.reply),
    senderMac: mac,
    senderAddress: address,
    targetMac: mac,
    targetAddress: address,
  });

  it('reads back what was written', () => {
    fc.assert(
      fc.property(message, (fields) => {
        const bytes = new Uint8Array(2048);
        expect(writeArpFrame(bytes, broadcastMac, fields)).toBe(arpFrameLength);
        expect(etherTypeOf(bytes, arpFrameLength)).toBe(etherTypes.arp);
        expect(isAddressedTo(bytes, fields.targetMac)).toBe(true);
        expect(readArpFrame(bytes, 60)).toEqual(fields);
      }),
      property(),
    );
  });

  it('is not read from a frame that is cut', () => {
    expect(readArpFrame(new Uint8Array(60), arpFrameLength - 1)).toBeUndefined();
  });

  it.each([14, 15, 16, 17, 18, 19])('is not read when byte %i says another hardware or protocol', (at) => {
    const bytes = new Uint8Array(60);
    const [fields] = fc.sample(message, property(1));
    writeArpFrame(bytes, broadcastMac, fields!);
    bytes[at]! ^= 1;
    expect(readArpFrame(bytes, 60)).toBeUndefined();
  });
});

describe('IPv4 header (RFC 791)', () => {
  const fields: fc.Arbitrary<Ipv4Fields> = fc.record({
    source: address,
    destination: address,
    protocol: u8,
    identification: u16,
    timeToLive: u8,
    typeOfService: u8,
    payloadLength: fc.nat({ max: 1480 }),
  });
  const written = (values: Ipv4Fields): { bytes: Uint8Array; length: number } => {
    const bytes = new Uint8Array(2048);
    writeIpv4Header(bytes, ipv4Offset, values);
    return { bytes, length: ipv4Offset + ipv4HeaderLength + values.payloadLength };
  };

  it('reads back what was written, and is not a fragment', () => {
    fc.assert(
      fc.property(fields, (values) => {
        const { bytes, length } = written(values);
        expect(readIpv4Header(bytes, length, ipv4Offset)).toEqual({
          headerLength: 20,
          totalLength: 20 + values.payloadLength,
          protocol: values.protocol,
          isFragment: false,
          hasOptions: false,
        });
        expect(bytes.slice(ipv4Offset + 12, ipv4Offset + 20)).toEqual(
          Uint8Array.of(...values.source, ...values.destination),
        );
      }),
      property(),
    );
  });

  it('forbids fragmentation', () => {
    const { bytes } = written(fc.sample(fields, property(1))[0]!);
    expect(bytes[ipv4Offset + 6]).toBe(0x40);
  });

  it('ignores padding behind the datagram', () => {
    const { bytes } = written({ ...fc.sample(fields, property(1))[0]!, payloadLength: 6 });
    expect(readIpv4Header(bytes, 60, ipv4Offset)).toMatchObject({ totalLength: 26 });
  });

  it('fails its checksum when any byte changes', () => {
    fc.assert(
      fc.property(fields, fc.nat({ max: 19 }), fc.integer({ min: 1, max: 255 }), (values, at, bits) => {
        const { bytes, length } = written(values);
        bytes[ipv4Offset + at]! ^= bits;
        expect(typeof readIpv4Header(bytes, length, ipv4Offset)).toBe('string');
      }),
      property(300),
    );
  });

  const forged = (change: (bytes: Uint8Array) => void): ReturnType<typeof readIpv4Header> => {
    const { bytes, length } = written({ ...fc.sample(fields, property(1))[0]!, payloadLength: 100 });
    const header = bytes.subarray(ipv4Offset);
    change(header);
    header.fill(0, 10, 12);
    const headerLength = (header[0]! & 0xf) * 4;
    let sum = 0;
    for (let at = 0; at < headerLength; at += 2) sum += (header[at]! << 8) | header[at + 1]!;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    header.set([sum >>> 8, sum & 0xff], 10);
    return readIpv4Header(bytes, length, ipv4Offset);
  };

  it('is refused for another version, a length that lies and a header below 20 bytes', () => {
    expect(forged((header) => (header[0] = 0x65))).toBe('not-ipv4');
    expect(forged((header) => (header[0] = 0x44))).toBe('bad-length');
    expect(forged((header) => header.set([0, 19], 2))).toBe('bad-length');
    expect(forged((header) => header.set([0xff, 0xff], 2))).toBe('bad-length');
    expect(readIpv4Header(new Uint8Array(64), ipv4Offset + 19, ipv4Offset)).toBe('too-short');
  });

  it('tells fragments and options apart from plain datagrams', () => {
    expect(forged((header) => header.set([0x20, 0], 6))).toMatchObject({ isFragment: true });
    expect(forged((header) => header.set([0x00, 1], 6))).toMatchObject({ isFragment: true });
    expect(forged((header) => header.set([0x1f, 0xff], 6))).toMatchObject({ isFragment: true });
    expect(forged((header) => header.set([0x40, 0], 6))).toMatchObject({ isFragment: false });
    expect(forged((header) => (header[0] = 0x46))).toMatchObject({ hasOptions: true, headerLength: 24 });
  });
});

describe('any bytes', () => {
  it('are read as a header or refused, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, looksRight) => {
        if (looksRight && bytes.length > 20) bytes.set([0x45, 0, 0, Math.max(0, bytes.length - 14)], 14);
        expect(() => {
          readIpv4Header(bytes, bytes.length, ipv4Offset);
          readArpFrame(bytes, bytes.length);
          etherTypeOf(bytes, bytes.length);
        }).not.toThrow();
      }),
      property(500),
    );
  });
});
