import { describe, expect, it } from 'vitest';
import { constantValue, structureLayout } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { decodeStructure, encodeStructure } from '../../../../shared/ddi/structureCodec';
import {
  connectionOffloadSize,
  readConnectionOffload,
  writeConnectionOffload,
} from '../../../../electron/emulator/ndis/connectionOffload';
import { answerOidQuery } from '../../../../electron/emulator/ndis/oidBuffers';
import { chimneyOids } from '../../../../electron/emulator/ndis/oidRequests';
import { BareTeam, type BareTeamChoices } from '../../../harness/bareTeam';

const query = 'NdisRequestQueryInformation';
const set = 'NdisRequestSetInformation';
const taskOffload = constantValue('OID_TCP_TASK_OFFLOAD');
const { OFFLOAD_PAUSE, OFFLOAD_RESUME, UPLOAD_ALL, LINK_STATE, MEDIA_DISCONNECT, MEDIA_CONNECT } =
  NDIS_STATUS;
const { SUCCESS, FAILURE, NOT_SUPPORTED } = NDIS_STATUS;

/** Capacity that the team reports; undefined if the query fails. */
function capacityOf(team: BareTeam, hardware = false): number | undefined {
  const buffer = new Uint8Array(connectionOffloadSize);
  const oid = hardware
    ? chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES
    : chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG;
  if (team.oid(query, oid, buffer) !== SUCCESS) return undefined;
  return readConnectionOffload(buffer)?.TcpConnectionOffloadCapacity;
}

function offers(capacity: number): Uint8Array {
  return writeConnectionOffload({
    SupportIPv4: true,
    SupportIPv6: false,
    TcpConnectionOffloadCapacity: capacity,
  });
}

/** Requests for an OID that a miniport has got. */
function oidsOf(team: BareTeam, miniport: number, oid: number): string[] {
  return team.miniports[miniport]!.oids.filter((one) => one.oid === oid).map(({ type }) => type);
}

describe('capabilities', () => {
  it('CAP-008: a team for failover can take what one member can', () => {
    const team = new BareTeam({ capacities: [1000, 500] });
    expect([capacityOf(team), capacityOf(team, true)]).toEqual([1000, 1000]);
  });

  it('CAP-008: a team that balances its load can take what all members can together', () => {
    const team = new BareTeam({ settings: { mode: 'load-balancing' } });
    expect([capacityOf(team), capacityOf(team, true)]).toEqual([1500, 1500]);
  });

  it('CAP-008: a member without chimney adds nothing', () => {
    const team = new BareTeam({ settings: { mode: 'load-balancing' }, capacities: [undefined, 500] });
    expect(capacityOf(team)).toBe(500);
  });

  it('without any member that has chimney the query is not supported', () => {
    expect(capacityOf(new BareTeam({ capacities: [undefined, undefined] }))).toBeUndefined();
  });

  it('CAP-015 PWR-011: another member’s capacity is told by a pause and a resume', () => {
    const team = new BareTeam({ capacities: [1000, 500] });
    team.indicate(0, MEDIA_DISCONNECT);
    expect(team.statuses).toEqual([OFFLOAD_PAUSE, OFFLOAD_RESUME]);
    expect(capacityOf(team)).toBe(500);
  });

  it('CAP-015: the sum without a member, and with it again, is told by a pause and a resume', () => {
    const team = new BareTeam({ settings: { mode: 'load-balancing' } });
    team.indicate(1, MEDIA_DISCONNECT);
    expect(capacityOf(team)).toBe(1000);
    team.indicate(1, MEDIA_CONNECT);
    expect(capacityOf(team)).toBe(1500);
    expect(team.statuses).toEqual([OFFLOAD_PAUSE, OFFLOAD_RESUME, OFFLOAD_PAUSE, OFFLOAD_RESUME]);
  });
});

