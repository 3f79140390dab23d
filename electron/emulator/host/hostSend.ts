import type { SendOwner } from '../tcp/sendQueue';

/** Bytes that the application has posted, and how much of them the peer has acknowledged, whichever path carries them. */
export class HostSend implements SendOwner {
  acknowledged = 0;

  constructor(
    readonly bytes: Uint8Array,
    /** Offset of the first byte in the stream. */
    readonly streamOffset: number,
    private readonly done: (send: HostSend) => void,
  ) {}

  /** Bytes that still have to be acknowledged. */
  get rest(): Uint8Array {
    return this.bytes.subarray(this.acknowledged);
  }

  onAcknowledged(count: number): void {
    this.acknowledged += count;
    if (this.acknowledged === this.bytes.length) this.done(this);
  }
}
