/** When the connections of a host on a real wire change between host path and chimney. */
import type { HostConnection } from '../host/hostConnection';
import type { Machine } from '../machine/machine';

/** See the file's head. Times are virtual ns; bytes count both directions. */
export type HandOverPolicy =
  | { readonly kind: 'never' }
  /** Offloaded as soon as they are established, and left there. */
  | { readonly kind: 'offload' }
  /** Offloaded and uploaded by turns. */
  | { readonly kind: 'every-time'; readonly interval: number }
  | { readonly kind: 'every-bytes'; readonly bytes: number };

/** Time between two looks at a connection that changes after so many bytes, or that has to be offered again, ns. */
const lookInterval = 500_000;
const offerInterval = 100_000_000;

/** What has become of a connection. */
export interface HandOverCounts {
  /** Times that the target has taken it, and that the host has had it back. */
  offloads: number;
  uploads: number;
}

/** Hands one connection over by turns for as long as it lasts. */
export class HandOvers {
  readonly counts: HandOverCounts = { offloads: 0, uploads: 0 };
  private wasOffloaded = false;
  private bytesAtLast = 0;

  constructor(
    private readonly machine: Machine,
    private readonly connection: HostConnection,
    private readonly policy: HandOverPolicy,
  ) {
    if (policy.kind === 'never') return;
    this.lookAfter(policy.kind === 'every-time' ? policy.interval : 0);
  }

  private lookAfter(delay: number): void {
    this.machine.queueWorkItem(delay, () => {
      this.look();
    });
  }

  private look(): void {
    const { connection, policy } = this;
    this.count();
    if (connection.isClosed && connection.place === 'InHost') return;
    switch (policy.kind) {
      case 'never':
        return;
      case 'offload':
        connection.offload();
        this.lookAfter(offerInterval);
        return;
      case 'every-time':
        this.change();
        this.lookAfter(policy.interval);
        return;
      case 'every-bytes':
        this.changeAfterBytes(policy.bytes);
        this.lookAfter(lookInterval);
    }
  }

  private changeAfterBytes(bytes: number): void {
    const { connection } = this;
    const { received } = connection;
    const carried = connection.acknowledgedBytes + received.hostPath + received.chimney;
    if (carried - this.bytesAtLast < bytes) return;
    if (this.change()) this.bytesAtLast = carried;
  }

  /** Answers whether this was a moment for a change. */
  private change(): boolean {
    const { connection } = this;
    if (connection.place === 'InHost') connection.offload();
    else if (connection.place === 'Offloaded') connection.upload();
    else return false;
    return true;
  }

  private count(): void {
    const { place } = this.connection;
    if (place === 'Offloaded' && !this.wasOffloaded) {
      this.counts.offloads++;
      this.wasOffloaded = true;
    } else if (place === 'InHost' && this.wasOffloaded) {
      this.counts.uploads++;
      this.wasOffloaded = false;
    }
  }
}