describe('what members indicate', () => {
  const balanced: BareTeamChoices = { settings: { mode: 'load-balancing' } };

  it('PWR-002: the pause of a member is the team’s until that member resumes', () => {
    const team = new BareTeam(balanced);
    team.indicate(1, OFFLOAD_PAUSE);
    team.indicate(0, OFFLOAD_PAUSE);
    team.indicate(1, OFFLOAD_RESUME, offers(500));
    expect(team.statuses).toEqual([OFFLOAD_PAUSE]);
    team.indicate(0, OFFLOAD_RESUME, offers(900));
    expect(team.statuses).toEqual([OFFLOAD_PAUSE, OFFLOAD_RESUME]);
    expect(capacityOf(team)).toBe(1400);
  });

  it('a member that stands by concerns nobody', () => {
    const team = new BareTeam();
    for (const code of [OFFLOAD_PAUSE, UPLOAD_ALL]) team.indicate(1, code);
    team.indicate(1, MEDIA_DISCONNECT);
    team.indicate(1, MEDIA_CONNECT);
    team.indicate(1, OFFLOAD_RESUME, offers(5));
    expect(team.statuses).toEqual([]);
  });

  it('PWR-007 PWR-009: UPLOAD_ALL goes up at once, RESUME when every termination is complete', () => {
    const team = new BareTeam(balanced);
    const { neighbor, path, tcp } = team.offload();
    team.indicate(0, UPLOAD_ALL);
    team.indicate(0, OFFLOAD_RESUME, offers(1000));
    expect(team.statuses).toEqual([UPLOAD_ALL]);
    const named = team.naming(path, 'path', [team.naming(tcp, 'tcp')]);
    team.request('Terminate', team.naming(neighbor, 'neighbor', [named]));
    expect(team.statuses).toEqual([UPLOAD_ALL]);
    team.complete(0);
    expect(team.statuses).toEqual([UPLOAD_ALL, OFFLOAD_RESUME]);
  });

  it('PWR-008: what is offloaded to a member that drops out is asked back', () => {
    const team = new BareTeam({ capacities: [1000, 1000] });
    team.offload();
    team.indicate(0, MEDIA_DISCONNECT);
    expect(team.statuses).toEqual([UPLOAD_ALL]);
  });

  it('PWR-008: what is being offered to a member that drops out is asked back', () => {
    const team = new BareTeam({ capacities: [1000, 1000] });
    team.request('Initiate', team.tree().neighbor);
    team.indicate(0, MEDIA_DISCONNECT);
    expect(team.statuses).toEqual([UPLOAD_ALL]);
  });

  it('a neighbor that falls to another member is asked back', () => {
    const team = new BareTeam(balanced);
    team.indicate(1, MEDIA_DISCONNECT);
    const { neighbor } = team.tree(1);
    team.request('Initiate', neighbor);
    team.complete(0);
    team.indicate(1, MEDIA_CONNECT);
    expect(team.statuses).toEqual([OFFLOAD_PAUSE, OFFLOAD_RESUME, UPLOAD_ALL]);
  });

  it('a neighbor that stays with its member is not asked back', () => {
    const team = new BareTeam(balanced);
    team.indicate(1, MEDIA_DISCONNECT);
    team.offload();
    team.indicate(1, MEDIA_CONNECT);
    expect(team.statuses).not.toContain(UPLOAD_ALL);
  });

  it('PWR-013: the link of the team is down while no member has one', () => {
    const team = new BareTeam({ capacities: [1000, 1000] });
    team.indicate(0, MEDIA_DISCONNECT);
    expect(team.statuses).toEqual([]);
    team.indicate(1, MEDIA_DISCONNECT);
    expect(team.statuses).toEqual([LINK_STATE]);
    team.indicate(1, MEDIA_CONNECT);
    expect(team.statuses).toEqual([LINK_STATE, LINK_STATE]);
    team.indicate(0, MEDIA_CONNECT);
    expect(team.statuses).toEqual([LINK_STATE, LINK_STATE]);
  });

  it('PWR-012: changed hardware capabilities are told as the team’s', () => {
    const team = new BareTeam(balanced);
    team.indicate(1, NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES, offers(700));
    expect(capacityOf(team, true)).toBe(1700);
    expect(capacityOf(team)).toBe(1500);
  });

  it('PWR-014: what does not concern the team is relayed', () => {
    const team = new BareTeam();
    team.indicate(1, NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG);
    expect(team.statuses).toEqual([NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG]);
  });
});

