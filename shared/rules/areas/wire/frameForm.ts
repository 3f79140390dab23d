/** Whether the headers of a frame parse, and its checksums are right (RFC 791, RFC 8200, RFC 9293 section 3.1). */
import type { WireFrame } from '../../engine/frame';
import { datagramLength, foldedSum, isFilled, pseudoHeaderSum, u16At } from './targetFrames';

/** What is wrong with a frame with an IP header, as text that follows "a frame with"; undefined: nothing that the recorded bytes show. */
export function formProblem(frame: WireFrame): string | undefined {
  const { bytes } = frame.record;
  const at = frame.internetAt;
  if (bytes.length < at + 20) return 'an IP header that is cut short';
  const datagram = datagramLength(frame)!;
  if (frame.ipVersion === 4) {
    if (bytes[at]! >>> 4 !== 4) return `IP version ${bytes[at]! >>> 4} in an IPv4 frame`;
    const headerLength = (bytes[at]! & 15) * 4;
    if (headerLength < 20 || headerLength > datagram) return `an IPv4 header of ${headerLength} bytes`;
    if (at + headerLength <= bytes.length && foldedSum(bytes, at, at + headerLength) !== 0xffff)
      return 'a wrong checksum in its IPv4 header';
  } else if (bytes[at]! >>> 4 !== 6) return `IP version ${bytes[at]! >>> 4} in an IPv6 frame`;
  if (!isFilled(frame, datagram)) return `a datagram of ${datagram} bytes in ${frame.record.length} bytes`;
  return frame.isSegment && !frame.isFragment ? segmentProblem(frame, datagram) : undefined;
}

function segmentProblem(frame: WireFrame, datagram: number): string | undefined {
  const { bytes } = frame.record;
  const at = frame.transportAt;
  const end = frame.internetAt + datagram;
  const headerLength = (bytes[at + 12]! >>> 4) * 4;
  if (headerLength < 20 || at + headerLength > end) return `a TCP header of ${headerLength} bytes`;
  if (end - at - headerLength !== frame.payloadLength)
    return `${end - at - headerLength} bytes behind its TCP header that has ${frame.payloadLength} bytes of payload`;
  const options = optionsProblem(bytes, at + 20, at + headerLength);
  if (options !== undefined) return options;
  // A frame that the trace has cut can't be summed up.
  if (bytes.length < end) return undefined;
  const pseudo = pseudoHeaderSum(frame, datagram);
  if (foldedSum(bytes, at, end, pseudo) === 0xffff) return undefined;
  return u16At(bytes, at + 16) === pseudo ? undefined : 'a wrong TCP checksum';
}

function optionsProblem(bytes: Uint8Array, from: number, until: number): string | undefined {
  if (bytes.length < until) return undefined;
  for (let at = from; at < until && bytes[at] !== 0;) {
    if (bytes[at] === 1) {
      at++;
      continue;
    }
    const length = at + 1 < until ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > until)
      return `a TCP option of kind ${bytes[at]!} that has no right length`;
    at += length;
  }
  return undefined;
}
