/** When each adapter sent its last frame: what follows close behind another may have waited in its transmit ring. */
import type { VirtualTime } from '../../trace/records';
import type { WireFrame } from '../engine/frame';
import type { FactDefinition, Handlers } from '../engine/rule';

/** Frames of a busy adapter follow each other in less, virtual ns. */
export const busyTime = 2_000_000;

/** What a frame may wait behind others, on slow links as well, virtual ns. */
const longestQueue = 150_000_000;

/** See the file's head. */
export class BusyAdapters implements Handlers {
  private readonly lastSent = new Map<number, VirtualTime>();

  /** Whether the frame that is leaving may have waited behind others. */
  isQueued({ sender, time }: WireFrame): boolean {
    return time - (this.lastSent.get(sender) ?? -Infinity) < busyTime;
  }

  /** How long the frame that is leaving may have waited at most, virtual ns: `otherwise` where its adapter has nothing else to send. */
  longestWait(frame: WireFrame, otherwise: VirtualTime): VirtualTime {
    return this.isQueued(frame) ? longestQueue : otherwise;
  }

  readonly hostFrame = (frame: WireFrame): void => {
    this.lastSent.set(frame.sender, frame.time);
  };

  readonly chimneyFrame = this.hostFrame;
}

/** `facts.of(busyAdapters)`. */
export const busyAdapters: FactDefinition<BusyAdapters> = { start: () => new BusyAdapters() };
