/** Echo of ICMP and ICMPv6, and what the host says to protocols that it does not have. */
import { describe, expect, it } from 'vitest';
import { icmpFrame, icmpTypes, icmpv6Types, readIcmpFrame } from '../../electron/emulator/wire/icmp';
import { fragmentFrame } from '../../electron/emulator/wire/fragmentation';
import { etherTypeOf, etherTypes } from '../../electron/emulator/wire/ethernet';
import { OffloadBench, benchAddresses } from '../harness/offloadBench';

const hostMac = Uint8Array.of(2, 0, 0, 0, 0, 1);

/** Frames of the host that hold ICMP messages. */
function answers(bench: OffloadBench, from: number) {
  return bench.frames.slice(from).flatMap(({ bytes, path }) => {
    const message = path === 'host' ? readIcmpFrame(bytes, bytes.length) : 'not-icmp';
    return typeof message === 'string' ? [] : [message];
  });
}

describe.each(['ipv4', 'ipv6'] as const)('ping over %s', (version) => {
  const { host, peer } = benchAddresses[version];
  const types = version === 'ipv4' ? icmpTypes : icmpv6Types;

  function request(bench: OffloadBench, body: Uint8Array): Uint8Array {
    const ends = { source: peer, destination: host, sourceMac: bench.peer.mac, destinationMac: hostMac };
    return icmpFrame(
      { ...ends, timeToLive: 64, identification: 99 },
      { type: types.echoRequest, code: 0, rest: 0x1234_0001, body },
    );
  }

  it('RFC 1122 section 3.2.2.6, RFC 4443 section 4.2: is answered with the same identifier, number and bytes', () => {
    const bench = new OffloadBench({ version });
    const from = bench.frames.length;
    const body = Uint8Array.from({ length: 56 }, (_, index) => index);
    bench.injectFrame(request(bench, body));
    bench.runFor(1e6);
    const [reply, ...others] = answers(bench, from);
    expect(others).toEqual([]);
    expect(reply).toMatchObject({
      type: types.echoReply,
      rest: 0x1234_0001,
      body,
      source: host,
      destination: peer,
    });
  });

  it('WIR-028: goes to the host while everything is offloaded', () => {
    const bench = new OffloadBench({ version });
    bench.offload();
    const from = bench.frames.length;
    bench.injectFrame(request(bench, new Uint8Array(8)));
    bench.runFor(1e6);
    expect(answers(bench, from)).toHaveLength(1);
  });

  it('WIR-021: of more bytes than a frame holds is answered in fragments of the lower half', () => {
    const bench = new OffloadBench({ version });
    const from = bench.frames.length;
    for (const piece of fragmentFrame(request(bench, new Uint8Array(3000)), 1500, 3))
      bench.injectFrame(piece);
    bench.runFor(1e6);
    const replies = bench.frames.slice(from).filter(({ path }) => path === 'host');
    expect(replies).toHaveLength(3);
    for (const { bytes } of replies) {
      expect(bytes.length).toBeLessThanOrEqual(1514);
      const isIpv6 = etherTypeOf(bytes, bytes.length) === etherTypes.ipv6;
      const highest = isIpv6 ? bytes[14 + 40 + 4]! : bytes[18]!;
      expect(highest).toBeLessThan(0x80);
    }
  });

  it('is not answered when its checksum is wrong', () => {
    const bench = new OffloadBench({ version });
    const from = bench.frames.length;
    const frame = request(bench, new Uint8Array(8));
    frame[frame.length - 1]! ^= 1;
    bench.injectFrame(frame);
    bench.runFor(1e6);
    expect(answers(bench, from)).toEqual([]);
    expect(bench.host.ip.counts.segmentErrors).toBe(1);
  });

  it('RFC 1122 section 3.2.2.1, RFC 4443 section 3.4: an unknown protocol is refused, once in ten milliseconds', () => {
    const bench = new OffloadBench({ version });
    bench.runFor(50e6);
    const from = bench.frames.length;
    const frame = request(bench, new Uint8Array(8));
    if (version === 'ipv6') frame[20] = 99;
    else {
      // Protocol 99 in the place of 1, and the checksum less by as much.
      frame[23] = 99;
      const checksum = ((frame[24]! << 8) | frame[25]!) - 98;
      frame.set([(checksum >>> 8) & 0xff, checksum & 0xff], 24);
    }
    bench.injectFrame(frame);
    bench.injectFrame(frame);
    bench.runFor(1e6);
    const expected = version === 'ipv4' ? { type: 3, code: 2 } : { type: 4, code: 1 };
    expect(answers(bench, from).map(({ type, code }) => ({ type, code }))).toEqual([expected]);
    expect(bench.host.ip.counts.unknownProtocols).toBe(2);
  });
});
