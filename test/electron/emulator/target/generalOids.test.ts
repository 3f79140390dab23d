import { describe, expect, it } from 'vitest';
import { destinationKind, ReceiveFilter } from '../../../../electron/emulator/target/receiveFilter';
import { readInterfaceStatistics } from '../../../../electron/emulator/ndis/interfaceStatistics';
import {
  interruptModeration,
  writeInterruptModeration,
} from '../../../../electron/emulator/ndis/interruptModeration';
import { writeLinkParameters } from '../../../../electron/emulator/ndis/linkParameters';
import { packetTypes } from '../../../../electron/emulator/ndis/packetFilter';
import { writeReceiveScaleParameters } from '../../../../electron/emulator/ndis/receiveScale';
import { writeUnsignedLong } from '../../../../electron/emulator/ndis/unsignedLong';
import { constantValue, nameInGroup } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { OffloadBench } from '../../../harness/offloadBench';
import { queryOid, setOid, type Requester } from '../../../harness/oidRequest';

function requesterOf({ machine, ndis, host }: OffloadBench): Requester {
  return { machine, ndis, binding: host.binding };
}

const own = [2, 0, 0, 0, 0, 1];
const group = [0x01, 0x00, 0x5e, 0x00, 0x00, 0x01];
const otherGroup = [0x33, 0x33, 0, 0, 0, 1];
const broadcast = [255, 255, 255, 255, 255, 255];
const stranger = [2, 0, 0, 0, 0, 9];

describe('the address filter of the hardware', () => {
  const passing = (packetFilter: number): string[] => {
    const filter = new ReceiveFilter(Uint8Array.from(own));
    filter.packetFilter = packetFilter;
    filter.multicastList = Uint8Array.from(group);
    return Object.entries({ own, group, otherGroup, broadcast, stranger })
      .filter(([, address]) => {
        const frame = Uint8Array.from(address);
        return filter.accepts(frame, destinationKind(frame));
      })
      .map(([name]) => name);
  };

  it.each([
    [0, []],
    [packetTypes.DIRECTED, ['own']],
    [packetTypes.BROADCAST, ['broadcast']],
    [packetTypes.MULTICAST, ['group']],
    [packetTypes.ALL_MULTICAST, ['group', 'otherGroup']],
    [packetTypes.PROMISCUOUS, ['own', 'group', 'otherGroup', 'broadcast', 'stranger']],
  ])('NDIS_PACKET_TYPE bits %i let pass %j', (bits, names) => {
    expect(passing(bits)).toEqual(names);
  });
});

