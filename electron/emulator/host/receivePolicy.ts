/** How an application reads while its connection is offloaded; without one of its own the host stack's settings decide. */

/** See the file's head. */
export interface ReceivePolicy {
  /** Receive requests that are posted at a time. With 0 data is indicated, and a request follows only what has been left. */
  readonly posted: number;
  /** Bytes of each request. */
  readonly bytes: number;
  /** Time until requests are posted, after the offload and after an indication of which something was left; virtual ns. */
  readonly postDelay: number;
  /** Bytes that are taken of an indication of `length` bytes, 0 to `length` (IND-009 to IND-011). */
  consume(length: number): number;
}
