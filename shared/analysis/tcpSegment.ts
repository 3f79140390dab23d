/** Where a recorded frame's TCP header stands and what is needed of it to follow bytes: no object per frame. */

/** Flags of a TCP header (RFC 9293 section 3.1). */
export const tcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

/** Extension headers of IPv6 that have a length of their own (RFC 8200 section 4). */
const lengthyExtensions = new Set([0, 43, 60, 135]);

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

/** The 32-bit number at an offset that lies within the bytes. */
export function u32At(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 65_536 + u16(bytes, at + 2);
}

/**
 * Offset of the TCP header in an Ethernet frame as far as it was recorded; -1 if the frame is none of TCP, is a later fragment, or was cut
 * before the end of the header's first 20 bytes.
 */
export function tcpHeaderOffset(bytes: Uint8Array): number {
  if (bytes.length < 54) return -1;
  const isTagged = u16(bytes, 12) === 0x8100;
  const internet = isTagged ? 18 : 14;
  const type = u16(bytes, internet - 2);
  let offset = -1;
  if (type === 0x0800) {
    if (bytes[internet + 9] !== 6 || (u16(bytes, internet + 6) & 0x1fff) !== 0) return -1;
    offset = internet + Math.max(20, (bytes[internet]! & 15) * 4);
  } else if (type === 0x86dd) {
    let next = bytes[internet + 6]!;
    offset = internet + 40;
    while (lengthyExtensions.has(next) && offset + 2 <= bytes.length) {
      next = bytes[offset]!;
      offset += (bytes[offset + 1]! + 1) * 8;
    }
    if (next !== 6) return -1;
  }
  return offset >= 0 && offset + 20 <= bytes.length ? offset : -1;
}

/** How far sequence number `later` lies behind `earlier`, from -2^31 to 2^31 - 1 (RFC 9293 section 3.4). */
export function sequenceDistance(earlier: number, later: number): number {
  return (later - earlier) | 0;
}