describe('OID requests', () => {
  it('IMD-003: a query of OID_TCP_TASK_OFFLOAD goes down, and the answer up', () => {
    const team = new BareTeam({
      oid: (_miniport, request) => answerOidQuery(request, Uint8Array.of(9, 8, 7, 6)),
    });
    const buffer = new Uint8Array(4);
    expect(team.oid(query, taskOffload, buffer)).toBe(SUCCESS);
    expect([...buffer]).toEqual([9, 8, 7, 6]);
    expect(oidsOf(team, 0, taskOffload)).toEqual([query]);
  });

  it('IMD-004: who permits no offload answers NOT_SUPPORTED and passes nothing down', () => {
    const team = new BareTeam({ settings: { chimney: false } });
    expect(team.oid(query, taskOffload)).toBe(NOT_SUPPORTED);
    expect([oidsOf(team, 0, taskOffload), oidsOf(team, 1, taskOffload)]).toEqual([[], []]);
  });

  it.each([true, false])(
    'IMD-005: a set of OID_TCP_TASK_OFFLOAD always goes down (chimney %s)',
    (chimney) => {
      const team = new BareTeam({ settings: { chimney } });
      expect(team.oid(set, taskOffload)).toBe(SUCCESS);
      expect([oidsOf(team, 0, taskOffload), oidsOf(team, 1, taskOffload)]).toEqual([[set], [set]]);
    },
  );

  it('CAP-017: connection parameters are set on every member that has chimney', () => {
    const oid = chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS;
    const team = new BareTeam({ capacities: [1000, undefined, 300] });
    expect(team.oid(set, oid)).toBe(SUCCESS);
    expect([0, 1, 2].map((index) => oidsOf(team, index, oid))).toEqual([[set], [], [set]]);
  });

  it('a set that one member fails has failed', () => {
    const team = new BareTeam({ oid: (miniport) => (miniport === 1 ? FAILURE : SUCCESS) });
    expect(team.oid(set, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS)).toBe(FAILURE);
  });

  it('STT-009 STT-017: counters are the sums of the members’, each of its own width', () => {
    const wide = 2n ** 40n;
    const team = new BareTeam({
      oid: (miniport, request) =>
        answerOidQuery(
          request,
          encodeStructure('TCP_OFFLOAD_STATS', {
            InSegments: miniport === 0 ? wide : 5n,
            RetransmittedSegments: miniport === 0 ? 0xffff_ffff : 3,
            CurrentlyEstablished: 2,
          }),
        ),
    });
    const buffer = new Uint8Array(structureLayout('TCP_OFFLOAD_STATS').size);
    expect(team.oid(query, chimneyOids.OID_TCP4_OFFLOAD_STATS, buffer)).toBe(SUCCESS);
    const decoded = decodeStructure('TCP_OFFLOAD_STATS', buffer);
    expect(decoded.ok && decoded.value.values).toMatchObject({
      InSegments: wide + 5n,
      RetransmittedSegments: 2,
      CurrentlyEstablished: 4,
    });
  });

  it('STT-008: a set of counters resets those of all members', () => {
    const team = new BareTeam();
    team.oid(set, chimneyOids.OID_IP4_OFFLOAD_STATS);
    expect([0, 1].map((index) => oidsOf(team, index, chimneyOids.OID_IP4_OFFLOAD_STATS))).toEqual([
      [set],
      [set],
    ]);
  });
});

describe('an intermediate driver without chimney functions', () => {
  const barred = { settings: { chimney: false } } as const;

  it('IMD-002: the query of capabilities is not supported', () => {
    const team = new BareTeam(barred);
    expect([capacityOf(team), capacityOf(team, true)]).toEqual([undefined, undefined]);
    expect(team.oid(set, chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS)).toBe(NOT_SUPPORTED);
  });

  it('IMD-002: an initiate is completed with failure and reaches no miniport', () => {
    const team = new BareTeam(barred);
    const { neighbor, path, tcp } = team.tree();
    const root = team.naming(undefined, 'neighbor', []);
    team.request('Initiate', neighbor, root);
    expect(team.heard).toEqual([{ what: 'Initiate', root: neighbor }]);
    expect([neighbor, path, tcp, root].map(({ Status }) => Status)).toEqual([
      FAILURE,
      FAILURE,
      FAILURE,
      SUCCESS,
    ]);
    expect(team.miniports.flatMap(({ received }) => received)).toEqual([]);
  });

  it('IMD-001 REG-008: without memory for the functions of both edges the driver does not load', () => {
    // Both bare miniports take two structures each; two are left for the miniport edge, none for the protocol edge.
    const team = new BareTeam({ optionalHandlersCapacity: 6 });
    expect(team.loaded).toBe(NDIS_STATUS.RESOURCES);
  });
});
