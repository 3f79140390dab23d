import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressMap } from '../../../shared/sanitize/addressMap';
import { sanitizeFrame } from '../../../shared/sanitize/sanitizeFrame';
import { keyedHash } from '../../harness/keyedHash';
import { property } from '../../harness/property';

const macs = [0x00, 0x15, 0x5d, 1, 2, 3, 0x00, 0x15, 0x5d, 4, 5, 6];
const source4 = [198, 51, 100, 7];
const destination4 = [203, 0, 113, 9];
const source6 = [0x20, 1, 0x0d, 0xb9, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x77];
const destination6 = [0x20, 1, 0x0d, 0xb9, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x78];

const word = (value: number): number[] => [value >>> 8, value & 0xff];

/** The one's complement sum of RFC 1071, written down anew: whatever is right sums up to 0xFFFF. */
function sum(bytes: readonly number[]): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += bytes[at]! * 256 + (bytes[at + 1] ?? 0);
  while (total > 0xffff) total = (total % 0x1_0000) + Math.floor(total / 0x1_0000);
  return total;
}

function withChecksum(pseudo: readonly number[], message: readonly number[], at: number): number[] {
  const checksum = 0xffff - sum([...pseudo, ...message]);
  return [...message.slice(0, at), ...word(checksum), ...message.slice(at + 2)];
}

type Protocol = 'tcp' | 'udp' | 'icmp';

function message(
  protocol: Protocol,
  payload: readonly number[],
  pseudoOf: (protocol: number, length: number) => number[],
  isSix: boolean,
): [number, number[]] {
  switch (protocol) {
    case 'tcp': {
      const header = [
        ...word(49_152),
        ...word(80),
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        0x60,
        0x18,
        0xff,
        0xff,
        0,
        0,
        0,
        0,
        2,
        4,
        5,
        0xb4,
      ];
      return [6, withChecksum(pseudoOf(6, header.length + payload.length), [...header, ...payload], 16)];
    }
    case 'udp': {
      const length = 8 + payload.length;
      return [
        17,
        withChecksum(
          pseudoOf(17, length),
          [...word(5000), ...word(53), ...word(length), 0, 0, ...payload],
          6,
        ),
      ];
    }
    case 'icmp': {
      const echo = [isSix ? 128 : 8, 0, 0, 0, 0x12, 0x34, 0, 1, ...payload];
      return isSix ? [58, withChecksum(pseudoOf(58, echo.length), echo, 2)] : [1, withChecksum([], echo, 2)];
    }
  }
}

function frameV4(protocol: Protocol, payload: readonly number[]): number[] {
  const pseudo = (number: number, length: number): number[] => [
    ...source4,
    ...destination4,
    0,
    number,
    ...word(length),
  ];
  const [number, body] = message(protocol, payload, pseudo, false);
  const header = [
    0x45,
    0,
    ...word(20 + body.length),
    0,
    9,
    0x40,
    0,
    64,
    number,
    0,
    0,
    ...source4,
    ...destination4,
  ];
  return [...macs, 8, 0, ...withChecksum([], header, 10), ...body];
}

function frameV6(protocol: Protocol, payload: readonly number[]): number[] {
  const pseudo = (number: number, length: number): number[] => [
    ...source6,
    ...destination6,
    0,
    0,
    ...word(length),
    0,
    0,
    0,
    number,
  ];
  const [number, body] = message(protocol, payload, pseudo, true);
  return [
    ...macs,
    0x86,
    0xdd,
    0x60,
    0,
    0,
    0,
    ...word(body.length),
    number,
    64,
    ...source6,
    ...destination6,
    ...body,
  ];
}

