import type { ReceivePolicy } from './receivePolicy';

/**
 * How a connection has ended. `refused`: a RST answered our SYN; `timeout`: nobody answered for too long; `unreachable`: the next
 * hop has no Ethernet address; `aborted`: our own application has reset it; `no-port`: no local port was free for it.
 */
export type ConnectionEnd =
  'closed' | 'reset' | 'refused' | 'timeout' | 'unreachable' | 'aborted' | 'no-port';

/** What an application on the host is told about its connection. */
export interface ConnectionUser {
  /** How it reads while the connection is offloaded; absent: as the host stack's settings say. */
  readonly receives?: ReceivePolicy | undefined;
  /**
   * `at-once`, or absent: every byte is handed to `onData` when it comes. `on-request`: nothing is, and bytes wait, first in the
   * receive buffer and then with the peer, until `HostConnection.read` asks for them.
   */
  readonly reading?: 'at-once' | 'on-request' | undefined;
  /** Name of the application, for rules about its connections. */
  readonly application?: string | undefined;
  /** The handshake is done; data may be sent. */
  onConnected(): void;
  /**
   * Whether it keeps the bytes of `onData` beyond the call; absent: it may. False lets the host stack use their memory again; it goes with
   * `reading: 'at-once'` only.
   */
  readonly keepsBytes?: boolean | undefined;
  /** Received bytes, in order. They may be kept, unless `keepsBytes` says that they are not. */
  onData(bytes: Uint8Array): void;
  /** How many of the bytes of an indication its buffers take, before `onData` gets those; absent: all. */
  acceptIndicated?(count: number): number;
  /** The peer sends nothing more. */
  onPeerClosed(): void;
  /** Both halves are closed, or the connection is lost. */
  onClosed(reason: ConnectionEnd): void;
}
