/** The application on the emulated host: posts, reads and closes as its plan says, whoever has its connection. */
import type { ConnectionUser } from '../host/connectionUser';
import type { HostConnection } from '../host/hostConnection';
import type { ReceivePolicy } from '../host/receivePolicy';
import type { Machine } from '../machine/machine';
import { StreamEnd } from './streamEnd';
import type { ConnectionPlan } from './workload';

/** See the file's head. */
export class HostSide implements ConnectionUser {
  readonly receives: ReceivePolicy | undefined;
  readonly reading: 'at-once' | 'on-request';
  readonly end: StreamEnd;
  connection: HostConnection | undefined;
  /** Bytes whose sends have been completed. */
  acknowledged = 0;
  private nextPost = 0;
  private nextRead = 0;
  private posted = 0;
  private shut = false;

  constructor(
    private readonly machine: Machine,
    readonly plan: ConnectionPlan,
  ) {
    this.end = new StreamEnd(plan.peer);
    this.reading = plan.hostReads === 'on-request' ? 'on-request' : 'at-once';
    this.receives = this.policy();
  }

  onConnected(): void {
    this.post();
    if (this.reading === 'on-request') this.readOn();
  }

  onData(bytes: Uint8Array): void {
    this.end.take(bytes);
  }

  onPeerClosed(): void {
    // Who reads on request meets the end behind the last byte.
    if (this.reading === 'at-once') this.takeEnd();
  }

  onClosed(reason: string): void {
    this.end.takeClosed(reason);
  }

  private takeEnd(): void {
    this.end.takeEnd();
    if (this.plan.host.closesSecond) this.closeIfDone();
  }

  private policy(): ReceivePolicy | undefined {
    const { hostReads, posted, host } = this.plan;
    const first = host.reads[0]!;
    const all = (length: number): number => length;
    switch (hostReads) {
      case 'posted':
        return { posted, bytes: first.bytes, postDelay: first.pause, consume: all };
      case 'in-part': {
        const part = (length: number): number => Math.min(length, this.turn().bytes % (length + 1));
        return { posted: posted - 1, bytes: first.bytes, postDelay: first.pause, consume: part };
      }
      default:
        return undefined;
    }
  }

  private turn(): { readonly bytes: number; readonly pause: number } {
    const { reads } = this.plan.host;
    return reads[this.nextRead++ % reads.length]!;
  }

  private readOn(): void {
    const { bytes, pause } = this.turn();
    this.machine.queueWorkItem(pause, () => {
      this.connection!.read(bytes, (got) => {
        if (got.length === 0) {
          this.takeEnd();
          return;
        }
        this.end.take(got);
        this.readOn();
      });
    });
  }

  private post(): void {
    const { host } = this.plan;
    const next = host.posts[this.nextPost++];
    if (next === undefined) {
      this.closeIfDone();
      return;
    }
    this.machine.queueWorkItem(next.pause, () => {
      if (this.end.ended !== undefined) return;
      const from = this.posted;
      this.posted += next.length;
      this.connection!.send(host.bytes.subarray(from, this.posted), () => {
        this.acknowledged += next.length;
      });
      this.post();
    });
  }

  private closeIfDone(): void {
    const { host } = this.plan;
    if (this.shut || this.posted < host.bytes.length) return;
    if (host.closesSecond && !this.end.sawEnd) return;
    this.shut = true;
    this.machine.queueWorkItem(host.closePause, () => {
      if (this.end.ended === undefined) this.connection!.shutdown();
    });
  }
}
