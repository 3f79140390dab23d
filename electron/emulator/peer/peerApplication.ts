/** What stands between a remote host's TCP and an application there. */
import type { SendOwner } from '../tcp/sendQueue';

/** What an application does with its connection. */
export interface PeerConnection {
  send(bytes: Uint8Array, owner: SendOwner): void;
  shutdown(): void;
  receiveSpaceGrew(): void;
  /** Sends what may be sent; for applications that act of their own accord and not when they are told something. */
  run(): void;
}

/** What an application is told of its connection. */
export interface PeerApplication {
  /** SHA-256 of everything received, once the other side has closed; absent where nobody asks. */
  readonly digest?: string | undefined;
  /** Room for further bytes. */
  receiveSpace(): number;
  /** Bytes in order; they are the caller's. */
  onData(bytes: Uint8Array, start: number, length: number): void;
  onPeerClosed(): void;
  onEstablished?(): void;
  onClosed?(reason: 'closed' | 'reset' | 'timeout'): void;
}

/** Makes the application of a connection. */
export type PeerApplicationMaker = (
  connection: PeerConnection,
  /** Most bytes that may wait for it. */
  window: number,
  clientPort: number,
) => PeerApplication;
