import type { EventId, FramePath } from '../../../shared/trace/records';
import { wordBuffer } from './internetChecksum';

/** Room for the largest untagged Ethernet frame (1514) and an 802.1Q tag. */
export const frameCapacity = 2048;

/** Frames of the usual capacity that share one piece of memory: at first, and at most, as each piece is twice as large as the last. */
const framesInFirstSlab = 16;
const framesInLargestSlab = 512;

/** Room for the largest IPv4 or IPv6 packet behind an Ethernet header and a tag: a frame that is cut into many on its way. */
export const largeFrameCapacity = 66 * 1024;

/**
 * What of a frame's TCP checksum is done. `in-frame`: all; its field holds it. `partial`: the field holds the folded sum over the
 * pseudo-header, and whoever carries the frame adds the rest. `verified`: the carrier has found it right.
 */
export type FrameChecksum = 'in-frame' | 'partial' | 'verified';

/** An Ethernet frame in flight. Belongs to the sender until transmitted, to the link until its receiver has returned. */
export class Frame {
  readonly bytes: Uint8Array;
  length = 0;
  /** Payload bytes of each packet that it stands for, where it is a large segment that its carrier cuts; 0: it is one packet. */
  segmentSize = 0;
  checksum: FrameChecksum = 'in-frame';
  path: FramePath = 'host';
  /** Component that made it, where several share an end of a link. */
  sender: number | undefined;
  connection: number | undefined;
  payloadLength = 0;
  retransmission = false;
  /** The frame record; set by the link. */
  event: EventId = 0;

  constructor(capacity = frameCapacity, bytes = new Uint8Array(wordBuffer(capacity))) {
    this.bytes = bytes;
  }
}

/** Frames for reuse, so that a transfer of any length allocates a handful. */
export class FramePool {
  private readonly free: Frame[] = [];
  private taken = 0;
  private slab: ArrayBuffer | undefined;
  /** Bytes of the slab that are frames. */
  private slabUsed = 0;
  private framesInSlab = framesInFirstSlab;

  /** @param capacity bytes that a frame can have. */
  constructor(private readonly capacity = frameCapacity) {}

  /** Frames that somebody has taken and not given back. */
  get outstanding(): number {
    return this.taken;
  }

  /** A frame to fill; every field is as in a new one, the bytes are not. */
  take(path: FramePath): Frame {
    const frame = this.free.pop() ?? this.make();
    this.taken++;
    frame.length = 0;
    frame.segmentSize = 0;
    frame.checksum = 'in-frame';
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

  private make(): Frame {
    const { capacity } = this;
    if (capacity > frameCapacity) return new Frame(capacity);
    if (this.slab === undefined || this.slabUsed === this.slab.byteLength) {
      this.slab = wordBuffer(frameCapacity * this.framesInSlab);
      this.framesInSlab = Math.min(framesInLargestSlab, 2 * this.framesInSlab);
      this.slabUsed = 0;
    }
    const bytes = new Uint8Array(this.slab, this.slabUsed, capacity);
    this.slabUsed += frameCapacity;
    return new Frame(capacity, bytes);
  }
}
