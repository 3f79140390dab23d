import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { offloadedState } from '../../../../electron/emulator/host/offloadedState';
import { TcpConnectionState } from '../../../../electron/emulator/tcp/tcpVariables';
import { netstatState } from '../../../../shared/analysis/netstat';
import { ClientBench, RecordingHostUser, type ClientBenchChoices } from '../../../harness/clientBench';

function serving(count: number, choices: ClientBenchChoices = {}) {
  const bench = new ClientBench(choices);
  const connections: HostConnection[] = [];
  bench.host.listen(80, {}, (connection) => {
    connections.push(connection);
    return new RecordingHostUser();
  });
  const sessions = Array.from({ length: count }, () => bench.open(80));
  return { bench, connections, sessions };
}

describe('chimneystats of the host stack', () => {
  it('counts what the target took and gives back, and remembers the most', () => {
    const { bench, connections } = serving(2);
    for (const connection of connections) bench.offload(connection);
    expect(bench.host.chimneyStatistics()).toEqual([
      {
        index: 1,
        adapter: 'Offload target adapter',
        supported: true,
        enabled: true,
        capacity: 1024,
        offloaded: 2,
        peak: 2,
        total: 2,
        refused: {},
        uploadsAskedFor: {},
      },
    ]);
    bench.passively(() => {
      connections[0]!.upload();
    });
    expect(bench.host.chimneyStatistics()).toMatchObject([{ offloaded: 1, peak: 2, total: 2 }]);
  });

  it('counts refusals by their status', () => {
    const { bench, connections } = serving(3, { target: { tcpCapacity: 1 } });
    bench.offload(connections[0]!);
    for (const connection of connections.slice(1))
      bench.passively(() => {
        connection.offload();
      });
    const [{ offloaded, capacity, refused }] = bench.host.chimneyStatistics() as [never];
    expect({ offloaded, capacity, refused }).toEqual({
      offloaded: 1,
      capacity: 1,
      refused: { NDIS_STATUS_OFFLOAD_TCP_ENTRIES: 2 },
    });
  });

  it('an adapter whose connection offload is switched off is supported and not enabled (CAP-023)', () => {
    const { bench } = serving(0);
    bench.passively(() => {
      bench.host.switchConnectionOffload(false);
    });
    expect(bench.host.chimneyStatistics()).toMatchObject([{ supported: true, enabled: false }]);
    bench.passively(() => {
      bench.host.switchConnectionOffload(true);
    });
    expect(bench.host.chimneyStatistics()).toMatchObject([{ supported: true, enabled: true }]);
  });
});

describe('netstat of the host stack, for a connection that the target has', () => {
  const stateOf = (bench: ClientBench): string => bench.host.netstat().at(-1)!.state;

  it('shows CLOSE_WAIT once the target has told that the peer has closed', () => {
    const { bench, connections, sessions } = serving(1);
    bench.offload(connections[0]!);
    expect(stateOf(bench)).toBe('ESTABLISHED');
    sessions[0]!.shutdown();
    bench.runFor(2e6);
    expect(bench.host.netstat().at(-1)).toMatchObject({ state: 'CLOSE_WAIT', offloadState: 'Offloaded' });
  });

  it('shows FIN_WAIT_2 once the target has completed the disconnect (DSC-014)', () => {
    const { bench, connections } = serving(1);
    bench.offload(connections[0]!);
    connections[0]!.shutdown();
    bench.runFor(300e6);
    expect(bench.host.netstat().at(-1)).toMatchObject({ state: 'FIN_WAIT_2', offloadState: 'Offloaded' });
  });

  it.each([
    ['ESTABLISHED', { peerClosed: false, disconnectPosted: false, disconnected: false }],
    ['CLOSE_WAIT', { peerClosed: true, disconnectPosted: false, disconnected: false }],
    ['FIN_WAIT_1', { peerClosed: false, disconnectPosted: true, disconnected: false }],
    ['LAST_ACK', { peerClosed: true, disconnectPosted: true, disconnected: false }],
    ['FIN_WAIT_2', { peerClosed: false, disconnectPosted: true, disconnected: true }],
    ['TIME_WAIT', { peerClosed: true, disconnectPosted: true, disconnected: true }],
  ])('%s follows from what the host stack has been told', (name, told) => {
    expect(netstatState(offloadedState({ state: TcpConnectionState.Established, ...told }))).toBe(name);
  });

  it('a connection that was offloaded while it was being closed stays in the state it had', () => {
    const told = { peerClosed: false, disconnectPosted: false, disconnected: false };
    const state = TcpConnectionState.FinWait2;
    expect(offloadedState({ state, ...told })).toBe(state);
  });
});
