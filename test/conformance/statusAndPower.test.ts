import { describe, expect, it } from 'vitest';
import type { Call } from '../../shared/analysis/callIndex';
import { constantValue } from '../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { recordScenario } from '../harness/recordScenario';
import {
  argumentOf,
  callersOf,
  callsOf,
  listsOf,
  membersOf,
  recordOf,
  returnOf,
} from '../harness/traceQueries';

const scenarioNames = ['upload-all', 'link-loss', 'power-down'] as const;
const runs = new Map(scenarioNames.map((name) => [name, recordScenario(name)]));

function modelOf(name: (typeof scenarioNames)[number]) {
  return runs.get(name)!.model;
}

type Model = ReturnType<typeof modelOf>;

function statusOf(model: Model, call: Call): number {
  return argumentOf(recordOf(model, call), 'status').value;
}

function indicationOf(model: Model, code: number): Call {
  return callsOf(model, 'NdisMIndicateStatusEx').find((call) => statusOf(model, call) === code)!;
}

/** OID requests at the miniport. */
function oidCalls(model: Model, name: 'NdisOidRequest' | 'MiniportOidRequest', oid: number): Call[] {
  return callsOf(model, name).filter((call) =>
    recordOf(model, call).arguments.some(
      (argument) => argument.kind === 'number' && argument.name === 'Oid' && argument.value === oid,
    ),
  );
}

describe.each(scenarioNames)('what an adapter event leads to in scenario %s', (name) => {
  const model = modelOf(name);

  it('PWR-014: every indication is relayed with the same code to ProtocolStatusEx', () => {
    const below = callsOf(model, 'NdisMIndicateStatusEx');
    const above = callsOf(model, 'ProtocolStatusEx');
    expect(above.map((call) => statusOf(model, call))).toEqual(below.map((call) => statusOf(model, call)));
    expect(above.map((call) => callersOf(model, call)[0])).toEqual(below.map(() => 'NdisMIndicateStatusEx'));
  });

  it('PWR-001: the code stands in StatusCode of NDIS_STATUS_INDICATION', () => {
    for (const call of callsOf(model, 'NdisMIndicateStatusEx')) {
      const { structure, bytes } = argumentOf(recordOf(model, call), 'structure');
      expect(structure).toBe('NDIS_STATUS_INDICATION');
      const members = membersOf(structure, bytes);
      expect(members['Header']).toEqual({ Type: 0x98, Revision: 1, Size: 112 });
      expect(members['StatusCode']).toBe(statusOf(model, call));
    }
  });

  it('PWR-007 PWR-008: neighbor, path and connection come back, and go to the target a second time', () => {
    for (const object of [0, 1, 2]) {
      const stay = ['offloading', 'target', 'uploading', 'host'];
      expect(model.states.ownershipSpans(object).map((span) => span.owner)).toEqual([
        'host',
        ...stay,
        ...stay,
      ]);
    }
  });

  it('CAP-010: the miniport never sees a capability query', () => {
    for (const oid of [
      'OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG',
      'OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES',
    ] as const) {
      expect(oidCalls(model, 'MiniportOidRequest', constantValue(oid))).toEqual([]);
    }
  });

  it('every pended request is completed exactly once', () => {
    for (const [pended, complete] of [
      ['MiniportOidRequest', 'NdisMOidRequestComplete'],
      ['ProtocolNetPnPEvent', 'NdisCompleteNetPnPEvent'],
    ] as const) {
      const open = callsOf(model, pended).filter((call) => call.status === NDIS_STATUS.PENDING);
      expect(callsOf(model, complete).flatMap((call) => call.completes)).toEqual(
        open.map((call) => call.event),
      );
    }
  });
});

