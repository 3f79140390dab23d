/**
 * How many of a frame's bytes are headers. The headers of frames of one length lie together in a chunk, where they compress well;
 * nothing else depends on the answer, so that frames which make no sense are no problem.
 */

const etherTypeVlan = 0x8100;
const etherTypeIpv4 = 0x0800;
const etherTypeIpv6 = 0x86dd;
const protocolTcp = 6;

/** Length of the Ethernet, IP and TCP headers at the front of `bytes`, of which `length` are there; at most 255. */
export function encapsulatedHeaderLength(bytes: Uint8Array, length: number): number {
  if (length < 34) return length;
  let at = 12;
  let type = (bytes[at]! << 8) | bytes[at + 1]!;
  if (type === etherTypeVlan) {
    at += 4;
    type = (bytes[at]! << 8) | bytes[at + 1]!;
  }
  at += 2;
  if (type === etherTypeIpv4) {
    const ip = (bytes[at]! & 0x0f) * 4;
    if (bytes[at + 9] !== protocolTcp) return Math.min(length, at + ip, 255);
    at += ip;
  } else if (type === etherTypeIpv6) {
    if (bytes[at + 6] !== protocolTcp) return Math.min(length, at + 40);
    at += 40;
  } else return Math.min(length, at);
  if (at + 20 > length) return Math.min(length, at, 255);
  return Math.min(length, at + (bytes[at + 12]! >>> 4) * 4, 255);
}

/** Bytes behind a frame's headers that a trace keeps whatever its snap length. */
const payloadAlwaysKept = 16;

/** How many bytes a trace keeps of a frame of which `length` bytes are there: all headers and a little of what follows, and at least `snapLength`. */
export function keptFrameLength(
  bytes: Uint8Array,
  length: number,
  snapLength: number,
  header = encapsulatedHeaderLength(bytes, Math.min(length, bytes.length)),
): number {
  const whole = Math.min(length, bytes.length);
  return Math.min(whole, Math.max(snapLength, Math.min(header, whole) + payloadAlwaysKept));
}