/** What the checksums of a frame sum up to when its payload is zeros: header of IPv4, and message with pseudo header. */
function sums(frame: Uint8Array): number[] {
  const bytes = [...frame];
  if (bytes[12] === 8) {
    const total = bytes[16]! * 256 + bytes[17]!;
    const body = bytes.slice(34, 14 + total);
    const length = total - 20;
    const pseudo = bytes[23] === 1 ? [] : [...bytes.slice(26, 34), 0, bytes[23]!, ...word(length)];
    return [sum(bytes.slice(14, 34)), sum([...pseudo, ...body])];
  }
  const length = bytes[18]! * 256 + bytes[19]!;
  return [
    sum([
      ...bytes.slice(22, 54),
      0,
      0,
      ...word(length),
      0,
      0,
      0,
      bytes[20]!,
      ...bytes.slice(54, 54 + length),
    ]),
  ];
}

function rules(keepPayload: boolean): Parameters<typeof sanitizeFrame>[1] {
  const map = new AddressMap(keyedHash('key'));
  map.collector.ipv4(Uint8Array.from(source4));
  map.collector.ipv4(Uint8Array.from(destination4));
  return { addresses: map.rewriter, keepPayload };
}

function holds(bytes: Uint8Array, part: readonly number[]): boolean {
  for (let at = 0; at + part.length <= bytes.length; at++)
    if (part.every((byte, index) => bytes[at + index] === byte)) return true;
  return false;
}

const protocol = fc.constantFrom<Protocol>('tcp', 'udp', 'icmp');
const version = fc.constantFrom(frameV4, frameV6);
const payload = fc.array(fc.nat(255), { minLength: 1, maxLength: 60 });
const headerLengths = { tcp: 24, udp: 8, icmp: 8 };

