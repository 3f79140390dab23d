import { describe, expect, it } from 'vitest';
import { constantValue, structureLayout, type StructureName } from '../../shared/ddi/catalogue';
import { pointerOf } from '../../shared/base/address';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { DISPATCH_LEVEL } from '../../electron/emulator/machine/machine';
import { defaultHostSettings } from '../../electron/emulator/host/hostSettings';
import { readArpFrame } from '../../electron/emulator/wire/arp';
import { tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import { OffloadBench, type SeenCall } from '../harness/offloadBench';
import { blockMember, membersOf } from '../harness/traceQueries';
import { attachedStates } from '../harness/attachedStates';

const second = 1e9;

/** An offloaded connection that has been idle for a while; both sides' confirmations have that age. */
function idle(seconds: number): OffloadBench {
  const bench = new OffloadBench();
  bench.offload();
  bench.runFor(seconds * second);
  return bench;
}

/** The one block of an indication. */
function blockOf(call: SeenCall) {
  const argument = call.arguments.find((one) => one.kind === 'block-list');
  if (argument?.kind !== 'block-list') throw new Error('no block list');
  expect(argument.blocks).toHaveLength(1);
  return { form: argument.form, block: argument.blocks[0]! };
}

/** A member of a structure attached to an indication. */
function attached(call: SeenCall, structure: StructureName, member: string): unknown {
  const state = attachedStates(blockOf(call).block).find((one) => one.structure === structure)!;
  return membersOf(state.structure, state.bytes)[member];
}

const indicate = 'NdisMOffloadEventIndicate';

describe('NeighborReachabilityQuery', () => {
  it('RCH-009: none while the target has seen the neighbor answer', () => {
    const bench = new OffloadBench();
    bench.offload();
    for (let round = 0; round < 3; round++) {
      bench.runFor(20 * second);
      bench.send(1000);
    }
    bench.runFor(second);
    expect(bench.callsOf(indicate)).toEqual([]);
    expect(bench.returned).toBe(3000);
  });

  it('RCH-008 RCH-010 RCH-011: asked at DISPATCH_LEVEL before the first datagram after NceStaleTicks', () => {
    const bench = idle(31);
    expect(bench.callsOf(indicate)).toEqual([]);
    const frames = bench.frames.length;
    bench.send(1000);
    const [call, ...others] = bench.callsOf(indicate);
    expect(others).toEqual([]);
    expect(call!.irql).toBe(DISPATCH_LEVEL);
    const code = call!.arguments.find((argument) => argument.name === 'IndicationCode');
    expect(code).toMatchObject({ value: constantValue('NeighborReachabilityQuery') });
    bench.runFor(second);
    expect(call!.time).toBeLessThanOrEqual(bench.frames[frames]!.time);
  });

  it('RCH-012 RCH-013: one complete neighbor block with const, cached and delegated state behind it', () => {
    const bench = idle(31);
    bench.send(1000);
    const { form, block } = blockOf(bench.callsOf(indicate)[0]!);
    const member = (name: string) => blockMember(form, block, name);
    expect(form).toBe('miniport');
    expect(membersOf('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', block.bytes)['Header']).toEqual({
      Type: constantValue('NeighborOffloadState'),
      Revision: 1,
      Size: structureLayout('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST').size,
    });
    expect(member('Status')).toBe(NDIS_STATUS.SUCCESS);
    expect(Number(member('NextBlock'))).toBe(0);
    expect(Number(member('DependentBlockList'))).toBe(0);
    expect(attachedStates(block).map((state) => state.structure)).toEqual([
      'NEIGHBOR_OFFLOAD_STATE_CONST',
      'NEIGHBOR_OFFLOAD_STATE_CACHED',
      'NEIGHBOR_OFFLOAD_STATE_DELEGATED',
    ]);
  });

  it('RCH-014: the block names the offloaded neighbor by its NDIS_OFFLOAD_HANDLE', () => {
    const bench = idle(31);
    bench.send(1000);
    const { form, block } = blockOf(bench.callsOf(indicate)[0]!);
    const { neighbor } = bench.connection.path;
    expect(blockMember(form, block, 'NdisOffloadHandle')).toBe(pointerOf(neighbor.handle.address));
  });

  it('RCH-015: the query shows the ages that hold now', () => {
    const bench = idle(31);
    const host = bench.host.reachabilityDelta(bench.connection.path.neighbor);
    bench.send(1000);
    const [call] = bench.callsOf(indicate);
    const cached = attached(call!, 'NEIGHBOR_OFFLOAD_STATE_CACHED', 'HostReachabilityDelta') as number;
    const delegated = attached(call!, 'NEIGHBOR_OFFLOAD_STATE_DELEGATED', 'NicReachabilityDelta') as number;
    expect(Math.abs(cached - host)).toBeLessThanOrEqual(1);
    expect(delegated).toBe(cached);
  });

  it('RCH-017 RCH-019: a stale entry answers zero, and the target stays silent for NceStaleTicks', () => {
    const bench = idle(31);
    bench.peerHears = 'nothing';
    bench.send(1000);
    const { reachability } = bench.offloaded.path.neighbor;
    expect(reachability.HostReachabilityDelta).toBe(0);
    bench.runFor(4 * second);
    expect(bench.callsOf(indicate)).toHaveLength(1);
  });

  it('RCH-017 RCH-018: a reachable entry answers its age, and the target asks again when that has grown stale', () => {
    const bench = idle(31);
    const { neighbor } = bench.connection.path;
    neighbor.confirmedAt = bench.machine.now - 10 * second;
    bench.peerHears = 'nothing';
    const asked = bench.machine.now;
    bench.send(1000);
    const { reachability } = bench.offloaded.path.neighbor;
    expect(reachability.HostReachabilityDelta).toBe(10_000);
    bench.runFor(40 * second);
    const [, again] = bench.callsOf(indicate);
    expect((again!.time - asked) / second).toBeGreaterThan(20);
  });
});

describe('a stale neighbor that the host stack was asked about', () => {
  it('RCH-020 RCH-021: the host queries NicReachabilityDelta, sees progress and leaves it at that', () => {
    const bench = idle(31);
    bench.send(1000);
    const asked = bench.machine.now;
    bench.runFor(20 * second);
    const queries = bench.callsOf('MiniportQueryOffload');
    expect(queries.map((call) => Math.round((call.time - asked) / second))).toEqual([5]);
    expect(bench.callsOf('MiniportInvalidateOffload')).toEqual([]);
    expect(bench.host.reachabilityDelta(bench.connection.path.neighbor)).toBeLessThan(30_000);
    expect(bench.connection.place).toBe('Offloaded');
  });

  it('RCH-022: without progress the host probes by unicast, and an answer ends the exchange', () => {
    const bench = idle(31);
    // The neighbor answers ARP, but no segment gets any further.
    bench.peerHears = 'arp';
    const frames = bench.frames.length;
    bench.send(1000);
    bench.runFor(20 * second);
    const probes = bench.frames
      .slice(frames)
      .filter(
        (frame) => frame.path === 'host' && readArpFrame(frame.bytes, frame.bytes.length) !== undefined,
      );
    expect(probes).toHaveLength(1);
    expect([...probes[0]!.bytes.subarray(0, 6)]).toEqual([...bench.peer.mac]);
    expect(bench.callsOf('MiniportInvalidateOffload')).toEqual([]);
    expect(bench.connection.place).toBe('Offloaded');
  });

  it('RCH-022 INV-001: silence makes the host invalidate the neighbor, and the connection comes back', () => {
    const bench = idle(31);
    bench.peerHears = 'nothing';
    const from = bench.calls.length;
    bench.send(1000);
    bench.runFor(10 * second);
    const names = bench.namesSince(from);
    expect(names.filter((name) => name === 'MiniportInvalidateOffload')).toHaveLength(1);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.connection.path.neighbor.record.place).toBe('InHost');
  });

  it('RFC 1122 section 2.3.2: the host path resolves the neighbor anew, and no byte is lost', () => {
    const bench = idle(31);
    bench.peerHears = 'nothing';
    bench.send(1000);
    bench.runFor(20 * second);
    bench.peerHears = 'everything';
    bench.runFor(60 * second);
    expect(bench.returned).toBe(1000);
    expect(bench.connection.place).toBe('InHost');
  });
});

