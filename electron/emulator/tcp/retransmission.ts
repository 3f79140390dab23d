/** The retransmission timer (RFC 6298 section 5) with its limits: TcpMaximumRetransmissions or MaxRT. */
import { tcpFlags } from '../wire/tcpSegment';
import { giveUp } from './closing';
import { retransmissionTimeout } from './roundTripTime';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import { sackLengthDue } from './selectiveAcknowledgment';
import { advance, distance } from './sequenceNumber';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Starts the timer, or starts it anew. */
export function startRetransmitTimer(tcb: TransmissionControlBlock, now: number): void {
  tcb.variables.retransmitPurpose = 'retransmit';
  tcb.variables.retransmitDeadline = now + retransmissionWait(tcb);
}

/** The timer has expired: everything from SndUna on counts as lost (RFC 6298 sections 5.4 to 5.6). */
export function onRetransmitTimeout(tcb: TransmissionControlBlock, now: number): void {
  const { variables, settings } = tcb;
  if (
    settings.retransmissionTimeLimit === undefined &&
    variables.RetransmitCount >= settings.maximumRetransmissions
  ) {
    giveUp(tcb, 'retransmission');
    return;
  }
  const spent = Math.min(retransmissionWait(tcb), now - variables.totalTimeRestartedAt);
  variables.TotalRT += Math.round((spent * settings.ticksPerSecond) / 1e9);
  if (retransmissionTimeLeft(tcb) <= 0) {
    giveUp(tcb, 'retransmission');
    return;
  }
  tcb.congestion.onTimeout(variables.RetransmitCount === 0);
  if (variables.RetransmitCount < 0xff) variables.RetransmitCount++;
  variables.DupAckCount = 0;
  variables.SndNxt = variables.SndUna;
  tcb.timedSequence = undefined;
  // The peer may have dropped what it only held (RFC 2018 section 8).
  tcb.scoreboard.clear();
  // A window that was taken back doesn't keep data in flight from being repeated (RFC 9293 section 3.8.6, SHLD-16).
  if (variables.SndWnd === 0) tcb.retransmitNow = true;
  startRetransmitTimer(tcb, now);
}

/**
 * Sends the segment at a sequence number before SndMax again, windows or not, up to what the peer holds; answers where it ends, or
 * undefined if there is nothing to send.
 */
export function retransmitAt(
  tcb: TransmissionControlBlock,
  sequence: number,
  output: SegmentOutput,
  now: number,
): number | undefined {
  const { variables, queue, scoreboard } = tcb;
  tcb.timedSequence = undefined;
  const offset = distance(tcb.queueStart, sequence);
  const available = Math.max(0, queue.length - offset);
  const room = Math.min(distance(sequence, variables.SndMax), scoreboard.roomBeforeRange(sequence));
  const count = Math.min(tcb.mss - sackLengthDue(tcb), available, room);
  const fin = tcb.finQueued && count === available && count < room;
  if (count <= 0 && !fin) return undefined;
  const push = count > 0 && queue.endsAt(offset + count);
  const flags = tcpFlags.ACK | (fin ? tcpFlags.FIN : 0) | (push ? tcpFlags.PSH : 0);
  emitSegment(tcb, output, flags, sequence, offset, count, true, now);
  if (variables.retransmitDeadline === Infinity) startRetransmitTimer(tcb, now);
  return advance(sequence, count + (fin ? 1 : 0));
}

/** Time until the next retransmission of the segment at SndUna: the backed-off timeout, or less if a time limit ends sooner. */
function retransmissionWait(tcb: TransmissionControlBlock): number {
  const { variables, settings, initialTimeout } = tcb;
  const timeout = retransmissionTimeout(variables, settings, variables.RetransmitCount, initialTimeout);
  return Math.min(timeout, Math.max(0, retransmissionTimeLeft(tcb)));
}

/** What is left of the time for the segment at SndUna (TMR-010, TMR-011). */
function retransmissionTimeLeft(tcb: TransmissionControlBlock): number {
  const { retransmissionTimeLimit, ticksPerSecond } = tcb.settings;
  return retransmissionTimeLimit === undefined
    ? Infinity
    : retransmissionTimeLimit - (tcb.variables.TotalRT * 1e9) / ticksPerSecond;
}
