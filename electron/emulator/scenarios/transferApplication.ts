import { sha256 } from '@noble/hashes/sha2.js';
import type { ConnectionEnd, ConnectionUser } from '../host/connectionUser';
import type { HostConnection } from '../host/hostConnection';
import type { ReceivePolicy } from '../host/receivePolicy';
import type { Machine } from '../machine/machine';
import { hexOf } from '../wire/hex';

/** Sends that are outstanding at a time. */
const outstandingSends = 8;

/** Bytes of one send: whole pages, small enough that a small file takes many sends, 64 KiB at most. */
function messageSize(fileBytes: number): number {
  const pages = Math.ceil(fileBytes / 32 / 4096);
  return Math.min(16, Math.max(1, pages)) * 4096;
}

/**
 * The workload: sends a file over one connection, half-closes, and hashes what comes back until the peer has closed too.
 */
export class TransferApplication implements ConnectionUser {
  /** Its name for chimney rules. */
  readonly application = 'transfer';
  /** How it reads while offloaded; undefined: as the host stack's settings say. */
  receives: ReceivePolicy | undefined;
  /** Bytes acknowledged and bytes that came back. */
  acknowledged = 0;
  returned = 0;
  /** Why the connection ended; undefined while it lasts. */
  ended: ConnectionEnd | undefined;
  private readonly sourceHash = sha256.create();
  private readonly returnHash = sha256.create();
  private posted = 0;
  private outstanding = 0;
  private peerClosed = false;

  constructor(
    private readonly machine: Machine,
    /** Component of the application, of which this is one connection. */
    readonly component: number,
    private readonly file: Uint8Array,
    private readonly connection: () => HostConnection,
    /** Bytes after which it waits for `open`. */
    private gate: number = file.length,
    /** Bytes that the peer sends back. */
    private readonly echoed: number = file.length,
  ) {}

  /** Whether it has sent what it may, and all of that has been acknowledged. */
  get waits(): boolean {
    return this.outstanding === 0 && this.posted >= this.gate && this.gate < this.file.length;
  }

  /** It may send this part of the file, 0 to 1. */
  open(part: number): void {
    this.gate = Math.ceil(this.file.length * part);
    this.sendMore();
  }

  /** Whether everything has been sent and has come back. */
  get complete(): boolean {
    return this.peerClosed && this.acknowledged === this.file.length && this.returned === this.echoed;
  }

  /** Whether what has come back is the beginning of what was sent. */
  get isUnchanged(): boolean {
    const { source, returned } = this.digests();
    return returned === (this.returned === this.file.length ? source : this.beginning());
  }

  /** SHA-256 of what was sent and of what came back. */
  digests(): { readonly source: string; readonly returned: string } {
    return {
      source: hexOf(this.sourceHash.clone().digest()),
      returned: hexOf(this.returnHash.clone().digest()),
    };
  }

  onConnected(): void {
    this.note(`Sends ${this.file.length} bytes`);
    this.sendMore();
  }

  onData(bytes: Uint8Array): void {
    this.returnHash.update(bytes);
    this.returned += bytes.length;
  }

  onPeerClosed(): void {
    this.peerClosed = true;
    this.note(`The peer has closed after ${this.returned} bytes came back`);
  }

  onClosed(reason: ConnectionEnd): void {
    this.ended = reason;
    this.note(reason === 'closed' ? 'The connection is closed' : `The connection is lost: ${reason}`);
  }

  private beginning(): string {
    return hexOf(sha256(this.file.subarray(0, this.returned)));
  }

  private sendMore(): void {
    const size = messageSize(this.file.length);
    while (this.outstanding < outstandingSends && this.posted < this.gate) {
      const message = this.file.subarray(this.posted, Math.min(this.gate, this.posted + size));
      this.posted += message.length;
      this.outstanding++;
      this.sourceHash.update(message);
      this.connection().send(message, () => {
        this.outstanding--;
        this.acknowledged += message.length;
        this.sendMore();
      });
    }
    if (this.posted === this.file.length) this.connection().shutdown();
  }

  private note(text: string): void {
    const { machine } = this;
    machine.probe.note(machine.now, this.component, this.connection().id, machine.currentCause, text);
  }
}