describe('upload-all', () => {
  const model = modelOf('upload-all');
  const uploadAll = indicationOf(model, NDIS_STATUS.UPLOAD_ALL);
  const resume = indicationOf(model, NDIS_STATUS.OFFLOAD_RESUME);
  const initiates = callsOf(model, 'NdisInitiateOffload');

  it('PWR-007: nothing is offloaded between UPLOAD_ALL and OFFLOAD_RESUME', () => {
    expect(initiates.map((call) => call.start < uploadAll.start)).toEqual([true, false]);
    expect(initiates[1]!.event).toBeGreaterThan(resume.returnEvent!);
  });

  it('PWR-009: the target resumes after the terminations have been completed', () => {
    expect(callsOf(model, 'NdisMTerminateOffloadComplete')[0]!.end).toBeLessThan(resume.start);
  });

  it('PWR-010: the host stack reads the capabilities between OFFLOAD_RESUME and the next initiate', () => {
    const oid = constantValue('OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG');
    const queries = oidCalls(model, 'NdisOidRequest', oid);
    expect(queries).toHaveLength(1);
    expect(queries[0]!.event).toBeGreaterThan(resume.event);
    expect(queries[0]!.returnEvent).toBeLessThan(initiates[1]!.event);
  });

  it('CAP-011: the encapsulation of the current configuration is not empty', () => {
    const oid = constantValue('OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG');
    const [output] = returnOf(model, oidCalls(model, 'NdisOidRequest', oid)[0]!).outputs;
    if (output?.kind !== 'structure') throw new Error('the query answered no structure');
    expect(membersOf(output.structure, output.bytes)['Encapsulation']).toBe(
      constantValue('NDIS_ENCAPSULATION_IEEE_802_3'),
    );
  });

  it('PWR-011: OFFLOAD_RESUME carries NDIS_TCP_CONNECTION_OFFLOAD of the size that it states', () => {
    const structures = recordOf(model, resume).arguments.filter((argument) => argument.kind === 'structure');
    const [indication, buffer] = structures;
    expect(buffer?.structure).toBe('NDIS_TCP_CONNECTION_OFFLOAD');
    expect(membersOf('NDIS_STATUS_INDICATION', indication!.bytes)['StatusBufferSize']).toBe(20);
    expect(membersOf('NDIS_TCP_CONNECTION_OFFLOAD', buffer!.bytes)).toMatchObject({
      Header: { Type: 0x80, Revision: 1, Size: 20 },
      TcpConnectionOffloadCapacity: 1024,
    });
  });

  it('RCV-027: receives that are still posted come back with UPLOAD_IN_PROGRESS', () => {
    const terminated = callsOf(model, 'NdisMTerminateOffloadComplete')[0]!;
    const statuses = callsOf(model, 'NdisTcpOffloadReceiveComplete')
      .filter((call) => call.start > uploadAll.start && call.start < terminated.start)
      .flatMap((call) => listsOf(model, call).map((list) => list.status));
    expect(statuses).toContain(NDIS_STATUS.UPLOAD_IN_PROGRESS);
  });

  describe('statistics of the target against the frames on the wire', () => {
    const query = (name: 'OID_IP4_OFFLOAD_STATS' | 'OID_TCP4_OFFLOAD_STATS') => {
      const call = oidCalls(model, 'NdisOidRequest', constantValue(name))[0]!;
      const output = returnOf(model, call).outputs.find((candidate) => candidate.kind === 'structure')!;
      return { at: call.start, members: membersOf(output.structure, output.bytes) };
    };
    const ip = query('OID_IP4_OFFLOAD_STATS');
    const tcp = query('OID_TCP4_OFFLOAD_STATS');
    const chimney = model.frames.frames.filter((frame) => frame.path === 'chimney' && frame.sent < ip.at);
    const indicated = callsOf(model, 'NdisMIndicateReceiveNetBufferLists').filter(
      (call) => call.start < ip.at,
    );
    const received = model.frames.frames.filter(
      (frame) => frame.path === 'peer' && frame.fate === 'delivered' && frame.fateTime! < ip.at,
    );

    it('STT-011: OutRequests counts the frames that left, OutOctets their bytes without the Ethernet header', () => {
      expect(ip.members['OutRequests']).toBe(BigInt(chimney.length));
      const octets = chimney.reduce((sum, frame) => sum + frame.length - 14, 0);
      expect(ip.members['OutOctets']).toBe(BigInt(octets));
    });

    it('STT-009 STT-010: what the target took is everything that it did not pass up', () => {
      expect(ip.members['InReceives']).toBe(BigInt(received.length - indicated.length));
      expect(ip.members['InDelivers']).toBe(ip.members['InReceives']);
    });

    it('STT-019: forwarded segments count for TCP too', () => {
      const forwarded = callsOf(model, 'NdisTcpOffloadForwardComplete')
        .filter((call) => call.start < tcp.at)
        .flatMap((call) => listsOf(model, call))
        .filter((list) => list.status === NDIS_STATUS.SUCCESS).length;
      expect(tcp.members['InSegments']).toBe((ip.members['InReceives'] as bigint) + BigInt(forwarded));
    });

    it('STT-022: nothing is established while everything is with the host', () => {
      expect(tcp.members['CurrentlyEstablished']).toBe(0);
    });
  });
});

