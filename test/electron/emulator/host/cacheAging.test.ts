import { describe, expect, it } from 'vitest';
import { defaultRoute } from '../../../../electron/emulator/host/routes';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import type { IpAddress } from '../../../../electron/emulator/wire/address';
import { ClientBench, RecordingHostUser, RecordingUser } from '../../../harness/clientBench';

const clientAddress = Uint8Array.from([192, 0, 2, 2]);
const minute = 60e9;

/** The n-th of a row of addresses. */
function remote(n: number): IpAddress {
  return Uint8Array.from([198, 51 + (n >>> 16), (n >>> 8) & 0xff, n & 0xff]);
}

/** Opens a connection to each of some addresses and gives it up at once. */
function touch(bench: ClientBench, first: number, count: number, time: number): void {
  bench.passively(() => {
    for (let n = first; n < first + count; n++)
      bench.host.connect(remote(n), 80, new RecordingHostUser()).abort();
  }, time);
}

/** Everything that is not on the link goes through the client, as a router. */
function routed(mostEntries = 1024): ClientBench {
  const host = { routes: [defaultRoute(clientAddress)], caches: { lifetime: 10 * minute, mostEntries } };
  return new ClientBench({ host, keepsFrames: false });
}

describe('Caches of the host', () => {
  it('RFC 6583: 10,000 remotes on the link leave a bounded neighbor cache', () => {
    const host = { caches: { lifetime: 10 * minute, mostEntries: 500 } };
    const bench = new ClientBench({ host, keepsFrames: false });
    for (let first = 0; first < 10_000; first += 250) touch(bench, first, 250, 6e9);
    expect(bench.host.neighbors.size).toBeLessThanOrEqual(500);
    expect(bench.host.paths.size).toBeLessThanOrEqual(500);
    expect(bench.host.connections).toHaveLength(0);
  });

  it('10,000 remotes behind a router leave a bounded path cache and one neighbor', () => {
    const bench = routed();
    for (let first = 0; first < 10_000; first += 1000) touch(bench, first, 1000, 1e9);
    expect(bench.host.paths.size).toBeLessThanOrEqual(1024);
    expect([...bench.host.neighbors.all].map(({ address }) => address)).toEqual([clientAddress]);
  });

  it('the least recently used path goes first', () => {
    const bench = routed(8);
    const source = bench.host.settings.address;
    for (let n = 0; n < 8; n++) touch(bench, n, 1, 1e9);
    touch(bench, 0, 1, 1e9);
    touch(bench, 8, 1, 1e9);
    const kept = Array.from({ length: 9 }, (_, n) => n).filter(
      (n) => bench.host.paths.find(source, remote(n)) !== undefined,
    );
    expect(kept).toEqual([0, 3, 4, 5, 6, 7, 8]);
  });

  it('what nothing depends on is forgotten after its lifetime, when a new entry is made', () => {
    const bench = routed();
    touch(bench, 0, 100, minute);
    expect(bench.host.paths.size).toBe(100);
    bench.runFor(10 * minute);
    touch(bench, 500, 1, minute);
    expect(bench.host.paths.size).toBe(1);
  });

  it('a path and a neighbor with a connection stay, however old and however full the caches are', () => {
    const bench = routed(8);
    const connections: HostConnection[] = [];
    bench.host.listen(80, {}, (connection) => {
      connections.push(connection);
      return new RecordingHostUser();
    });
    bench.open(80, new RecordingUser());
    const { path } = connections[0]!;
    const source = bench.host.settings.address;
    bench.runFor(20 * minute);
    touch(bench, 0, 50, minute);
    touch(bench, 50, 50, minute);
    expect(bench.host.paths.find(source, clientAddress)).toBe(path);
    expect([...bench.host.neighbors.all]).toContain(path.neighbor);
  });

  it('what the target has stays', () => {
    const bench = routed(8);
    const connections: HostConnection[] = [];
    bench.host.listen(80, {}, (connection) => {
      connections.push(connection);
      return new RecordingHostUser();
    });
    bench.open(80, new RecordingUser());
    bench.offload(connections[0]!);
    const { path } = connections[0]!;
    bench.runFor(20 * minute);
    touch(bench, 0, 50, minute);
    expect(path.record.place).toBe('Offloaded');
    expect([...bench.host.paths.all]).toContain(path);
    expect([...bench.host.neighbors.all]).toContain(path.neighbor);
  });
});
