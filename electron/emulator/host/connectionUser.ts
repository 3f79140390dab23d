import type { ReceivePolicy } from './receivePolicy';

/** What an application on the host is told about its connection. */
export interface ConnectionUser {
  /** How it reads while the connection is offloaded; absent: as the host stack's settings say. */
  readonly receives?: ReceivePolicy | undefined;
  /** The handshake is done; data may be sent. */
  onConnected(): void;
  /** Received bytes, in order. They may be kept. */
  onData(bytes: Uint8Array): void;
  /** How many of the bytes of an indication its buffers take, before `onData` gets those; absent: all. */
  acceptIndicated?(count: number): number;
  /** The peer sends nothing more. */
  onPeerClosed(): void;
  /** Both halves are closed, or the connection is lost. */
  onClosed(reason: 'closed' | 'reset' | 'timeout' | 'unreachable'): void;
}
