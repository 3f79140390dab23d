/** The server of iperf3 for TCP: one test at a time, as iperf3's own; whoever comes meanwhile is told so. */
import type { ConnectionUser } from '../host/connectionUser';
import { cookieBytes, cookieOf, IperfReader, iperfState } from './iperfMessages';
import { IperfTest, type IperfStream } from './iperfTest';
import { ReadLoop, type Service, type ServiceClock, type ServiceConnection } from './serviceConnection';
import { noTotals, type ServiceTotals } from './simpleServices';

/** What a connection is to the server. */
type Role =
  | { readonly kind: 'new'; readonly reader: IperfReader }
  | { readonly kind: 'control'; readonly test: IperfTest }
  | { readonly kind: 'stream'; readonly test: IperfTest; readonly stream: IperfStream }
  | { readonly kind: 'refused' };

/** What all connections of a server share. */
interface Server {
  readonly clock: ServiceClock;
  readonly totals: ServiceTotals;
  test: IperfTest | undefined;
}

class IperfConnection implements ConnectionUser {
  readonly reading = 'on-request';
  private role: Role = { kind: 'new', reader: new IperfReader() };
  private order = 0;
  private readonly reads: ReadLoop;
  /** Ends a connection that does not say what it wants, or does not go when it was refused. */
  private readonly patience: ReturnType<ServiceClock['allocateTimer']>;

  constructor(
    private readonly connection: ServiceConnection,
    private readonly server: Server,
  ) {
    this.reads = new ReadLoop(
      connection,
      (bytes) => {
        this.onBytes(bytes);
      },
      () => {
        this.onEnd();
      },
    );
    this.patience = server.clock.allocateTimer(() => {
      connection.abort();
    });
  }

  onConnected(): void {
    const { clock, totals } = this.server;
    this.order = totals.connections++;
    this.patience.set(clock.now() + clock.idleTime);
    this.reads.start();
  }

  onData(): void {
    // Everything is read on request.
  }

  onPeerClosed(): void {
    // The end of the stream is read.
  }

  onClosed(): void {
    this.patience.stop();
    this.reads.stop();
    const { role } = this;
    if (role.kind === 'control') role.test.fail();
    else if (role.kind === 'stream') {
      role.stream.stop();
      role.test.onStreamEnd(role.stream);
    }
  }

  private onBytes(bytes: Uint8Array): void {
    const { role } = this;
    switch (role.kind) {
      case 'new': {
        role.reader.push(bytes);
        const cookie = role.reader.take(cookieBytes);
        if (cookie !== undefined) this.admit(cookieOf(cookie), role.reader.takeRest());
        break;
      }
      case 'control':
        role.test.onControlBytes(bytes);
        break;
      case 'stream':
        role.test.onStreamBytes(role.stream, bytes.length);
        break;
      case 'refused':
    }
  }

  private onEnd(): void {
    const { role } = this;
    if (role.kind === 'control') role.test.fail();
    else if (role.kind === 'stream') role.test.onStreamEnd(role.stream);
    this.connection.shutdown();
  }

  private admit(cookie: string | undefined, rest: Uint8Array): void {
    const { server, connection } = this;
    if (cookie === undefined) {
      this.role = { kind: 'refused' };
      connection.abort();
      return;
    }
    if (server.test === undefined) {
      const { clock, totals } = server;
      const test = new IperfTest(connection, cookie, clock, totals, () => {
        server.test = undefined;
      });
      server.test = test;
      this.role = { kind: 'control', test };
      this.patience.stop();
      test.start();
    } else {
      const { test } = server;
      const stream = test.cookie === cookie ? test.join(connection, this.order) : undefined;
      if (stream === undefined) {
        this.refuse();
        return;
      }
      this.role = { kind: 'stream', test, stream };
      this.patience.stop();
    }
    if (rest.length > 0) this.onBytes(rest);
  }

  private refuse(): void {
    this.role = { kind: 'refused' };
    this.connection.send(Uint8Array.of(iperfState.accessDenied), () => undefined);
    this.connection.shutdown();
  }
}

/** Serves iperf3 clients, one test at a time. */
export function iperfService(clock: ServiceClock, totals: ServiceTotals = noTotals()): Service {
  const server: Server = { clock, totals, test: undefined };
  return (connection) => new IperfConnection(connection, server);
}
