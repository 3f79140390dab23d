import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DatagramReassembly,
  reassemblyLimits,
  reassemblyTime,
} from '../../../../electron/emulator/host/datagramReassembly';
import { SendQueue } from '../../../../electron/emulator/tcp/sendQueue';
import { parseIpAddress } from '../../../../electron/emulator/wire/address';
import { fragmentFrame } from '../../../../electron/emulator/wire/fragmentation';
import { Frame } from '../../../../electron/emulator/wire/frame';
import { fillSegmentFrame, readSegmentFrame } from '../../../../electron/emulator/wire/segmentFrame';
import { TcpSegment, tcpFlags } from '../../../../electron/emulator/wire/tcpSegment';
import { property } from '../../../harness/property';

type Version = 'ipv4' | 'ipv6';

const ends = {
  ipv4: [Uint8Array.of(192, 0, 2, 2), Uint8Array.of(192, 0, 2, 1)],
  ipv6: [parseIpAddress('2001:db8::2')!, parseIpAddress('2001:db8::1')!],
} as const;

/** A frame with a TCP segment of so many bytes. */
function datagram(version: Version, bytes: number, identification = 1): Uint8Array {
  const queue = new SendQueue();
  const payload = Uint8Array.from({ length: bytes }, (_, index) => (index * 7) & 0xff);
  queue.append(payload, { onAcknowledged: () => undefined }, true);
  const segment = new TcpSegment();
  Object.assign(segment, { sourcePort: 7, destinationPort: 9, flags: tcpFlags.ACK, payloadLength: bytes });
  const [source, destination] = ends[version];
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const frame = new Frame();
  const addressing = {
    sourceMac: mac,
    destinationMac: mac,
    source,
    destination,
    timeToLive: 9,
    typeOfService: 0,
  };
  fillSegmentFrame(frame, addressing, identification, segment, queue, 0);
  return frame.bytes.slice(0, frame.length);
}

/** A reassembly whose clock is moved by hand. */
function bench() {
  const timers: { readonly work: () => void; readonly delay: number }[] = [];
  const expired: (Uint8Array | undefined)[] = [];
  const reassembly = new DatagramReassembly({
    later: (work, delay) => timers.push({ work, delay }),
    expired: (first) => expired.push(first),
  });
  return { reassembly, timers, expired };
}

describe.each(['ipv4', 'ipv6'] as const)('reassembly of %s datagrams', (version) => {
  it('RFC 791, RFC 8200 section 4.5: gives back what was cut, in whatever order the pieces come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1400 }),
        fc.integer({ min: 100, max: 700 }),
        fc.infiniteStream(fc.nat({ max: 20 })),
        (bytes, mtu, order) => {
          const { reassembly } = bench();
          const whole = datagram(version, bytes);
          const pieces = [...fragmentFrame(whole, mtu, 77)];
          if (pieces.length < 2) return;
          let result: Uint8Array | undefined;
          while (pieces.length > 0) {
            expect(result).toBeUndefined();
            const [piece] = pieces.splice(order.next().value % pieces.length, 1);
            result = reassembly.add(piece!);
          }
          const segment = new TcpSegment();
          expect(readSegmentFrame(segment, result!, result!.length)).toBeTypeOf('object');
          expect(segment.payloadLength).toBe(bytes);
          expect([reassembly.pending, reassembly.pendingBytes]).toEqual([0, 0]);
        },
      ),
      property(),
    );
  });

  it('takes a piece that comes twice once', () => {
    const { reassembly } = bench();
    const [first, second] = fragmentFrame(datagram(version, 600), 500, 1);
    reassembly.add(first!);
    expect(reassembly.add(first!)).toBeUndefined();
    expect(reassembly.add(second!)).toBeDefined();
    expect(reassembly.counts).toMatchObject({ completed: 1, spoilt: 0 });
  });

  it('RFC 5722: discards a datagram whose pieces overlap, and what still comes of it', () => {
    const { reassembly, timers, expired } = bench();
    const [first, second] = fragmentFrame(datagram(version, 600), 500, 1);
    const [other] = fragmentFrame(datagram(version, 600), 400, 1);
    reassembly.add(first!);
    expect(reassembly.add(other!)).toBeUndefined();
    expect(reassembly.add(second!)).toBeUndefined();
    expect(reassembly.counts).toMatchObject({ completed: 0, spoilt: 1 });
    expect(reassembly.pendingBytes).toBe(0);
    timers.forEach(({ work }) => {
      work();
    });
    expect(expired).toEqual([]);
  });

  it('keeps datagrams of different identifications apart', () => {
    const { reassembly } = bench();
    const one = fragmentFrame(datagram(version, 600, 1), 500, 1);
    const two = fragmentFrame(datagram(version, 600, 2), 500, 2);
    reassembly.add(one[0]!);
    reassembly.add(two[1]!);
    expect(reassembly.pending).toBe(2);
    expect(reassembly.add(one[1]!)).toBeDefined();
    expect(reassembly.add(two[0]!)).toBeDefined();
  });

  it('gives up after a minute and hands out the first piece, if that has come', () => {
    const { reassembly, timers, expired } = bench();
    const [first, second] = fragmentFrame(datagram(version, 600, 1), 500, 1);
    const [, alone] = fragmentFrame(datagram(version, 600, 2), 500, 2);
    reassembly.add(first!);
    reassembly.add(alone!);
    expect(timers.map(({ delay }) => delay)).toEqual([reassemblyTime, reassemblyTime]);
    timers.forEach(({ work }) => {
      work();
    });
    expect(expired).toEqual([first, undefined]);
    expect(reassembly.add(second!)).toBeUndefined();
    expect(reassembly.pending).toBe(1);
  });

  it('keeps a bounded number of datagrams and bytes, whoever sends', () => {
    const { reassembly } = bench();
    for (let identification = 1; identification <= 1000; identification++) {
      reassembly.add(fragmentFrame(datagram(version, 1400, identification), 1300, identification)[0]!);
      expect(reassembly.pending).toBeLessThanOrEqual(reassemblyLimits.datagrams);
      expect(reassembly.pendingBytes).toBeLessThanOrEqual(reassemblyLimits.bytes);
    }
    expect(reassembly.counts.evicted).toBe(1000 - reassemblyLimits.datagrams);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 100 }), fc.nat({ max: 255 })), { maxLength: 12 }),
        (changes) => {
          const { reassembly } = bench();
          for (const piece of fragmentFrame(datagram(version, 900), 400, 5)) {
            const bytes = piece.slice();
            for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
            expect(() => reassembly.add(bytes)).not.toThrow();
          }
        },
      ),
      property(),
    );
  });
});