describe('reachability that is handed over', () => {
  it('RCH-001: both deltas of a new neighbor are the age of the host’s confirmation', () => {
    const bench = new OffloadBench();
    bench.runFor(12 * second);
    bench.offload();
    const [call] = bench.callsOf('NdisInitiateOffload');
    const argument = call!.arguments.find((one) => one.kind === 'block-list');
    if (argument?.kind !== 'block-list') throw new Error('no block list');
    const values = attachedStates(argument.blocks[0]!).map((state) =>
      membersOf(state.structure, state.bytes),
    );
    expect(values[1]!.HostReachabilityDelta).toBe(values[2]!.NicReachabilityDelta);
    expect(values[1]!.HostReachabilityDelta).toBeGreaterThanOrEqual(11_999);
  });

  it('RCH-004: the target goes on from the age that it was given', () => {
    const bench = new OffloadBench();
    bench.runFor(12 * second);
    bench.offload();
    bench.runFor(3 * second);
    const { NicReachabilityDelta } = bench.offloaded.path.neighbor.reachability;
    expect(NicReachabilityDelta).toBeGreaterThanOrEqual(15_000);
    expect(NicReachabilityDelta).toBeLessThan(15_010);
  });

  it('RCH-006: a segment outside the window and a RST prove nothing', () => {
    const bench = idle(10);
    const before = bench.offloaded.path.neighbor.reachability;
    bench.inject({ flags: tcpFlags.ACK | tcpFlags.PSH, offset: -10, payload: new Uint8Array(5) });
    bench.inject({ flags: tcpFlags.RST, offset: -1 });
    expect(before.NicReachabilityDelta).toBeGreaterThanOrEqual(10_000);
  });

  it('RCH-008: NceStaleTicks is what the host stack has set', () => {
    const parameters = { ...defaultHostSettings.parameters, NceStaleTicks: 2000 };
    const bench = new OffloadBench({ host: { parameters } });
    bench.offload();
    bench.runFor(2.1 * second);
    bench.send(1000);
    expect(bench.callsOf(indicate)).toHaveLength(1);
  });
});

