/** A port on which an application waits for connections (RFC 9293 section 3.9.1.1, passive OPEN). */
import type { Ipv4Address } from '../wire/address';
import type { ConnectionUser } from './connectionUser';
import type { HostConnection } from './hostConnection';

/** How an application listens. */
export interface ListenOptions {
  /** Connections whose handshake may be under way at a time; further SYNs are dropped, and their senders try again. */
  readonly backlog: number;
  /** Address of the host that is listened on; absent: all of them. */
  readonly address?: Ipv4Address | undefined;
}

/** SOMAXCONN of Windows. */
export const defaultBacklog = 200;

/** Is given a connection whose handshake is done; answers who uses it, or undefined to reset it. */
export type Acceptor = (connection: HostConnection) => ConnectionUser | undefined;

/** See the file's head. */
export class HostListener {
  private readonly handshakes = new Set<HostConnection>();
  private closed = false;
  /** Connections that have been handed to the application, and SYNs that found the backlog full. */
  accepted = 0;
  dropped = 0;

  constructor(
    readonly port: number,
    readonly options: ListenOptions,
    private readonly acceptor: Acceptor,
    private readonly onClosed: () => void,
  ) {}

  /** Connections whose handshake is under way. */
  get handshakesUnderWay(): number {
    return this.handshakes.size;
  }

  /** Whether another SYN may be answered; one that may not is counted. */
  admits(): boolean {
    const admitted = this.handshakes.size < this.options.backlog;
    if (!admitted) this.dropped++;
    return admitted;
  }

  /** A SYN has made a connection. */
  begun(connection: HostConnection): void {
    this.handshakes.add(connection);
  }

  /** Who uses a connection until the application has accepted it. */
  userOf(connection: () => HostConnection): ConnectionUser {
    return {
      onConnected: () => {
        this.accept(connection());
      },
      onData: () => undefined,
      onPeerClosed: () => undefined,
      onClosed: () => {
        this.handshakes.delete(connection());
      },
    };
  }

  /** Listens no more: what has not been accepted is reset, what has been goes on. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed();
    for (const connection of [...this.handshakes]) connection.abort();
  }

  private accept(connection: HostConnection): void {
    this.handshakes.delete(connection);
    const user = this.acceptor(connection);
    if (user === undefined) {
      connection.abort();
      return;
    }
    this.accepted++;
    connection.user = user;
    user.onConnected();
  }
}
