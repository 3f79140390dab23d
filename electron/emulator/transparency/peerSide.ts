/** The application on the remote host: posts, reads and closes as its plan says. What it has not read fills its receive window. */
import type { Machine } from '../machine/machine';
import type { PeerApplication, PeerConnection } from '../peer/peerApplication';
import { StreamEnd } from './streamEnd';
import type { ConnectionPlan } from './workload';

/** Bytes that wait for the application at most. */
const mostUnread = 32 * 1024;

/** See the file's head. */
export class PeerSide implements PeerApplication {
  readonly end: StreamEnd;
  private unread = 0;
  private reading = false;
  private nextPost = 0;
  private nextRead = 0;
  private posted = 0;
  private shut = false;

  constructor(
    private readonly machine: Machine,
    private readonly connection: PeerConnection,
    private readonly window: number,
    private readonly plan: ConnectionPlan,
  ) {
    this.end = new StreamEnd(plan.host);
  }

  receiveSpace(): number {
    return Math.max(0, Math.min(this.window, mostUnread - this.unread));
  }

  onEstablished(): void {
    this.post();
  }

  onData(bytes: Uint8Array, start: number, length: number): void {
    this.end.take(bytes.subarray(start, start + length));
    this.unread += length;
    if (!this.reading) this.read();
  }

  onPeerClosed(): void {
    this.end.takeEnd();
    if (this.plan.peer.closesSecond) this.closeIfDone();
  }

  onClosed(reason: string): void {
    this.end.takeClosed(reason);
  }

  private read(): void {
    const { reads } = this.plan.peer;
    const { bytes, pause } = reads[this.nextRead++ % reads.length]!;
    this.reading = true;
    this.machine.schedule(this.machine.now + pause, {
      onEvent: () => {
        this.unread -= Math.min(this.unread, bytes);
        this.reading = false;
        this.connection.receiveSpaceGrew();
        if (this.unread > 0) this.read();
        this.connection.run();
      },
    });
  }

  private post(): void {
    const { peer } = this.plan;
    const next = peer.posts[this.nextPost++];
    if (next === undefined) {
      this.closeIfDone();
      return;
    }
    this.machine.schedule(this.machine.now + next.pause, {
      onEvent: () => {
        if (this.end.ended !== undefined) return;
        const from = this.posted;
        this.posted += next.length;
        this.connection.send(peer.bytes.subarray(from, this.posted), { onAcknowledged: () => undefined });
        this.post();
        this.connection.run();
      },
    });
  }

  private closeIfDone(): void {
    const { peer } = this.plan;
    if (this.shut || this.posted < peer.bytes.length) return;
    if (peer.closesSecond && !this.end.sawEnd) return;
    this.shut = true;
    this.machine.schedule(this.machine.now + peer.closePause, {
      onEvent: () => {
        if (this.end.ended !== undefined) return;
        this.connection.shutdown();
        this.connection.run();
      },
    });
  }
}
