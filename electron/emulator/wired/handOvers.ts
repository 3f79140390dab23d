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

/** Hands a connection over by turns for as long as it lasts. */
export function handOver(machine: Machine, connection: HostConnection, policy: HandOverPolicy): void {
  if (policy.kind !== 'never') new HandOvers(machine, connection, policy).begin();
}

class HandOvers {
  private bytesAtLast = 0;

  constructor(
    private readonly machine: Machine,
    private readonly connection: HostConnection,
    private readonly policy: Exclude<HandOverPolicy, { readonly kind: 'never' }>,
  ) {}

  begin(): void {
    this.lookAfter(this.policy.kind === 'every-time' ? this.policy.interval : 0);
  }

  private lookAfter(delay: number): void {
    this.machine.queueWorkItem(delay, () => {
      this.look();
    });
  }

  private look(): void {
    const { connection, policy } = this;
    if (connection.isClosed && connection.place === 'InHost') return;
    switch (policy.kind) {
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
}
