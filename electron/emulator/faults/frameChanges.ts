/** What happens to frames at an adapter's end of a cable in a run with faults: what a peer sends otherwise, and what waits in a stall. */
import type { FrameTamper, LinkTampers } from '../scenarios/tampering';
import { copyFrame, editSegment, segmentPlaces, type SegmentPlaces } from '../tampering/segmentEdits';
import type { Frame, FramePool } from '../wire/frame';
import { tcpFlags } from '../wire/tcpSegment';
import type { Stall } from './stall';

/** What a peer's segment becomes; false: it is not sent at all. */
export type SegmentChange = (
  view: DataView,
  places: SegmentPlaces,
  /** The shift of the window in its segments. */
  windowScale: number,
) => boolean;

/** A change that is made for a while, of the segments of one connection. */
interface OpenChange {
  readonly connection: number;
  readonly change: SegmentChange;
}

const windowScaleOption = 3;

/** The shift that a SYN announces (RFC 7323 section 2.2); 0 without the option. */
function announcedScale(view: DataView, { tcp, payload }: SegmentPlaces): number {
  for (let at = tcp + 20; at < payload;) {
    const kind = view.getUint8(at);
    if (kind === 0) break;
    if (kind === windowScaleOption) return view.getUint8(at + 2);
    at += kind === 1 ? 1 : Math.max(2, view.getUint8(at + 1));
  }
  return 0;
}

/** See the file's head. */
export class FrameChanges {
  private readonly changes = new Set<OpenChange>();
  private readonly scales = new Map<number, number>();

  /** The peer's segments of a connection are changed from now on; answers what ends that. */
  begin(connection: number, change: SegmentChange): () => void {
    const open = { connection, change };
    this.changes.add(open);
    return () => this.changes.delete(open);
  }

  /** What stands at an adapter's end of its cable. `hand` and `send` do what a stall has kept from being done. */
  tampers(
    pool: FramePool,
    stall: Stall,
    hand: (frame: Frame) => void,
    send: (frame: Frame) => void,
  ): LinkTampers {
    const waiting =
      (later: (frame: Frame) => void, copies: boolean): FrameTamper =>
      (frame) => {
        if (!stall.isUnderWay) return [frame];
        const kept = copies ? copyFrame(frame) : frame;
        stall.pass(() => {
          later(kept);
        });
        return [];
      };
    return {
      received: waiting(hand, true),
      sent: waiting(send, false),
      remote: (frame) => {
        if (this.keeps(frame)) return [frame];
        pool.release(frame);
        return [];
      },
    };
  }

  /** Changes a peer's frame; answers whether it is sent. */
  private keeps(frame: Frame): boolean {
    const { connection } = frame;
    const places = connection === undefined ? undefined : segmentPlaces(frame);
    if (connection === undefined || places === undefined) return true;
    const { bytes } = frame;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if ((view.getUint8(places.tcp + 13) & tcpFlags.SYN) !== 0)
      this.scales.set(connection, announcedScale(view, places));
    let isSent = true;
    for (const { connection: one, change } of this.changes) {
      if (one !== connection) continue;
      editSegment(frame, () => {
        isSent &&= change(view, places, this.scales.get(connection) ?? 0);
      });
    }
    return isSent;
  }
}
