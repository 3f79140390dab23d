/** Whether a segment is acceptable: its numbers (RFC 9293 section 3.4) and its timestamp (PAWS, RFC 7323 section 5). */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { distance, isAtOrBefore, isBefore } from './sequenceNumber';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** PAWS forgets a timestamp after 24 days (RFC 7323 section 5.5). */
const timestampLifetime = 24 * 24 * 3600 * 1e9;

/** RFC 9293 section 3.10.7.4 first check, and PAWS (RFC 7323 section 5.3). A SYN that comes anew brings stamps of its own. */
export function isAcceptable(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): boolean {
  const { variables } = tcb;
  if (
    variables.timestampsEnabled &&
    segment.timestampValue !== undefined &&
    !segment.has(tcpFlags.RST) &&
    !segment.has(tcpFlags.SYN) &&
    isBefore(segment.timestampValue, variables.TsRecent) &&
    now - variables.tsRecentTime < timestampLifetime
  ) {
    return false;
  }
  const length = segment.sequenceLength;
  const first = distance(variables.RcvNxt, segment.SequenceNumber);
  if (length === 0) {
    // A peer that has filled the window acknowledges from its right edge, or from behind a window probe. Such valid
    // acknowledgments are to be accepted; otherwise two such peers would answer each other for ever.
    const beyond = segment.has(tcpFlags.RST) ? 0 : 2;
    return first === 0 || (first > 0 && first < variables.RcvWnd + beyond);
  }
  // A closed window takes no payload, but acknowledgments that come with probes count (RFC 9293 section 3.10.7.4).
  if (variables.RcvWnd === 0) return first + length > 0 && first <= 0;
  return first < variables.RcvWnd && first + length > 0;
}

/**
 * Whether a segment of a synchronized connection passes every check that comes before its urgent pointer: sequence number,
 * PAWS, and an acknowledgment that is neither too new nor too old (RFC 9293 section 3.10.7.4, RFC 5961 section 5.2).
 */
export function wouldTake(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): boolean {
  return (
    segment.has(tcpFlags.ACK) && isAcceptable(tcb, segment, now) && hasAcceptableAcknowledgment(tcb, segment)
  );
}

/** Whether an acknowledgment is of something sent, and no older than a window (RFC 5961 section 5.2). */
export function hasAcceptableAcknowledgment(tcb: TransmissionControlBlock, segment: TcpSegment): boolean {
  const { SndUna, SndMax, MaxSndWnd } = tcb.variables;
  return (
    distance(SndUna, segment.AcknowledgmentNumber) >= -MaxSndWnd &&
    !isBefore(SndMax, segment.AcknowledgmentNumber)
  );
}

/** Whether a segment lacks the timestamps that both sides have agreed on (RFC 7323 section 3.2). */
export function lacksTimestamps(tcb: TransmissionControlBlock, segment: TcpSegment): boolean {
  return (
    tcb.variables.timestampsEnabled &&
    segment.timestampValue === undefined &&
    (segment.flags & (tcpFlags.RST | tcpFlags.SYN)) === 0
  );
}

/** Takes the timestamp of a segment that is at or before what was acknowledged last (RFC 7323 section 4.3). */
export function updateTsRecent(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  if (
    variables.timestampsEnabled &&
    segment.timestampValue !== undefined &&
    isAtOrBefore(segment.SequenceNumber, tcb.lastAcknowledgmentSent)
  ) {
    variables.TsRecent = segment.timestampValue;
    variables.tsRecentTime = now;
  }
}
