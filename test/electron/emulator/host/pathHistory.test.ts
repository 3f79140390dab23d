import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { rememberConnection } from '../../../../electron/emulator/host/pathHistory';
import { TcpVariables } from '../../../../electron/emulator/tcp/tcpVariables';
import { ClientBench, RecordingHostUser, RecordingUser, patternBytes } from '../../../harness/clientBench';

const clientAddress = Uint8Array.from([192, 0, 2, 2]);
const noThreshold = new TcpVariables().SsThresh;

/** One connection that carries 400 KB over a link with loss and ends, and a second one that has just been established. */
function twoConnections(sharesPathHistory: boolean, between: (bench: ClientBench) => void = () => undefined) {
  const bench = new ClientBench({
    host: { sharesPathHistory },
    client: { timestamps: false },
    link: { loss: 0.02 },
  });
  const connections: HostConnection[] = [];
  bench.host.listen(80, {}, (connection) => {
    connections.push(connection);
    return new RecordingHostUser();
  });
  const user = new RecordingUser();
  const session = bench.open(80, user);
  bench.runFor(10e9);
  bench.passively(() => {
    connections[0]!.send(patternBytes(400_000), () => undefined);
  }, 60e9);
  expect(user.bytes).toHaveLength(400_000);
  session.abort();
  bench.runFor(1e9);
  const { path } = connections[0]!;
  between(bench);
  bench.open(80, new RecordingUser());
  const [first, second] = connections;
  return { bench, path, first: first!, second: second! };
}

describe('History of a path', () => {
  it('RFC 9040 section 4.2: a new connection begins with round-trip time and threshold of the last one', () => {
    const { path, first, second } = twoConnections(true);
    const before = first.engine.variables;
    expect(before.SRtt).toBeGreaterThan(0);
    expect(path.history).toMatchObject({ SRtt: before.SRtt, RttVar: before.RttVar });
    expect(path.history!.SsThresh).toBeLessThan(noThreshold);
    expect(second.path).toBe(path);
    const { SRtt, RttVar, SsThresh } = second.engine.variables;
    expect({ SRtt, RttVar, SsThresh }).toEqual(path.history);
  });

  it('without the setting every connection begins as if it were the first', () => {
    const { path, second } = twoConnections(false);
    expect(path.history).toBeUndefined();
    const { SRtt, SsThresh } = second.engine.variables;
    expect([SRtt, SsThresh]).toEqual([0, noThreshold]);
  });

  it('another next hop makes another path of it: what was learned is forgotten', () => {
    const { path, second } = twoConnections(true, ({ host }) => {
      host.changeNextHop(clientAddress, clientAddress);
    });
    expect(path.history).toBeUndefined();
    expect(second.engine.variables.SsThresh).toBe(noThreshold);
  });

  it('a connection that has measured nothing leaves the history as it was', () => {
    const history = { SRtt: 80, RttVar: 4, SsThresh: 20_000 };
    expect(rememberConnection(history, new TcpVariables())).toBe(history);
    expect(rememberConnection(undefined, new TcpVariables())).toBeUndefined();
  });

  it('thresholds are merged, and a window that grew beyond its own counts', () => {
    const measured = { SRtt: 40, RttVar: 8, SsThresh: 10_000, CWnd: 30_000 };
    const variables = Object.assign(new TcpVariables(), measured);
    expect(rememberConnection(undefined, variables)).toEqual({ SRtt: 40, RttVar: 8, SsThresh: 15_000 });
    const history = { SRtt: 80, RttVar: 4, SsThresh: 20_000 };
    expect(rememberConnection(history, variables)).toEqual({ SRtt: 40, RttVar: 8, SsThresh: 17_500 });
  });

  it('a connection that met no congestion keeps the threshold that is known', () => {
    const variables = Object.assign(new TcpVariables(), { SRtt: 40, RttVar: 8, CWnd: 30_000 });
    const history = { SRtt: 80, RttVar: 4, SsThresh: 20_000 };
    expect(rememberConnection(history, variables)).toEqual({ SRtt: 40, RttVar: 8, SsThresh: 20_000 });
    expect(rememberConnection(undefined, variables)?.SsThresh).toBeUndefined();
  });
});
