import type { EventId, FramePath } from '../../../shared/trace/records';

/** Room for the largest untagged Ethernet frame (1514) and an 802.1Q tag. */
const frameCapacity = 2048;

/** An Ethernet frame in flight. Belongs to the sender until transmitted, to the link until its receiver has returned. */
export class Frame {
  readonly bytes = new Uint8Array(frameCapacity);
  length = 0;
  path: FramePath = 'host';
  /** Component that made it, where several share an end of a link. */
  sender: number | undefined;
  connection: number | undefined;
  payloadLength = 0;
  retransmission = false;
  /** The frame record; set by the link. */
  event: EventId = 0;
}

/** Frames for reuse, so that a transfer of any length allocates a handful. */
export class FramePool {
  private readonly free: Frame[] = [];
  private taken = 0;

  /** Frames that somebody has taken and not given back. */
  get outstanding(): number {
    return this.taken;
  }

  /** A frame to fill; every field is as in a new one, the bytes are not. */
  take(path: FramePath): Frame {
    const frame = this.free.pop() ?? new Frame();
    this.taken++;
    frame.length = 0;
    frame.path = path;
    frame.sender = undefined;
    frame.connection = undefined;
    frame.payloadLength = 0;
    frame.retransmission = false;
    return frame;
  }

  /** Gives a frame back; nobody may hold it any more. */
  release(frame: Frame): void {
    this.taken--;
    this.free.push(frame);
  }
}
