import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import type { ListenOptions } from '../../../../electron/emulator/host/listener';
import { TcpConnectionState } from '../../../../electron/emulator/tcp/tcpVariables';
import { ClientBench, RecordingHostUser, RecordingUser, patternBytes } from '../../../harness/clientBench';

const port = 80;

/** A bench on which the host listens and keeps what it has accepted. */
function listening(
  options: Partial<ListenOptions> = {},
  bench = new ClientBench(),
  reading: 'at-once' | 'on-request' = 'at-once',
) {
  const accepted: HostConnection[] = [];
  const users: RecordingHostUser[] = [];
  const listener = bench.host.listen(port, options, (connection) => {
    const user = new RecordingHostUser(reading);
    accepted.push(connection);
    users.push(user);
    return user;
  })!;
  return { bench, accepted, users, listener };
}

describe('HostListener', () => {
  it('RFC 9293 section 3.5: a SYN to a port with a listener is answered, and the application gets the connection', () => {
    const { bench, accepted, users, listener } = listening();
    const user = new RecordingUser();
    bench.open(port, user);
    expect(bench.segments.slice(0, 3).map(({ flags, fromHost }) => [fromHost, flags])).toEqual([
      [false, 'SYN'],
      [true, 'SYN ACK'],
      [false, 'ACK'],
    ]);
    expect(user.connected).toBe(true);
    expect(users[0]!.connected).toBe(true);
    expect(accepted[0]!.state).toBe(TcpConnectionState.Established);
    expect(listener).toMatchObject({ accepted: 1, dropped: 0, handshakesUnderWay: 0 });
  });

  it('carries data both ways and closes when the client has closed', () => {
    const { bench, accepted, users } = listening();
    const user = new RecordingUser();
    const session = bench.open(port, user);
    session.send(patternBytes(5000));
    bench.runFor(1e9);
    expect(users[0]!.bytes).toEqual(patternBytes(5000));
    bench.passively(() => {
      accepted[0]!.send(patternBytes(3000, 7), () => undefined);
    }, 1e9);
    expect(user.bytes).toEqual(patternBytes(3000, 7));
    session.shutdown();
    bench.runFor(1e9);
    expect(users[0]!.peerClosed).toBe(true);
    bench.passively(() => {
      accepted[0]!.shutdown();
    }, 1e9);
    expect(users[0]!.ended).toBe('closed');
    expect(user.peerClosed).toBe(true);
    expect(bench.host.connections).toEqual([]);
  });

  it('one port serves several remotes, and several ports of one remote, at the same time', () => {
    const { bench, accepted } = listening({}, new ClientBench({ clients: 2 }));
    bench.clients[0]!.open(port, new RecordingUser(), 1000);
    bench.clients[1]!.open(port, new RecordingUser(), 1000);
    bench.clients[1]!.open(port, new RecordingUser(), 1001);
    bench.runFor(10e6);
    expect(accepted.map((one) => [one.remoteAddress[3], one.remotePort, one.localPort])).toEqual([
      [2, 1000, port],
      [3, 1000, port],
      [3, 1001, port],
    ]);
  });

  it('RFC 9293 section 3.10.7.1: a SYN to a closed port is answered with RST and ACK behind it', () => {
    const bench = new ClientBench();
    const user = new RecordingUser();
    bench.open(81, user);
    const [syn, answer] = bench.segments;
    expect(answer).toMatchObject({ flags: 'RST ACK', fromHost: true, SequenceNumber: 0 });
    expect(answer!.AcknowledgmentNumber).toBe((syn!.SequenceNumber + 1) >>> 0);
    expect(user.ended).toBe('reset');
  });

  it('RFC 9293 section 3.10.7.1: an acknowledgment for no connection is answered with RST at its number', () => {
    const { bench, accepted } = listening();
    const session = bench.open(port);
    bench.host.forget(accepted[0]!);
    const from = bench.segments.length;
    session.send(patternBytes(10));
    bench.runFor(1e6);
    const [data, answer] = bench.segments.slice(from);
    expect(answer).toMatchObject({ flags: 'RST', fromHost: true });
    expect(answer!.SequenceNumber).toBe(data!.AcknowledgmentNumber);
  });

  it('a full backlog drops further SYNs, whose sender tries again', () => {
    const { bench, accepted, listener } = listening({ backlog: 1 });
    bench.client.open(port, new RecordingUser());
    bench.client.open(port, new RecordingUser());
    bench.runFor(10e6);
    expect(accepted).toHaveLength(1);
    expect(listener.dropped).toBe(1);
    bench.runFor(5e9);
    expect(accepted).toHaveLength(2);
  });

  it('a handshake that the client never ends gives its place in the backlog back', () => {
    const { bench, listener } = listening({ backlog: 1 });
    const session = bench.client.open(port, new RecordingUser());
    Object.assign(session.engine.variables, {
      State: TcpConnectionState.Closed,
      retransmitDeadline: Infinity,
    });
    bench.runFor(10e6);
    expect(listener.handshakesUnderWay).toBe(1);
    bench.runFor(400e9);
    expect(listener.handshakesUnderWay).toBe(0);
    expect(bench.host.connections).toEqual([]);
  });

  it('who closes first waits in TIME-WAIT, and then nothing is left', () => {
    const { bench, accepted, users } = listening();
    const session = bench.open(port);
    bench.passively(() => {
      accepted[0]!.shutdown();
    });
    session.shutdown();
    bench.runFor(1e9);
    expect(users[0]!.ended).toBe('closed');
    expect(accepted[0]!.state).toBe(TcpConnectionState.TimeWait);
    bench.runFor(61e9);
    expect(bench.host.connections).toEqual([]);
  });

  it('RFC 9293 section 3.10.7.4: a newer SYN takes the place of a connection in TIME-WAIT', () => {
    const { bench, accepted } = listening();
    const session = bench.client.open(port, new RecordingUser(), 4000);
    bench.runFor(10e6);
    bench.passively(() => {
      accepted[0]!.shutdown();
    });
    session.shutdown();
    bench.runFor(1e9);
    expect(accepted[0]!.state).toBe(TcpConnectionState.TimeWait);
    const user = new RecordingUser();
    bench.client.open(port, user, 4000);
    bench.runFor(10e6);
    expect(user.connected).toBe(true);
    expect(accepted).toHaveLength(2);
  });

  it('a listener that closes resets what is not accepted, keeps what is, and frees its port', () => {
    const { bench, accepted, listener, users } = listening();
    const session = bench.open(port);
    listener.close();
    session.send(patternBytes(10));
    bench.runFor(1e9);
    expect(users[0]!.bytes).toEqual(patternBytes(10));
    const refused = new RecordingUser();
    bench.open(port, refused);
    expect(refused.ended).toBe('reset');
    expect(accepted).toHaveLength(1);
    expect(bench.host.listen(port, {}, () => undefined)).toBeDefined();
  });

  it('a port has one listener', () => {
    const { bench } = listening();
    expect(bench.host.listen(port, {}, () => undefined)).toBeUndefined();
  });

  it('an application that does not want a connection has it reset', () => {
    const bench = new ClientBench();
    bench.host.listen(port, {}, () => undefined);
    const user = new RecordingUser();
    bench.open(port, user);
    expect(user.ended).toBe('reset');
    bench.runFor(1e6);
    expect(bench.host.connections).toEqual([]);
  });

  it('a passive connection goes into the chimney and back, both closing there', () => {
    const { bench, accepted, users } = listening();
    const user = new RecordingUser();
    const session = bench.open(port, user);
    bench.offload(accepted[0]!);
    session.send(patternBytes(20_000));
    bench.passively(() => {
      accepted[0]!.send(patternBytes(20_000, 3), () => undefined);
    }, 1e9);
    expect(users[0]!.bytes).toEqual(patternBytes(20_000));
    expect(user.bytes).toEqual(patternBytes(20_000, 3));
    expect(accepted[0]!.received.chimney).toBe(20_000);
    session.shutdown();
    bench.runFor(1e9);
    bench.passively(() => {
      accepted[0]!.shutdown();
    }, 1e9);
    expect(users[0]!.ended).toBe('closed');
    expect(user.ended === 'closed' || user.peerClosed).toBe(true);
    expect(bench.host.connections).toEqual([]);
    expect(Object.values(bench.host.outstanding).every((count) => count === 0)).toBe(true);
  });

  it('serves many short connections, offloaded or not, and keeps nothing of them', () => {
    const bench = new ClientBench({ keepsFrames: false, client: { timeWaitTime: 1e6 } });
    let served = 0;
    bench.host.listen(port, {}, (connection) => {
      const user = new RecordingHostUser();
      user.onPeerClosed = () => {
        connection.shutdown();
      };
      user.onClosed = () => served++;
      if (served % 3 === 0)
        bench.machine.queueWorkItem(0, () => {
          connection.offload();
        });
      return user;
    });
    for (let round = 0; round < 300; round++) {
      const session = bench.open(port);
      session.send(patternBytes(100));
      session.shutdown();
      bench.runFor(3e6);
    }
    bench.runFor(10e9);
    expect(served).toBe(300);
    expect(bench.host.connections).toEqual([]);
    expect(Object.values(bench.host.outstanding).every((count) => count === 0)).toBe(true);
    expect(bench.target.outstanding).toSatisfy((counts: Record<string, number>) =>
      Object.values(counts).every((count) => count === 0),
    );
  });
});
