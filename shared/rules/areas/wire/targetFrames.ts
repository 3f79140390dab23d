/** What rules about the frames of a target have in common. */
import { constantValue } from '../../../ddi/catalogue';
import type { WireFrame } from '../../engine/frame';
import type { Breach, Handlers, RuleContext } from '../../engine/rule';
import { handedState, type HandedTcp } from '../../facts/handedState';

/** Flags of TCP_OFFLOAD_STATE_CONST. */
export const constFlags = {
  timestamps: constantValue('TCP_FLAG_TIMESTAMP_ENABLED'),
  sack: constantValue('TCP_FLAG_SACK_ENABLED'),
  windowScaling: constantValue('TCP_FLAG_WINDOW_SCALING_ENABLED'),
} as const;

/** Flags of TCP_OFFLOAD_STATE_CACHED. */
export const cachedFlags = { keepAlive: constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED') } as const;

/** Shortest frame on a wire without FCS (IEEE 802.3). */
const shortestFrame = 60;

/** A number of two bytes in network order. */
export function u16At(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

/** Bytes of the IP datagram in a frame, as its header says; undefined where there is none. */
export function datagramLength(frame: WireFrame): number | undefined {
  const { bytes } = frame.record;
  const { internetAt: at, ipVersion } = frame;
  if (ipVersion === 4) return u16At(bytes, at + 2);
  return ipVersion === 6 ? u16At(bytes, at + 4) + 40 : undefined;
}

/** Whether there are as many bytes behind the datagram as the shortest frame needs, and no more. */
export function isFilled(frame: WireFrame, datagram: number): boolean {
  const { length } = frame.record;
  const end = frame.internetAt + datagram;
  return length === Math.max(end, shortestFrame) || length === end;
}

/** Whether a recorded frame has these bytes at an offset. */
export function hasBytesAt(frame: WireFrame, at: number, expected: Uint8Array): boolean {
  const { bytes } = frame.record;
  for (let index = 0; index < expected.length; index++)
    if (bytes[at + index] !== expected[index]) return false;
  return true;
}

/** An Ethernet address for people. */
export function linkText(bytes: Uint8Array, at = 0): string {
  return [...bytes.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Sum of the 16-bit words of a range, folded (RFC 1071); an odd last byte counts as the upper half of a word. */
export function foldedSum(bytes: Uint8Array, from: number, until: number, start = 0): number {
  let sum = start;
  for (let at = from; at < until; at += 2) sum += bytes[at]! * 256 + (at + 1 < until ? bytes[at + 1]! : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return sum;
}

/** Folded sum of the pseudo-header of a frame's segment (RFC 9293 section 3.1). */
export function pseudoHeaderSum(frame: WireFrame, datagram: number): number {
  const { bytes } = frame.record;
  const { internetAt: at, transportAt } = frame;
  const [from, until] = frame.ipVersion === 4 ? [at + 12, at + 20] : [at + 8, at + 40];
  return foldedSum(bytes, from, until, 6 + at + datagram - transportAt);
}

/**
 * Whether the sum of a segment, and its cutting where it is large, is left to the other end of the cable: its checksum field holds the sum over
 * the pseudo-header only. Such a frame is none of a wire.
 */
export function isLeftToCarrier(frame: WireFrame): boolean {
  const datagram = datagramLength(frame);
  if (datagram === undefined || !frame.isSegment) return false;
  return u16At(frame.record.bytes, frame.transportAt + 16) === pseudoHeaderSum(frame, datagram);
}

/** Calls `decide` for every segment that a target's engine sends on a connection that it holds. */
export function targetSegments(
  { facts }: RuleContext,
  decide: (frame: WireFrame, tcp: HandedTcp) => void,
): Required<Pick<Handlers, 'chimneyFrame'>> {
  const handed = facts.of(handedState);
  return {
    chimneyFrame: (frame) => {
      const tcp = handed.ofSegment(frame);
      if (tcp !== undefined) decide(frame, tcp);
    },
  };
}

/** A breach by the target that sends a frame. */
export function badFrame(
  frame: WireFrame,
  earlier: number | undefined,
  found: string,
  expected: string,
): Breach {
  return {
    events: [earlier, frame.event],
    found,
    expected,
    component: frame.sender,
    connection: frame.connection,
  };
}
