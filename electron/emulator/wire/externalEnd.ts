/**
 * The end of a link that leads out of the emulator: what arrives there is somebody else's, and what somebody else sends enters the
 * link there.
 */
import type { EventTarget } from '../clock/scheduler';
import { surroundings, type Machine } from '../machine/machine';
import type { Frame, FramePool } from './frame';
import type { LinkEnd, Transmitter } from './link';

/** See the file's head. */
export class ExternalEnd implements LinkEnd, EventTarget {
  readonly component: number;
  private link: Transmitter | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    /** Takes a frame that has crossed the link; it may be used until the call returns. */
    private readonly deliver: (frame: Frame) => void,
    name: string,
  ) {
    this.component = machine.probe.component('peer', name);
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  /** A frame to fill for `send`; or to give back to the pool. */
  take(): Frame {
    return this.pool.take('peer');
  }

  /** Sends a frame at a virtual time in ns, which must not have passed; takes the frame over. */
  send(frame: Frame, at: number): void {
    this.machine.scheduler.schedule(at, this, 0, frame, undefined, surroundings);
  }

  onEvent(_argument: number, payload: unknown): void {
    const frame = payload as Frame;
    if (this.link === undefined) this.pool.release(frame);
    else this.link.transmit(this, frame);
  }

  receive(frame: Frame): void {
    this.deliver(frame);
  }
}
