import { sha256 } from '@noble/hashes/sha2.js';
import type { SendOwner } from '../tcp/sendQueue';
import { hexOf } from '../wire/hex';
import type { PeerApplication, PeerConnection } from './peerApplication';

/**
 * Sends a part of what it receives back and only reads what follows (as RFC 863 does with everything); it closes when its peer has
 * closed, or as soon as it has answered.
 */
export class PartialEcho implements PeerApplication, SendOwner {
  private received = 0;
  private held = 0;
  private hasClosed = false;
  private readonly hash = sha256.create();
  private finished: string | undefined;

  constructor(
    private readonly connection: PeerConnection,
    private readonly window: number,
    /** Bytes that it sends back. */
    private readonly echoes: number,
    /** Whether it closes behind them. */
    private readonly closes: boolean,
  ) {}

  /** SHA-256 of everything received, once the peer has closed. */
  get digest(): string | undefined {
    return this.finished;
  }

  /** Room for further bytes: what waits for the way back takes its part of the window. */
  receiveSpace(): number {
    return Math.max(0, this.window - this.held);
  }

  onEstablished(): void {
    this.closeIfDone();
  }

  onData(bytes: Uint8Array, start: number, length: number): void {
    const copy = bytes.slice(start, start + length);
    this.hash.update(copy);
    const answered = Math.min(length, Math.max(0, this.echoes - this.received));
    this.received += length;
    if (answered > 0) {
      this.held += answered;
      this.connection.send(copy.subarray(0, answered), this);
    }
    this.closeIfDone();
  }

  onPeerClosed(): void {
    this.finished = hexOf(this.hash.digest());
    this.close();
  }

  onAcknowledged(count: number): void {
    this.held -= count;
    this.connection.receiveSpaceGrew();
  }

  private closeIfDone(): void {
    if (this.closes && this.received >= this.echoes) this.close();
  }

  private close(): void {
    if (this.hasClosed) return;
    this.hasClosed = true;
    this.connection.shutdown();
  }
}
