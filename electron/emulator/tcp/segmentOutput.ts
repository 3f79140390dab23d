import type { TcpSegment } from '../wire/tcpSegment';
import type { SendQueue } from './sendQueue';

/** Takes the segments of `dispatch`. */
export interface SegmentOutput {
  /**
   * Sends a segment whose payload is `segment.payloadLength` bytes of `queue` at `offset`. The segment object is reused
   * after the call. `retransmission`: some of its sequence space had been sent before.
   */
  emit(segment: TcpSegment, queue: SendQueue, offset: number, retransmission: boolean): void;
  /**
   * Most payload bytes of new data in one emission, where the output cuts what it gets into segments of the engine's `mss` itself;
   * such an emission holds whole segments of data. Absent: one segment.
   */
  readonly largeSendLimit?: number | undefined;
  /**
   * Whether there is room for a segment with data that is ready to go; asked before each. Who answers no calls `dispatch` again
   * when there is room. Absent: always.
   */
  hasRoom?(): boolean;
}
