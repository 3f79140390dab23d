import { describe, expect, it } from 'vitest';
import { timerNotRunning } from '../../electron/emulator/ndis/offloadState';
import type { AttachedState } from '../../electron/emulator/ndis/offloadState';
import { tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import { tagOf } from '../../electron/emulator/wire/vlanTag';
import { OffloadBench, type BenchChoices } from '../harness/offloadBench';
import { reasonsIn } from '../harness/tcpEvents';

const second = 1e9;

/** Keepalive after 60 s, then every 5 s, three times; ticks. */
const options = {
  keepAlive: true,
  keepAliveTime: 60_000,
  keepAliveInterval: 5000,
  keepAliveProbes: 3,
} as const;

/** All variables of the connection, from the target. */
function queried(bench: OffloadBench): Required<Extract<AttachedState, { layer: 'tcp' }>> {
  let answer: AttachedState | undefined;
  bench.passively(() => {
    bench.host.offloads.query(bench.connection, 'all', (state) => (answer = state));
  });
  if (answer?.layer !== 'tcp' || answer.delegated === undefined) throw new Error('no answer');
  return answer as Required<Extract<AttachedState, { layer: 'tcp' }>>;
}

/** An offloaded connection with keepalive, set on the host path. */
function withKeepAlive(): OffloadBench {
  const bench = new OffloadBench();
  bench.connection.setOptions(options);
  bench.offload();
  return bench;
}

/** Times in seconds, since `since`, at which frames of one kind left. */
function timesOf(bench: OffloadBench, path: 'chimney' | 'host', since: number): number[] {
  return bench.frames
    .filter((frame) => frame.path === path && frame.time >= since && frame.bytes[12] === 0x08)
    .filter((frame) => frame.bytes[13] === 0x00)
    .map((frame) => Math.round((frame.time - since) / 1e8) / 10);
}

describe('keepalive of an offloaded connection', () => {
  it('TMR-030 TMR-031 TMR-033: probes, and gives the connection back when nobody answers', () => {
    const bench = withKeepAlive();
    // It answers ARP, so that the neighbor stays valid.
    bench.peerHears = 'arp';
    const since = bench.machine.now;
    bench.runFor(100 * second);
    expect(timesOf(bench, 'chimney', since)).toEqual([60, 65, 70]);
    expect(reasonsIn(bench.calls)).toEqual(['TimeoutExpiration']);
    expect(bench.connection.place).toBe('InHost');
  });

  it('TMR-039: the host’s timer fires at once on a returned zero, and the host gives up, too', () => {
    const bench = withKeepAlive();
    bench.peerHears = 'arp';
    bench.runFor(100 * second);
    expect(bench.ended).toBe('timeout');
  });

  it('TMR-029 TMR-038: without the flag there are no probes, and the timer reads -1', () => {
    const bench = new OffloadBench();
    bench.offload();
    const since = bench.machine.now;
    expect(queried(bench).delegated.KeepAliveTimeoutDelta).toBe(timerNotRunning);
    bench.runFor(8000 * second);
    expect(timesOf(bench, 'chimney', since)).toEqual([]);
  });

  it('TMR-037: the first probe comes when the host’s timer would have fired', () => {
    const bench = new OffloadBench();
    bench.connection.setOptions(options);
    const since = bench.machine.now;
    bench.runFor(40 * second);
    bench.offload();
    bench.runFor(21 * second);
    expect(timesOf(bench, 'chimney', since)).toEqual([60]);
  });

  it('TMR-036 TMR-037: what is left of the time, and the unanswered probes, come back at the upload', () => {
    const bench = withKeepAlive();
    bench.peerHears = 'arp';
    bench.runFor(66 * second);
    bench.passively(() => {
      bench.connection.upload();
    });
    const { variables } = bench.connection.engine;
    expect(variables.KeepAliveProbeCount).toBe(2);
    const left = (variables.keepAliveDeadline - bench.machine.now) / second;
    expect(left).toBeGreaterThan(3.9);
    expect(left).toBeLessThan(4);
    const since = bench.machine.now;
    bench.runFor(20 * second);
    // The third probe, and the RST with which the host gives up.
    expect(timesOf(bench, 'host', since)).toHaveLength(2);
    expect(bench.ended).toBe('timeout');
  });

  it('TMR-034 TMR-035: changed parameters restart it, with flags that go with the update', () => {
    const bench = withKeepAlive();
    bench.peerHears = 'arp';
    bench.runFor(62 * second);
    expect(queried(bench).delegated.KeepAliveProbeCount).toBe(1);
    bench.passively(() => {
      bench.connection.setOptions({ keepAliveTime: 30_000 });
    });
    const { delegated } = queried(bench);
    expect(delegated.KeepAliveProbeCount).toBe(0);
    expect(delegated.KeepAliveTimeoutDelta).toBeGreaterThan(29_990);
    expect(delegated.KeepAliveTimeoutDelta).toBeLessThanOrEqual(30_000);
  });

  it('an update of another variable leaves it running', () => {
    const bench = withKeepAlive();
    bench.runFor(20 * second);
    bench.passively(() => {
      bench.connection.setOptions({ typeOfService: 8 });
    });
    expect(queried(bench).delegated.KeepAliveTimeoutDelta).toBeLessThanOrEqual(40_000);
  });
});

describe('MaxRT of an offloaded connection', () => {
  it('TMR-010 TMR-015: limits the time of retransmission, whatever the number', () => {
    const bench = new OffloadBench();
    bench.connection.setOptions({ maximumRetransmissionTime: 4000 });
    bench.offload();
    bench.peerHears = 'nothing';
    const since = bench.machine.now;
    bench.send(1000);
    bench.runFor(20 * second);
    expect(reasonsIn(bench.calls)).toEqual(['TimeoutExpiration']);
    expect(Math.max(...timesOf(bench, 'chimney', since))).toBeLessThanOrEqual(4);
    expect(bench.ended).toBe('timeout');
  });

  it('TMR-011: 0xFFFFFFFF removes the limit', () => {
    const bench = new OffloadBench();
    bench.connection.setOptions({ maximumRetransmissionTime: 0xffff_ffff });
    bench.offload();
    bench.peerHears = 'arp';
    bench.send(1000);
    bench.runFor(3600 * second);
    expect(reasonsIn(bench.calls)).toEqual([]);
    bench.peerHears = 'everything';
    bench.runFor(120 * second);
    expect(bench.returned).toBe(1000);
  });

  it('TMR-013: a new MaxRT zeroes TotalRT', () => {
    const bench = new OffloadBench();
    bench.offload();
    bench.peerHears = 'nothing';
    bench.send(1000);
    bench.runFor(5 * second);
    const before = queried(bench).delegated.TotalRT;
    expect(before).toBeGreaterThan(1000);
    bench.passively(() => {
      bench.connection.setOptions({ maximumRetransmissionTime: 60_000 });
    });
    expect(queried(bench).delegated.TotalRT).toBeLessThan(10);
  });
});

describe('RcvIndicationSize of an offloaded connection', () => {
  it('IND-007: indications carry about that much while no receive is posted', () => {
    const bench = new OffloadBench({ host: { postedReceives: 0 } });
    bench.connection.setOptions({ receiveIndicationSize: 500 });
    bench.offload();
    bench.send(3000);
    bench.runFor(20 * second);
    const lengths = bench
      .callsOf('NdisTcpOffloadReceiveHandler')
      .flatMap((call) =>
        call.arguments.flatMap((argument) =>
          argument.kind === 'net-buffer-lists' ? argument.lists.map((list) => list.dataLength) : [],
        ),
      );
    expect(Math.max(...lengths)).toBe(500);
    expect(bench.returned).toBe(3000);
  });
});

/** An offloaded connection over a neighbor of a VLAN, with a priority. */
function tagged(vlanId: number, userPriority: number, target: BenchChoices['target'] = {}): OffloadBench {
  const bench = new OffloadBench({ host: { vlanId }, target });
  bench.connection.setOptions({ userPriority });
  bench.offload();
  return bench;
}

/** Tags of the frames of the chimney, each once. */
function chimneyTags(bench: OffloadBench) {
  const tags = bench.frames
    .filter((frame) => frame.path === 'chimney')
    .map((frame) => JSON.stringify(tagOf(frame.bytes, frame.bytes.length) ?? null));
  return [...new Set(tags)].map((text) => JSON.parse(text) as unknown);
}

describe('802.1Q and 802.1p', () => {
  it.each([
    ['VLN-010', 0, 0, null],
    ['VLN-011', 0, 5, { VlanId: 0, UserPriority: 5 }],
    ['VLN-012', 42, 0, { VlanId: 42, UserPriority: 0 }],
    ['VLN-012 VLN-013', 4094, 7, { VlanId: 4094, UserPriority: 7 }],
  ])('%s: VlanId %i and UserPriority %i', (_, vlanId, userPriority, tag) => {
    const bench = tagged(vlanId, userPriority);
    bench.send(5000);
    bench.runFor(second);
    expect(bench.returned).toBe(5000);
    expect(chimneyTags(bench)).toEqual([tag]);
  });

  it.each([
    [0, null],
    [42, { VlanId: 42, UserPriority: 0 }],
  ])('VLN-013: a target without 802.1p ignores UserPriority, VlanId %i', (vlanId, tag) => {
    const bench = tagged(vlanId, 5, { supportsPriority: false });
    bench.send(5000);
    bench.runFor(second);
    expect(chimneyTags(bench)).toEqual([tag]);
  });

  it('VLN-013: a new UserPriority is in effect with the completion of its update', () => {
    const bench = tagged(42, 1);
    bench.passively(() => {
      bench.connection.setOptions({ userPriority: 6 });
    });
    bench.send(5000);
    bench.runFor(second);
    expect(chimneyTags(bench)).toEqual([{ VlanId: 42, UserPriority: 6 }]);
  });

  it('VLN-014: CFI is zero', () => {
    const bench = tagged(42, 7);
    bench.send(5000);
    bench.runFor(second);
    const frames = bench.frames.filter((frame) => frame.path === 'chimney');
    expect(frames.length).toBeGreaterThan(0);
    for (const { bytes } of frames) expect(bytes[14]! & 0x10).toBe(0);
  });

  it('VLN-012: on the host path the adapter puts the tag in that comes out of band', () => {
    const bench = tagged(42, 3);
    bench.passively(() => {
      bench.connection.upload();
    });
    const from = bench.frames.length;
    bench.send(2000);
    bench.runFor(second);
    const host = bench.frames.slice(from).filter((frame) => frame.path === 'host');
    expect(host.map(({ bytes }) => tagOf(bytes, bytes.length))).toContainEqual({
      VlanId: 42,
      UserPriority: 3,
    });
    expect(bench.returned).toBe(2000);
  });

  /** Bytes that the target takes of a segment that arrives with a tag, or with none. */
  const taken = (vlanId: number, received: number | undefined): { bytes: number; indicated: number } => {
    const bench = tagged(vlanId, 0);
    bench.peerHears = 'nothing';
    const from = bench.calls.length;
    const before = bench.offloaded.engine.variables.RcvNxt;
    bench.inject({
      flags: tcpFlags.ACK | tcpFlags.PSH,
      payload: new Uint8Array(10),
      ...(received === undefined ? {} : { tag: { VlanId: received, UserPriority: 4 } }),
    });
    const ordinary = bench.callsOf('NdisMIndicateReceiveNetBufferLists', from).length;
    return { bytes: bench.offloaded.engine.variables.RcvNxt - before, indicated: ordinary };
  };

  it.each([
    ['VLN-015', 0, undefined, 10],
    ['VLN-015', 0, 0, 10],
    ['VLN-015', 0, 7, 10],
    ['VLN-016', 42, 42, 10],
    ['VLN-017', 42, undefined, 0],
    ['VLN-017', 42, 0, 0],
    ['VLN-017', 42, 7, 0],
  ])('%s: a neighbor of VLAN %i and a frame of VLAN %s', (_, vlanId, received, bytes) => {
    expect(taken(vlanId, received)).toEqual({ bytes, indicated: 0 });
  });
});

describe('TTL and TOS', () => {
  it('every frame of the chimney carries what is in effect', () => {
    const bench = new OffloadBench();
    bench.connection.setOptions({ timeToLive: 17, typeOfService: 0x10 });
    bench.offload();
    bench.send(3000);
    bench.runFor(second);
    const frames = bench.frames.filter((frame) => frame.path === 'chimney');
    expect(new Set(frames.map(({ bytes }) => `${bytes[15]} ${bytes[22]}`))).toEqual(new Set(['16 17']));
  });
});
