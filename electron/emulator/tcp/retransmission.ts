/** The retransmission timer (RFC 6298 section 5) with its limits: TcpMaximumRetransmissions or MaxRT. */
import { tcpFlags } from '../wire/tcpSegment';
import { giveUp } from './closing';
import { retransmissionTimeout } from './roundTripTime';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import { advance, distance, isBefore } from './sequenceNumber';
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
  variables.TotalRT += Math.round((retransmissionWait(tcb) * settings.ticksPerSecond) / 1e9);
  if (retransmissionTimeLeft(tcb) <= 0) {
    giveUp(tcb, 'retransmission');
    return;
  }
  tcb.congestion.onTimeout(variables.RetransmitCount === 0);
  if (variables.RetransmitCount < 0xff) variables.RetransmitCount++;
  variables.DupAckCount = 0;
  variables.SndNxt = variables.SndUna;
  tcb.timedSequence = undefined;
  // A window that was taken back doesn't keep data in flight from being repeated (RFC 9293 section 3.8.6, SHLD-16).
  if (variables.SndWnd === 0) tcb.retransmitNow = true;
  startRetransmitTimer(tcb, now);
}

/** Sends the segment at SndUna again, windows or not. */
export function retransmitFirst(tcb: TransmissionControlBlock, output: SegmentOutput, now: number): void {
  const { variables, queue } = tcb;
  tcb.timedSequence = undefined;
  const count = Math.min(tcb.mss, queue.length, distance(variables.SndUna, variables.SndMax));
  const fin =
    tcb.finQueued && count === queue.length && isBefore(advance(variables.SndUna, count), variables.SndMax);
  if (count === 0 && !fin) return;
  const flags = tcpFlags.ACK | (fin ? tcpFlags.FIN : 0) | (queue.endsAt(count) ? tcpFlags.PSH : 0);
  emitSegment(tcb, output, flags, variables.SndUna, 0, count, true, now);
  if (variables.retransmitDeadline === Infinity) startRetransmitTimer(tcb, now);
}

/** Time until the next retransmission of the segment at SndUna: the backed-off timeout, or less if a time limit ends sooner. */
function retransmissionWait(tcb: TransmissionControlBlock): number {
  const timeout = retransmissionTimeout(tcb.variables, tcb.settings, tcb.variables.RetransmitCount);
  return Math.min(timeout, Math.max(0, retransmissionTimeLeft(tcb)));
}

/** What is left of the time for the segment at SndUna (TMR-010, TMR-011). */
function retransmissionTimeLeft(tcb: TransmissionControlBlock): number {
  const { retransmissionTimeLimit, ticksPerSecond } = tcb.settings;
  return retransmissionTimeLimit === undefined
    ? Infinity
    : retransmissionTimeLimit - (tcb.variables.TotalRT * 1e9) / ticksPerSecond;
}