describe('link-loss', () => {
  const model = modelOf('link-loss');
  const connected = callsOf(model, 'NdisInitiateOffload')[0]!.start;
  const indicated = callsOf(model, 'NdisMIndicateStatusEx').filter((call) => call.start > connected);
  const [down, up] = indicated;

  it('NDIS_LINK_STATE tells that the link is down, and later that it is up', () => {
    const states = [down!, up!].map((call) => {
      const buffer = recordOf(model, call).arguments.filter((argument) => argument.kind === 'structure')[1]!;
      expect(buffer.structure).toBe('NDIS_LINK_STATE');
      return membersOf('NDIS_LINK_STATE', buffer.bytes)['MediaConnectState'];
    });
    expect(states).toEqual([
      constantValue('MediaConnectStateDisconnected'),
      constantValue('MediaConnectStateConnected'),
    ]);
  });

  it('PWR-013: the target leaves the upload to the host stack', () => {
    expect(indicated).toHaveLength(2);
    const asked = callsOf(model, 'NdisTcpOffloadEventHandler').filter((call) => call.start < up!.start);
    expect(asked).toEqual([]);
  });

  it('nothing is offloaded while the link is down', () => {
    const during = callsOf(model, 'NdisInitiateOffload').filter(
      (call) => call.start > down!.start && call.start < up!.start,
    );
    expect(during).toEqual([]);
  });

  it('no frame arrives while the link is down', () => {
    const arrived = model.frames.frames.filter(
      (frame) => frame.fate === 'delivered' && frame.fateTime! > down!.start && frame.fateTime! < up!.start,
    );
    expect(arrived).toEqual([]);
  });
});

describe('power-down', () => {
  const model = modelOf('power-down');
  const sets = oidCalls(model, 'MiniportOidRequest', constantValue('OID_PNP_SET_POWER'));
  const [sleeps, wakes] = sets;
  const completed = callsOf(model, 'NdisMOidRequestComplete')[0]!;
  const events = callsOf(model, 'ProtocolNetPnPEvent');

  it('NetEventSetPower comes before the adapter sleeps and after it is awake', () => {
    expect(sets).toHaveLength(2);
    expect(events).toHaveLength(2);
    expect(events[0]!.returnEvent).toBeLessThan(sleeps!.event);
    expect(events[1]!.event).toBeGreaterThan(wakes!.returnEvent!);
  });

  it('PWR-016: the terminations have been issued when the adapter hears of the sleep', () => {
    const owners = [0, 1, 2].map((object) => model.states.objectAt(object, sleeps!.event)?.owner);
    expect(owners).toEqual(['uploading', 'uploading', 'uploading']);
  });

  it('PWR-017 PWR-018: the sleep is pended and completed with SUCCESS after the terminations', () => {
    expect(sleeps!.status).toBe(NDIS_STATUS.PENDING);
    expect(statusOf(model, completed)).toBe(NDIS_STATUS.SUCCESS);
    expect(completed.start).toBeGreaterThan(callsOf(model, 'NdisMTerminateOffloadComplete')[0]!.end!);
  });

  it('PWR-019: nothing is offloaded below full power', () => {
    const during = callsOf(model, 'NdisInitiateOffload').filter(
      (call) => call.start > completed.start && call.start < wakes!.end!,
    );
    expect(during).toEqual([]);
  });

  it('NDIS gives packets back with LOW_POWER_STATE while the adapter sleeps', () => {
    const asleep = (call: Call): boolean => call.start > completed.end! && call.start < wakes!.start;
    expect(callsOf(model, 'MiniportSendNetBufferLists').filter(asleep)).toEqual([]);
    const refused = callsOf(model, 'ProtocolSendNetBufferListsComplete').filter(asleep);
    expect(refused.length).toBeGreaterThan(0);
    for (const call of refused) {
      for (const list of listsOf(model, call)) expect(list.status).toBe(NDIS_STATUS.LOW_POWER_STATE);
    }
  });
});
