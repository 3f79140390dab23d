import { describe, expect, it } from 'vitest';
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import {
  allocateNetBufferList,
  linkChain,
  type NET_BUFFER_LIST,
} from '../../../../electron/emulator/ndis/netBufferList';
import { NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../../../../electron/emulator/ndis/offloadBlockList';
import { BareTeam, type BareTeamChoices } from '../../../harness/bareTeam';

const graceful = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
const abortive = constantValue('TCP_DISCONNECT_ABORTIVE_CLOSE');
const { REQUEST_UPLOAD, UPLOAD_REQUESTED, UPLOAD_IN_PROGRESS, SUCCESS } = NDIS_STATUS;

/** A team with one connection on its first member. */
function offloaded(choices: BareTeamChoices = {}) {
  const team = new BareTeam(choices);
  const { tcp, neighbor } = team.offload();
  const { root } = team.lastRequest(0);
  const handleBelow = root.DependentBlockList!.DependentBlockList!.NdisOffloadHandle!;
  const contextBelow = root.DependentBlockList!.DependentBlockList!.MiniportOffloadContext!.value;
  const list = (bytes = 10): NET_BUFFER_LIST =>
    allocateNetBufferList(team.machine.addresses, [new Uint8Array(bytes)]);
  const [miniport] = team.miniports;
  const received = () => miniport!.received.filter((one) => !('root' in one));
  const heard = () => team.heard.filter((one) => !('root' in one) && one.what !== 'status');
  return { team, tcp, neighbor, root, handleBelow, contextBelow, list, miniport: miniport!, received, heard };
}

const posts = {
  send: ['NdisOffloadTcpSend', 'NdisTcpOffloadSendComplete'],
  receive: ['NdisOffloadTcpReceive', 'NdisTcpOffloadReceiveComplete'],
  forward: ['NdisOffloadTcpForward', 'NdisTcpOffloadForwardComplete'],
} as const;

describe.each(['send', 'receive', 'forward'] as const)('%s', (what) => {
  const [post, complete] = posts[what];

  it('IMD-023: goes down with the same function, the driver’s own handle and the same list', () => {
    const { team, tcp, list, received, contextBelow } = offloaded();
    const posted = list();
    expect(team.ndis.tcp[post](tcp.OffloadHandle!, posted)).toBe(NDIS_STATUS.PENDING);
    expect(received()).toEqual([{ what, context: contextBelow, list: posted, Flags: 0 }]);
    expect(received()[0]).toMatchObject({ list: posted });
  });

  it('IMD-024: its completion goes up with the same function and the same list', () => {
    const { team, tcp, list, miniport, heard } = offloaded();
    const posted = list();
    team.ndis.tcp[post](tcp.OffloadHandle!, posted);
    posted.Status = UPLOAD_IN_PROGRESS;
    miniport.upcalls[complete](miniport.adapter, posted);
    const [completed] = heard();
    expect(completed).toEqual({ what, list: posted });
    expect(posted.Status).toBe(UPLOAD_IN_PROGRESS);
  });
});

describe('disconnect', () => {
  it.each([graceful, abortive])('IMD-023: goes down with Flags %i unchanged', (Flags) => {
    const { team, tcp, list, received } = offloaded();
    const posted = list(0);
    team.ndis.tcp.NdisOffloadTcpDisconnect(tcp.OffloadHandle!, posted, Flags);
    expect(received()).toMatchObject([{ what: 'disconnect', Flags }]);
    expect(received()[0]).toHaveProperty('list', posted);
  });

  it('IMD-024 IMD-027: its completion reaches who asked for it', () => {
    const { team, tcp, list, miniport, heard } = offloaded();
    const posted = list(0);
    team.ndis.tcp.NdisOffloadTcpDisconnect(tcp.OffloadHandle!, posted, graceful);
    miniport.upcalls.NdisTcpOffloadDisconnectComplete(miniport.adapter, posted);
    expect(heard()).toEqual([{ what: 'disconnect', list: posted }]);
  });
});

describe('indications', () => {
  it('IMD-021 IMD-022: an event goes up with the handle of the driver above and the same parameters', () => {
    const { team, tcp, handleBelow, miniport, heard } = offloaded();
    const event = constantValue('TcpIndicateRetrieve');
    miniport.upcalls.NdisTcpOffloadEventHandler(handleBelow, event, 5);
    expect(heard()).toEqual([{ what: 'event', handle: tcp.OffloadHandle, event, information: 5 }]);
    expect(team.heard).toHaveLength(2);
  });

  it('IMD-022: received data goes up in the same list with the same Status, and the answer comes down', () => {
    const { team, tcp, handleBelow, miniport, list, heard } = offloaded();
    const data = list(30);
    team.answer = { status: SUCCESS, BytesConsumed: 30 };
    const answer = miniport.upcalls.NdisTcpOffloadReceiveHandler(handleBelow, data, UPLOAD_IN_PROGRESS);
    expect(heard()).toEqual([
      { what: 'indication', handle: tcp.OffloadHandle, list: data, Status: UPLOAD_IN_PROGRESS },
    ]);
    expect(answer).toEqual(team.answer);
  });

  it('IND-012: lists that were taken are the miniport’s again when the driver above returns them', () => {
    const { team, handleBelow, miniport, list, received } = offloaded();
    const data = list(30);
    team.answer = { status: SUCCESS, BytesConsumed: 30 };
    miniport.upcalls.NdisTcpOffloadReceiveHandler(handleBelow, data, SUCCESS);
    expect(team.driver.outstanding).toBe(4);
    team.ndis.tcp.NdisOffloadTcpReceiveReturn(team.binding, data);
    expect(received()).toEqual([{ what: 'return', list: data }]);
    expect(team.driver.outstanding).toBe(3);
  });

  it.each([NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED, NDIS_STATUS.OFFLOAD_DATA_PARTIALLY_ACCEPTED])(
    'IND-008: a list that was answered with %i is the miniport’s at once',
    (status) => {
      const { team, handleBelow, miniport, list } = offloaded();
      team.answer = { status, BytesConsumed: 0 };
      miniport.upcalls.NdisTcpOffloadReceiveHandler(handleBelow, list(30), SUCCESS);
      expect(team.driver.outstanding).toBe(3);
    },
  );

  it('returned lists of several members go to the member that has lent them', () => {
    const team = new BareTeam({ settings: { mode: 'load-balancing' } });
    const trees = [team.tree(0), team.tree(1)];
    team.request('Initiate', ...trees.map((tree) => tree.neighbor));
    team.complete(0);
    team.complete(1);
    team.answer = { status: SUCCESS, BytesConsumed: 1 };
    const lists = [0, 1].map((index) => {
      const data = allocateNetBufferList(team.machine.addresses, [new Uint8Array(1)]);
      const handle = team.lastRequest(index).root.DependentBlockList!.DependentBlockList!.NdisOffloadHandle!;
      team.miniports[index]!.upcalls.NdisTcpOffloadReceiveHandler(handle, data, SUCCESS);
      return data;
    });
    team.ndis.tcp.NdisOffloadTcpReceiveReturn(team.binding, linkChain([...lists].reverse())!);
    for (const [index, data] of lists.entries())
      expect(team.miniports[index]!.received.at(-1)).toEqual({ what: 'return', list: data });
  });

  it('IMD-028 IMD-029: a question about a neighbor goes up with the driver above’s handle and is answered in place', () => {
    const { team, neighbor, root, miniport, heard } = offloaded();
    const block = new NDIS_MINIPORT_OFFLOAD_BLOCK_LIST(
      team.machine.addresses,
      'neighbor',
      root.type,
      root.state,
    );
    block.NdisOffloadHandle = root.NdisOffloadHandle;
    const code = constantValue('NeighborReachabilityQuery');
    team.ndis.offload.NdisMOffloadEventIndicate(miniport.adapter, block, code);
    expect(heard()).toHaveLength(1);
    expect(heard()[0]).toMatchObject({ what: 'neighbor', handle: neighbor.OffloadHandle, code });
    expect(block.state).toMatchObject({ cached: { HostReachabilityDelta: 77 } });
    expect(block.NdisOffloadHandle).toBe(root.NdisOffloadHandle);
  });

  it('IMD-028: a question about a neighbor that has gone is not passed on', () => {
    const { team, neighbor, root, miniport, heard } = offloaded();
    const handle = root.NdisOffloadHandle;
    team.request('Terminate', team.naming(neighbor, 'neighbor'));
    team.complete(0);
    const block = new NDIS_MINIPORT_OFFLOAD_BLOCK_LIST(
      team.machine.addresses,
      'neighbor',
      root.type,
      root.state,
    );
    block.NdisOffloadHandle = handle;
    team.ndis.offload.NdisMOffloadEventIndicate(
      miniport.adapter,
      block,
      constantValue('NeighborReachabilityQuery'),
    );
    expect(heard()).toEqual([]);
  });
});

describe('without memory for a send', () => {
  const poor = { settings: { sendEntries: 2 } } as const;

  it('IMD-025: nothing goes down, and the lists come back with REQUEST_UPLOAD and UPLOAD_REQUESTED', () => {
    const { team, tcp, list, received, heard } = offloaded(poor);
    const lists = [list(), list(), list()];
    expect(team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, linkChain(lists)!)).toBe(NDIS_STATUS.PENDING);
    expect(heard()).toEqual([]);
    team.settle();
    expect(received()).toEqual([]);
    expect(heard()).toHaveLength(1);
    expect(lists.map(({ Status }) => Status)).toEqual([REQUEST_UPLOAD, UPLOAD_REQUESTED, UPLOAD_REQUESTED]);
  });

  it('IMD-025: memory is there again when sends have ended', () => {
    const { team, tcp, list, miniport, received } = offloaded(poor);
    for (let round = 0; round < 3; round++) {
      const lists = [list(), list()];
      team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, linkChain(lists)!);
      expect(received()).toHaveLength(round + 1);
      miniport.upcalls.NdisTcpOffloadSendComplete(miniport.adapter, lists[0]!);
    }
  });

  it('IMD-025: sends that a terminate hands back need memory no longer', () => {
    const { team, tcp, list, received } = offloaded(poor);
    const lists = [list(), list()];
    team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, linkChain(lists)!);
    team.request('Terminate', team.naming(tcp, 'tcp'));
    team.lastRequest(0).root.NetBufferListChain = lists[0]!;
    team.complete(0);
    const second = team.tree();
    team.request('Initiate', second.neighbor);
    team.complete(0);
    team.ndis.tcp.NdisOffloadTcpSend(second.tcp.OffloadHandle!, linkChain([list(), list()])!);
    expect(received()).toHaveLength(2);
  });

  it('IMD-025: what is posted behind a refused send does not overtake it', () => {
    const { team, tcp, list, miniport, received } = offloaded(poor);
    const first = [list(), list()];
    team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, linkChain(first)!);
    team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, list());
    miniport.upcalls.NdisTcpOffloadSendComplete(miniport.adapter, first[0]!);
    const late = list();
    team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, late);
    team.settle();
    expect(received()).toHaveLength(1);
    expect(late.Status).toBe(UPLOAD_REQUESTED);
  });

  it('DSC-015 DSC-019: a graceful disconnect behind a refused send ends with the upload', () => {
    const { team, tcp, list, received, heard } = offloaded({ settings: { sendEntries: 0 } });
    const fin = list(0);
    team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, list());
    team.ndis.tcp.NdisOffloadTcpDisconnect(tcp.OffloadHandle!, fin, graceful);
    team.settle();
    expect(received()).toEqual([]);
    expect(heard().map(({ what }) => what)).toEqual(['send']);
    team.request('Terminate', team.naming(tcp, 'tcp'));
    team.complete(0);
    expect(heard().map(({ what }) => what)).toEqual(['send', 'disconnect']);
    expect(fin.Status).toBe(UPLOAD_IN_PROGRESS);
    expect(team.heard.at(-1)).toMatchObject({ what: 'Terminate' });
  });

  it('DSC-022: an abortive disconnect goes down all the same', () => {
    const { team, tcp, list, received } = offloaded({ settings: { sendEntries: 0 } });
    team.ndis.tcp.NdisOffloadTcpSend(tcp.OffloadHandle!, list());
    team.ndis.tcp.NdisOffloadTcpDisconnect(tcp.OffloadHandle!, list(0), abortive);
    expect(received()).toMatchObject([{ what: 'disconnect', Flags: abortive }]);
  });
});
