/** Path MTU discovery over both IP versions, on the host path and while the target has the connection (RFC 1191, RFC 8201). */
import { describe, expect, it } from 'vitest';
import { icmpFrame, icmpTypes, unreachableCodes } from '../../electron/emulator/wire/icmp';
import { tooBigMessage } from '../../electron/emulator/wire/pathMtu';
import { OffloadBench, benchAddresses } from '../harness/offloadBench';

/** MTU of the link behind the router. */
const narrow = { ipv4: 1000, ipv6: 1300 } as const;

/** Bytes of the largest frame of a way since an index. */
function largestFrame(bench: OffloadBench, path: 'host' | 'chimney', from: number): number {
  const lengths = bench.frames.slice(from).filter((frame) => frame.path === path);
  return Math.max(0, ...lengths.map(({ bytes }) => bytes.length));
}

describe.each(['ipv4', 'ipv6'] as const)('a router with a small MTU on the path over %s', (version) => {
  const mtu = narrow[version];

  it('RFC 1191 section 3, RFC 8201 section 4: the host lowers the MTU of the path, repeats what was refused, and goes on', () => {
    const bench = new OffloadBench({ version, router: { mtu } });
    bench.send(40_000);
    bench.runFor(3e9);
    expect(bench.connection.path.mtu).toBe(mtu);
    expect(bench.returnedBytes).toEqual(bench.sentBytes);
    expect(bench.router!.counts.tooBig).toBeGreaterThan(0);
    const from = bench.frames.length;
    bench.send(40_000);
    bench.runFor(1e9);
    expect(largestFrame(bench, 'host', from)).toBe(14 + mtu);
    expect(bench.returnedBytes).toEqual(bench.sentBytes);
  });

  it('WIR-027, WIR-028, UPD-014, WIR-011: while offloaded the message goes up unprocessed, and an update of the path comes down', () => {
    const bench = new OffloadBench({ version, router: { mtu } });
    bench.offload();
    const from = bench.calls.length;
    bench.send(40_000);
    bench.runFor(3e9);
    const names = bench.namesSince(from);
    expect(names.indexOf('NdisMIndicateReceiveNetBufferLists')).toBeGreaterThanOrEqual(0);
    expect(names.indexOf('MiniportUpdateOffload')).toBeGreaterThan(
      names.indexOf('NdisMIndicateReceiveNetBufferLists'),
    );
    expect(bench.offloaded.path.cached.PathMtu).toBe(mtu);
    expect(bench.connection.place).toBe('Offloaded');
    expect(bench.returnedBytes).toEqual(bench.sentBytes);
    const frames = bench.frames.length;
    bench.send(40_000);
    bench.runFor(1e9);
    expect(largestFrame(bench, 'chimney', frames)).toBe(14 + mtu);
  });

  it('RFC 1191 section 3: the peer lowers its own MTU where the way back is the narrow one', () => {
    const bench = new OffloadBench({ version, router: { mtu: 1500, back: mtu } });
    bench.offload();
    bench.send(40_000);
    bench.runFor(3e9);
    expect(bench.router!.counts.tooBig).toBeGreaterThan(0);
    expect(bench.connection.path.mtu).toBe(1500);
    expect(bench.returnedBytes).toEqual(bench.sentBytes);
    const { tooBig } = bench.router!.counts;
    bench.send(40_000);
    bench.runFor(1e9);
    expect(bench.router!.counts.tooBig).toBe(tooBig);
    expect(bench.returnedBytes).toEqual(bench.sentBytes);
  });

  it('RFC 1191 section 6.3: the MTU is raised again after ten minutes', () => {
    const bench = new OffloadBench({ version, router: { mtu } });
    bench.send(20_000);
    bench.runFor(3e9);
    expect(bench.connection.path.mtu).toBe(mtu);
    bench.runFor(600e9);
    expect(bench.connection.path.mtu).toBe(1500);
  });

  it('RFC 5927 section 4.1: a message about a sequence number that is not outstanding changes nothing', () => {
    const bench = new OffloadBench({ version });
    bench.offload();
    bench.send(10_000);
    bench.runFor(1e9);
    const own = bench.frames.find((frame) => frame.path === 'chimney' && frame.bytes.length > 1000)!;
    const { host, peer } = benchAddresses[version];
    const content = tooBigMessage(version, version === 'ipv4' ? 576 : 1280, own.bytes.slice(14));
    const addressing = {
      sourceMac: bench.peer.mac,
      destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
      source: peer,
      destination: host,
      timeToLive: 64,
      identification: 1,
    };
    bench.injectFrame(icmpFrame(addressing, content));
    bench.runFor(1e6);
    expect(bench.connection.path.mtu).toBe(1500);
    expect(bench.host.ip.icmp.counts).toMatchObject({ errorsReceived: 1, errorsIgnored: 1 });
  });

  it('RFC 792, RFC 4443: a message with a wrong checksum is dropped and counted', () => {
    const bench = new OffloadBench({ version });
    bench.offload();
    const { host, peer } = benchAddresses[version];
    const ends = { source: peer, destination: host, sourceMac: bench.peer.mac };
    const destinationMac = Uint8Array.of(2, 0, 0, 0, 0, 1);
    const frame = icmpFrame(
      { ...ends, destinationMac, timeToLive: 64, identification: 1 },
      tooBigMessage(version, 1280, new Uint8Array(60)),
    );
    frame[frame.length - 1]! ^= 1;
    bench.injectFrame(frame);
    bench.runFor(1e6);
    expect(bench.host.ip.counts.segmentErrors).toBe(1);
    expect(bench.host.ip.icmp.counts.errorsReceived).toBe(0);
  });
});

describe('errors that are not about the MTU', () => {
  it('RFC 1122 section 4.2.3.9: unreachable codes 0 to 5 do not end an established connection', () => {
    const bench = new OffloadBench({});
    bench.send(1_000);
    bench.runFor(1e9);
    bench.peerHears = 'arp';
    bench.send(1_000);
    bench.runFor(1e6);
    const own = bench.frames.filter((frame) => frame.path === 'host').at(-1)!;
    for (const code of Object.values(unreachableCodes)) {
      if (code === unreachableCodes.fragmentationNeeded) continue;
      const content = { type: icmpTypes.destinationUnreachable, code, rest: 0, body: own.bytes.slice(14) };
      const addressing = {
        sourceMac: bench.peer.mac,
        destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
        source: benchAddresses.ipv4.peer,
        destination: benchAddresses.ipv4.host,
        timeToLive: 64,
        identification: 1,
      };
      bench.injectFrame(icmpFrame(addressing, content));
    }
    bench.runFor(1e6);
    expect(bench.host.ip.icmp.counts).toMatchObject({ errorsReceived: 5, errorsIgnored: 0 });
    bench.peerHears = 'everything';
    bench.runFor(5e9);
    expect(bench.returned).toBe(2_000);
  });
});
