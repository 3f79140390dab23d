import { describe, expect, it } from 'vitest';
import { chimneyStatisticsAt, type ChimneyStatistics } from '../../../../shared/analysis/chimneyStatistics';
import { netstatAt } from '../../../../shared/analysis/netstat';
import { TraceModel } from '../../../../shared/analysis/traceModel';
import { traceFormatVersion } from '../../../../shared/trace/records';
import { startService } from '../../../../electron/emulator/services/hostServices';
import type { ServiceStart } from '../../../../electron/emulator/wired/wiredHost';
import { TraceRecorder } from '../../../../electron/recorder/traceRecorder';
import { StreamClient } from '../../../harness/streamClient';
import { WiredPair } from '../../../harness/wiredPair';

const port = 7;

const echo: ServiceStart = (host, accepted) => {
  startService(host, 'echo', port, accepted);
};

/** Two clients whose connections change hands again and again; what the server tells meanwhile, and its trace. */
function observed() {
  const pieces: Buffer[] = [];
  const probe = new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: 'test',
      scenario: 'wire',
      title: 'Wire',
      seed: 2,
      settings: {},
      snapLength: 128,
    },
    {
      write: (bytes) => {
        pieces.push(Buffer.from(bytes));
      },
    },
  );
  const pair = new WiredPair(
    echo,
    {
      link: { bitsPerSecond: 100e6, delay: 10_000, queueBytes: 1024 * 1024, loss: 0 },
      handOvers: { kind: 'every-time', interval: 2_000_000 },
    },
    {},
    probe,
  );
  const clients = [300_000, 200_000].map((count) => {
    const client = new StreamClient(count);
    client.connection = pair.connect(port, client);
    return client;
  });
  const { server } = pair;
  const told = [];
  for (let step = 0; step < 500; step++) {
    pair.play(900_000);
    const { host, now } = server;
    const rows = host.netstat().filter(({ state }) => state !== 'LISTENING');
    told.push({ time: now, rows, adapters: host.chimneyStatistics() });
  }
  probe.finish(server.report('wire', true, ''));
  const model = new TraceModel();
  model.push(Buffer.concat(pieces));
  return { pair, clients, told, model };
}

describe('what a host on a real wire tells while it runs', () => {
  const { clients, told, model, pair } = observed();

  it('the offload states of netstat are those that its trace shows for the same time', () => {
    expect(clients.map(({ ended }) => ended)).toEqual(['closed', 'closed']);
    const seen = new Set<string>();
    for (const { time, rows } of told) {
      const places = (list: typeof rows) => list.map(({ foreign, offloadState }) => [foreign, offloadState]);
      expect(places(rows)).toEqual(places(netstatAt(model, time)));
      for (const { state, offloadState } of rows) seen.add(`${state} ${offloadState}`);
    }
    for (const name of ['ESTABLISHED InHost', 'ESTABLISHED Offloaded']) expect(seen).toContain(name);
  });

  it('the adapter in chimneystats is the one that its trace shows for the same time', () => {
    // The trace names the driver's component, the host stack the adapter as NDIS has told it.
    const counts = (adapters: readonly ChimneyStatistics[]) =>
      adapters.map((one) => ({ ...one, adapter: '' }));
    // Each look goes through the trace from its beginning.
    for (const { time, adapters } of told.filter((_, index) => index % 8 === 0))
      expect(counts(adapters)).toEqual(counts(chimneyStatisticsAt(model, time)));
    expect(told.at(-1)!.adapters[0]!.total).toBeGreaterThan(10);
  });

  it('a service that waits for connections is listed as LISTENING', () => {
    expect(pair.server.host.netstat()[0]).toEqual({
      protocol: 'TCP',
      local: '0.0.0.0:7',
      foreign: '0.0.0.0:0',
      state: 'LISTENING',
      offloadState: 'InHost',
    });
  });
});