describe('a frame without its payload and with other addresses', () => {
  it('has its headers only, and checksums that are right for zeros in the place of the payload (RFC 1624)', () => {
    fc.assert(
      fc.property(version, protocol, payload, (frameOf, kind, bytes) => {
        const frame = Uint8Array.from(frameOf(kind, bytes));
        const made = sanitizeFrame(frame, rules(false));
        const start = frameOf === frameV4 ? 34 : 54;
        expect(made.length).toBe(start + headerLengths[kind]);
        expect(sums(made).every((total) => total === 0xffff)).toBe(true);
        for (const address of [macs.slice(0, 6), macs.slice(6), source4, destination4, source6, destination6])
          expect(holds(made, address)).toBe(false);
      }),
      property(),
    );
  });

  it('has the same bytes whatever the payload was: no checksum tells of it', () => {
    fc.assert(
      fc.property(version, protocol, payload, (frameOf, kind, bytes) => {
        const zeros = bytes.map(() => 0);
        expect(sanitizeFrame(Uint8Array.from(frameOf(kind, bytes)), rules(false))).toEqual(
          sanitizeFrame(Uint8Array.from(frameOf(kind, zeros)), rules(false)),
        );
      }),
      property(),
    );
  });

  it('has them, too, where the recording had cut the payload', () => {
    fc.assert(
      fc.property(version, protocol, payload, (frameOf, kind, bytes) => {
        const frame = Uint8Array.from(frameOf(kind, bytes));
        const cut = frame.subarray(0, frame.length - 1);
        expect(sanitizeFrame(cut, rules(false))).toEqual(sanitizeFrame(frame, rules(false)));
      }),
      property(),
    );
  });

  it('keeps wrong checksums wrong', () => {
    fc.assert(
      fc.property(version, protocol, payload, (frameOf, kind, bytes) => {
        const frame = Uint8Array.from(frameOf(kind, bytes));
        const place = (frameOf === frameV4 ? 34 : 54) + { tcp: 16, udp: 6, icmp: 2 }[kind];
        frame[place]! ^= 0x11;
        fc.pre(kind !== 'udp' || frame[place] !== 0 || frame[place + 1] !== 0);
        expect(sums(sanitizeFrame(frame, rules(false))).at(-1)).not.toBe(0xffff);
      }),
      property(),
    );
  });

  it('keeps its payload where it may, with checksums that are right for it', () => {
    fc.assert(
      fc.property(version, protocol, payload, (frameOf, kind, bytes) => {
        const made = sanitizeFrame(Uint8Array.from(frameOf(kind, bytes)), rules(true));
        expect([...made.subarray(made.length - bytes.length)]).toEqual(bytes);
        expect(sums(made).every((total) => total === 0xffff)).toBe(true);
      }),
      property(),
    );
  });

  it('is still whole behind VLAN tags (IEEE 802.1Q)', () => {
    const plain = frameV4('tcp', [1, 2, 3]);
    const tagged = Uint8Array.from([...plain.slice(0, 12), 0x81, 0, 0, 5, ...plain.slice(12)]);
    const made = [...sanitizeFrame(tagged, rules(false))];
    const expected = [...sanitizeFrame(Uint8Array.from(plain), rules(false))];
    expect([...made.slice(0, 12), ...made.slice(16)]).toEqual(expected);
  });

  it('has other addresses in ARP (RFC 826), and no padding', () => {
    const arp = [0, 1, 8, 0, 6, 4, 0, 1, ...macs.slice(6), ...source4, 0, 0, 0, 0, 0, 0, ...destination4];
    const frame = Uint8Array.from([...macs, 8, 6, ...arp, ...new Array<number>(18).fill(0xaa)]);
    const made = sanitizeFrame(frame, rules(false));
    expect(made.length).toBe(42);
    for (const address of [macs.slice(6), source4, destination4]) expect(holds(made, address)).toBe(false);
    expect([...made.subarray(32, 38)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('has other addresses in what ICMP messages quote (RFC 792)', () => {
    const quoted = frameV4('tcp', []).slice(14, 14 + 28);
    const error = withChecksum([], [3, 4, 0, 0, 0, 0, 5, 0, ...quoted], 2);
    const header = [0x45, 0, ...word(20 + error.length), 0, 9, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, ...source4];
    const made = sanitizeFrame(
      Uint8Array.from([...macs, 8, 0, ...withChecksum([], header, 10), ...error]),
      rules(false),
    );
    expect(made.length).toBe(14 + 20 + 8 + 28);
    for (const address of [source4, destination4, [192, 0, 2, 1]]) expect(holds(made, address)).toBe(false);
    expect(sums(made)).toEqual([0xffff, 0xffff]);
    expect(sum([...made.subarray(42, 62)])).toBe(0xffff);
  });

  it('has other addresses in neighbor discovery (RFC 4861)', () => {
    const target = destination6;
    const solicited = [135, 0, 0, 0, 0, 0, 0, 0, ...target, 1, 1, ...macs.slice(6)];
    const pseudo = [...source6, ...destination6, 0, 0, ...word(solicited.length), 0, 0, 0, 58];
    const body = withChecksum(pseudo, solicited, 2);
    const frame = [
      ...macs,
      0x86,
      0xdd,
      0x60,
      0,
      0,
      0,
      ...word(body.length),
      58,
      255,
      ...source6,
      ...destination6,
      ...body,
    ];
    const made = sanitizeFrame(Uint8Array.from(frame), rules(false));
    expect(made.length).toBe(frame.length);
    for (const address of [target, source6, macs.slice(6)]) expect(holds(made, address)).toBe(false);
    expect(sums(made)).toEqual([0xffff]);
    expect([...made.subarray(62, 78)]).toEqual([...made.subarray(38, 54)]);
  });

  it('is never longer than the original, whatever the bytes are, and the same again for the same bytes', () => {
    const types = fc.constantFrom([8, 0], [8, 6], [0x86, 0xdd], [0x81, 0], [0x88, 0xa8], [0x12, 0x34]);
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 120 }), fc.boolean(), (type, bytes, keep) => {
        const frame = Uint8Array.from([...macs, ...type, ...bytes]);
        const made = sanitizeFrame(frame, rules(keep));
        expect(made.length).toBeLessThanOrEqual(frame.length);
        expect(sanitizeFrame(frame, rules(keep))).toEqual(made);
      }),
      property(1000),
    );
  });
});
