/** Offloaded connections over IPv6: tree, frames, capabilities, counters, and address resolution on the way. */
import { describe, expect, it } from 'vitest';
import { constantValue } from '../../shared/ddi/catalogue';
import { decodeFrame } from '../../shared/analysis/frameDecoder';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { etherTypeOf, etherTypes } from '../../electron/emulator/wire/ethernet';
import { readIpv6Header, ipv6Offset } from '../../electron/emulator/wire/ipv6';
import { readSegmentFrame } from '../../electron/emulator/wire/segmentFrame';
import { TcpSegment } from '../../electron/emulator/wire/tcpSegment';
import { OffloadBench, benchAddresses } from '../harness/offloadBench';

/** Frames that the target or the host has sent with TCP over IPv6 inside. */
function sent(bench: OffloadBench, path: 'host' | 'chimney'): Uint8Array[] {
  return bench.frames.filter((frame) => frame.path === path).map(({ bytes }) => bytes);
}

describe('a connection over IPv6', () => {
  it('is offloaded, carries its bytes through the chimney, comes back, and goes on', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    bench.offload();
    bench.send(100_000);
    bench.runFor(1e9);
    expect([bench.acknowledged, bench.returned]).toEqual([100_000, 100_000]);
    expect(bench.connection.received.chimney).toBe(100_000);
    bench.passively(() => {
      bench.connection.upload();
    });
    bench.send(50_000);
    bench.runFor(1e9);
    expect(bench.returnedBytes).toEqual(bench.sentBytes);
    expect(bench.connection.received.hostPath).toBe(50_000);
  });

  it('TRE-001, INI-009: has a path block of type Ip6OffloadState with addresses of 16 bytes', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    bench.offload();
    const path = bench.offloaded.path;
    expect(path.constState.SourceAddress).toEqual(benchAddresses.ipv6.host);
    expect(path.constState.DestinationAddress).toEqual(benchAddresses.ipv6.peer);
    const [initiate] = bench.callsOf('MiniportInitiateOffload');
    const types = initiate!.arguments.flatMap((argument) =>
      argument.kind === 'block-list' ? argument.blocks.map(({ bytes }) => bytes[0]) : [],
    );
    const expected = ['NeighborOffloadState', 'Ip6OffloadState', 'TcpOffloadState'] as const;
    expect(types).toEqual(expected.map((name) => constantValue(name)));
  });

  it('RFC 4861: is preceded by a solicitation to the solicited-node group, and the host answers the peer’s', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    const [solicitation, advertisement] = bench.frames;
    expect([...solicitation!.bytes.subarray(0, 6)]).toEqual([0x33, 0x33, 0xff, 0, 0, 2]);
    expect(solicitation!.bytes[ipv6Offset + 7]).toBe(255);
    expect(advertisement!.bytes[ipv6Offset + 7]).toBe(255);
    expect(bench.frames.every(({ bytes }) => etherTypeOf(bytes, bytes.length) === etherTypes.ipv6)).toBe(
      true,
    );
  });

  it('WIR-008, WIR-009, WIR-010: follows hop limit, traffic class and flow label in every frame of the chimney', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    bench.offload();
    bench.passively(() => {
      bench.connection.setOptions({ timeToLive: 33, typeOfService: 0x48, flowLabel: 0x12345 });
    });
    const from = bench.frames.length;
    bench.send(20_000);
    bench.runFor(1e9);
    const frames = bench.frames.slice(from).filter(({ path }) => path === 'chimney');
    expect(frames.length).toBeGreaterThan(10);
    for (const { bytes } of frames) {
      expect([...bytes.subarray(ipv6Offset, ipv6Offset + 4)]).toEqual([0x64, 0x81, 0x23, 0x45]);
      expect(bytes[ipv6Offset + 7]).toBe(33);
    }
  });

  it('WIR-018, WIR-020: sends no Fragment header, and valid checksums', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    bench.offload();
    bench.send(20_000);
    bench.runFor(1e9);
    const frames = [...sent(bench, 'chimney'), ...sent(bench, 'host')];
    for (const bytes of frames) {
      const header = readIpv6Header(bytes, bytes.length, ipv6Offset);
      if (typeof header === 'string') throw new Error(header);
      expect(header.hasExtensions).toBe(false);
      if (header.protocol === 6)
        expect(typeof readSegmentFrame(new TcpSegment(), bytes, bytes.length)).toBe('object');
    }
  });

  it('WIR-011, RFC 6691: has no frame above the MTU and full segments of 1440 bytes less options', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    bench.offload();
    bench.send(100_000);
    bench.runFor(1e9);
    expect(Math.max(...sent(bench, 'chimney').map((bytes) => bytes.length))).toBe(1514);
  });

  it('STT-002: counts in the counters of IPv6 and in no others', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    bench.offload();
    bench.send(20_000);
    bench.runFor(1e9);
    expect(bench.host.offloadStatistics('ipv4')).toMatchObject({
      ip: { OutRequests: 0n, InReceives: 0n },
      tcp: { OutSegments: 0n, CurrentlyEstablished: 0 },
    });
    const { ip, tcp } = bench.host.offloadStatistics('ipv6')!;
    expect(tcp.CurrentlyEstablished).toBe(1);
    expect(ip.OutOctets).toBeGreaterThan(20_000n);
    expect(tcp.InSegments).toBe(ip.InReceives);
  });

  it('CAP-014: is not offered to a target without IPv6', () => {
    const bench = new OffloadBench({ version: 'ipv6', target: { hasIPv6: false } });
    const from = bench.calls.length;
    bench.passively(() => {
      bench.connection.offload();
    });
    expect(bench.namesSince(from)).not.toContain('MiniportInitiateOffload');
    expect(bench.connection.place).toBe('InHost');
    expect(bench.host.capabilities).toMatchObject({ SupportIPv4: true, SupportIPv6: false });
    bench.send(20_000);
    bench.runFor(1e9);
    expect(bench.returned).toBe(20_000);
  });

  it('CAP-023: comes back before connection offload is turned off, and can be offered again when it is on', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    bench.offload();
    const statuses: number[] = [];
    bench.passively(() => {
      bench.host.switchConnectionOffload(false, (status) => statuses.push(status));
    }, 100e6);
    expect(bench.connection.place).toBe('InHost');
    bench.passively(() => {
      bench.host.switchConnectionOffload(true, (status) => statuses.push(status));
    }, 100e6);
    expect(statuses).toEqual([NDIS_STATUS.SUCCESS, NDIS_STATUS.SUCCESS]);
    bench.offload();
    bench.send(20_000);
    bench.runFor(1e9);
    expect(bench.returned).toBe(20_000);
  });

  it('can be decoded by the viewer down to the TCP header', () => {
    const bench = new OffloadBench({ version: 'ipv6' });
    const protocols = bench.frames.map(({ bytes }) =>
      decodeFrame(bytes).layers.map(({ protocol }) => protocol),
    );
    expect(protocols).toContainEqual(['Ethernet II', 'IPv6', 'TCP']);
  });
});
