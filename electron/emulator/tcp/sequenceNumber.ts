/** Arithmetic modulo 2^32 on sequence numbers and timestamps (RFC 9293 section 3.4, RFC 7323 section 5.2). */

/** `base + offset`, modulo 2^32; the offset may be negative. */
export function advance(base: number, offset: number): number {
  return (base + offset) >>> 0;
}

/** Signed distance from `from` to `to`: positive if `to` lies ahead by less than half the space. */
export function distance(from: number, to: number): number {
  return (to - from) | 0;
}

/** Whether `left` precedes `right`. */
export function isBefore(left: number, right: number): boolean {
  return ((left - right) | 0) < 0;
}

/** Whether `left` precedes or equals `right`. */
export function isAtOrBefore(left: number, right: number): boolean {
  return ((left - right) | 0) <= 0;
}
