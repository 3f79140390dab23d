import { sha256 } from '@noble/hashes/sha2.js';
import type { SendOwner } from '../tcp/sendQueue';
import { hexOf } from '../wire/hex';
import type { PeerApplication, PeerConnection } from './peerApplication';

/** Bytes that it holds for the way back before it stops reading. */
const mostHeld = 256 * 1024;

/**
 * Sends back what it receives, hashing it on the way, and closes when its peer has closed (RFC 862). Reads no faster than it can
 * answer, so that its receive window shows what the way back can carry.
 */
export class EchoApplication implements PeerApplication, SendOwner {
  /** Bytes received. */
  received = 0;
  private held = 0;
  private readonly hash = sha256.create();
  private finished: string | undefined;

  constructor(
    private readonly connection: PeerConnection,
    private readonly window: number,
  ) {}

  /** SHA-256 of everything received, once the peer has closed. */
  get digest(): string | undefined {
    return this.finished;
  }

  /** Room for further bytes. */
  receiveSpace(): number {
    return Math.max(0, Math.min(this.window, mostHeld - this.held));
  }

  onData(bytes: Uint8Array, start: number, length: number): void {
    const copy = bytes.slice(start, start + length);
    this.hash.update(copy);
    this.received += length;
    this.held += length;
    this.connection.send(copy, this);
  }

  onPeerClosed(): void {
    this.finished = hexOf(this.hash.digest());
    this.connection.shutdown();
  }

  onAcknowledged(count: number): void {
    this.held -= count;
    this.connection.receiveSpaceGrew();
  }
}