describe('the host stack in DELAY', () => {
  it('RCH-023: asks the target before it sends a datagram itself on the path', () => {
    const bench = idle(31);
    bench.send(1000);
    const from = bench.calls.length;
    bench.passively(() => {
      bench.host.connect(bench.connection.remoteAddress, 7, {
        onConnected: () => undefined,
        onData: () => undefined,
        onPeerClosed: () => undefined,
        onClosed: () => undefined,
      });
    });
    const names = bench.namesSince(from);
    const query = names.indexOf('NdisQueryOffloadState');
    expect(query).toBeGreaterThanOrEqual(0);
    expect(query).toBeLessThan(names.indexOf('NdisSendNetBufferLists'));
  });
});

describe('NeighborReachabilityInDoubt', () => {
  const inDoubt = constantValue('NeighborReachabilityInDoubt');
  const codesOf = (bench: OffloadBench): unknown[] =>
    bench.callsOf(indicate).map((call) => {
      const code = call.arguments.find((argument) => argument.name === 'IndicationCode');
      return code?.kind === 'number' ? code.value : undefined;
    });

  function withRetransmissions(
    TcpDoubtReachabilityRetransmissions: number,
    indicatesDoubt = true,
  ): OffloadBench {
    const parameters = { ...defaultHostSettings.parameters, TcpDoubtReachabilityRetransmissions };
    const bench = new OffloadBench({ host: { parameters }, target: { indicatesDoubt } });
    bench.offload();
    bench.peerHears = 'nothing';
    bench.send(1000);
    bench.runFor(4 * second);
    return bench;
  }

  it('TMR-016 RCH-011: indicated once, when a segment has been retransmitted so often', () => {
    expect(codesOf(withRetransmissions(2))).toEqual([inDoubt]);
  });

  it('TMR-016 A128: a target that does not indicate it asks for the upload, once', () => {
    const bench = withRetransmissions(2, false);
    expect(codesOf(bench)).toEqual([]);
    const reasons = bench.callsOf('NdisTcpOffloadEventHandler').map(({ arguments: given }) => {
      const reason = given.find(({ name }) => name === 'EventSpecificInformation');
      return reason?.kind === 'number' ? reason.value : undefined;
    });
    expect(reasons).toEqual([constantValue('UploadRequested')]);
    expect(bench.connection.place).toBe('InHost');
  });

  it('TMR-016: never where the host stack does not ask for it', () => {
    expect(codesOf(withRetransmissions(0))).toEqual([]);
  });

  it('A35: the host stack takes the neighbor for stale, asks the target for progress, and probes', () => {
    const bench = withRetransmissions(2);
    bench.runFor(6 * second);
    expect(bench.callsOf('MiniportQueryOffload').length).toBeGreaterThan(0);
    const probes = bench.frames.filter(({ bytes }) => readArpFrame(bytes, bytes.length) !== undefined);
    expect(probes.length).toBeGreaterThan(0);
  });
});