describe('OIDs of an Ethernet adapter in the target', () => {
  it('OID_GEN_CURRENT_PACKET_FILTER: nothing is received while the filter is empty', () => {
    const bench = new OffloadBench();
    const set = (filter: number): void => {
      expect(
        setOid(requesterOf(bench), 'OID_GEN_CURRENT_PACKET_FILTER', writeUnsignedLong(filter)).status,
      ).toBe(NDIS_STATUS.SUCCESS);
    };
    bench.passively(() => {
      set(0);
    });
    bench.send(1000);
    bench.runFor(1e9);
    expect(bench.returned).toBe(0);
    bench.passively(() => {
      set(packetTypes.DIRECTED);
    });
    bench.runFor(10e9);
    expect(bench.returned).toBe(1000);
  });

  it('OID_GEN_CURRENT_PACKET_FILTER: a kind of packet that the hardware can’t filter is NOT_SUPPORTED', () => {
    const { status } = setOid(
      requesterOf(new OffloadBench()),
      'OID_GEN_CURRENT_PACKET_FILTER',
      writeUnsignedLong(0x4000),
    );
    expect(status).toBe(NDIS_STATUS.NOT_SUPPORTED);
  });

  it('OID_GEN_CURRENT_LOOKAHEAD: more than a frame is INVALID_DATA', () => {
    const { status } = setOid(
      requesterOf(new OffloadBench()),
      'OID_GEN_CURRENT_LOOKAHEAD',
      writeUnsignedLong(100_000),
    );
    expect(status).toBe(NDIS_STATUS.INVALID_DATA);
  });

  it('OID_GEN_STATISTICS counts frames of both paths by the kind of their destination', () => {
    const bench = new OffloadBench();
    const read = () =>
      readInterfaceStatistics(
        queryOid(requesterOf(bench), 'OID_GEN_STATISTICS', 152).request.InformationBuffer,
      )!;
    const before = read();
    expect(before.ifHCOutBroadcastPkts).toBe(1);
    bench.offload();
    bench.send(100_000);
    bench.runFor(1e9);
    const after = read();
    expect(after.ifHCOutUcastOctets - before.ifHCOutUcastOctets).toBeGreaterThan(100_000);
    expect(after.ifHCInUcastOctets - before.ifHCInUcastOctets).toBeGreaterThan(100_000);
    expect(after.ifHCOutOctets).toBe(after.ifHCOutUcastOctets + after.ifHCOutBroadcastOctets);
    expect(after.ifOutDiscards).toBe(0);
  });

  it('OID_GEN_INTERRUPT_MODERATION: NotSupported, and a set is INVALID_DATA', () => {
    const bench = new OffloadBench();
    expect(bench.host.adapterFacts.interruptModeration).toBe(interruptModeration.NotSupported);
    const bytes = writeInterruptModeration(interruptModeration.Enabled);
    expect(setOid(requesterOf(bench), 'OID_GEN_INTERRUPT_MODERATION', bytes).status).toBe(
      NDIS_STATUS.INVALID_DATA,
    );
  });

  it.each([
    [1_000_000_000n, 2, NDIS_STATUS.SUCCESS],
    [100_000_000n, 2, NDIS_STATUS.INVALID_DATA],
    [1_000_000_000n, 1, NDIS_STATUS.INVALID_DATA],
  ])('OID_GEN_LINK_PARAMETERS: speed %i and duplex state %i', (speed, MediaDuplexState, expected) => {
    const bytes = writeLinkParameters({ MediaDuplexState, XmitLinkSpeed: speed, RcvLinkSpeed: speed });
    expect(setOid(requesterOf(new OffloadBench()), 'OID_GEN_LINK_PARAMETERS', bytes).status).toBe(expected);
  });

  it('OID_GEN_RECEIVE_SCALE_PARAMETERS: taken where it is whole, INVALID_DATA where its table lies outside', () => {
    const bytes = writeReceiveScaleParameters({
      enabled: true,
      indirectionTable: new Uint8Array(8),
      secretKey: new Uint8Array(40),
    });
    const requester = requesterOf(new OffloadBench());
    expect(setOid(requester, 'OID_GEN_RECEIVE_SCALE_PARAMETERS', bytes).status).toBe(NDIS_STATUS.SUCCESS);
    const cut = setOid(requester, 'OID_GEN_RECEIVE_SCALE_PARAMETERS', bytes.slice(0, 60));
    expect(cut.status).toBe(NDIS_STATUS.INVALID_DATA);
    const shorter = setOid(requester, 'OID_GEN_RECEIVE_SCALE_PARAMETERS', bytes.slice(0, 20));
    expect(shorter).toMatchObject({ status: NDIS_STATUS.BUFFER_TOO_SHORT, request: { bytesNeeded: 28 } });
  });
});

describe('what the host stack does with an adapter that it has opened', () => {
  const bench = new OffloadBench();

  it('learns who the adapter is and what it can do', () => {
    expect(bench.host.adapterFacts).toMatchObject({
      permanentAddress: Uint8Array.from(own),
      currentAddress: Uint8Array.from(own),
      maximumFrameSize: 1500,
      linkUp: true,
      wakeUp: { MinMagicPacketWakeUp: 0, MinPatternWakeUp: 0, MinLinkChangeWakeUp: 0 },
      taskCapabilities: { encapsulation: 0, transmitTcpChecksum: false },
      encapsulationAccepted: true,
      statistics: { ifHCInOctets: 0 },
    });
  });

  it('sets the packet filter last: from then on frames are received', () => {
    const bind = bench.calls.findIndex((call) => call.functionName === 'ProtocolBindAdapterEx');
    const restart = bench.calls.findIndex((call) => call.functionName === 'MiniportRestart');
    const oids = bench.calls
      .slice(bind, restart)
      .filter((call) => call.functionName === 'NdisOidRequest')
      .map(({ arguments: [, , oid] }) =>
        oid?.kind === 'number' ? nameInGroup('OID', oid.value) : undefined,
      );
    expect(oids.at(-1)).toBe('OID_GEN_CURRENT_PACKET_FILTER');
    expect(new Set(oids).size).toBe(oids.length);
  });

  it('CAP-012: the bind parameters carry the connection offload that is on', () => {
    const bind = bench.calls.find((call) => call.functionName === 'ProtocolBindAdapterEx')!;
    const structures = bind.arguments.filter((argument) => argument.kind === 'structure');
    expect(structures.map((argument) => argument.structure)).toEqual([
      'NDIS_BIND_PARAMETERS',
      'NDIS_OFFLOAD',
      'NDIS_TCP_CONNECTION_OFFLOAD',
    ]);
    expect(bench.host.capabilities).toMatchObject({ SupportIPv4: true, TcpConnectionOffloadCapacity: 1024 });
  });

  it('no miniport sees an OID that NDIS answers', () => {
    const below = bench.calls
      .filter((call) => call.functionName === 'MiniportOidRequest')
      .map(({ arguments: [, , oid] }) => (oid?.kind === 'number' ? oid.value : 0));
    expect(below).not.toContain(constantValue('OID_GEN_LINK_STATE'));
    expect(below).not.toContain(constantValue('OID_802_3_CURRENT_ADDRESS'));
  });
});
