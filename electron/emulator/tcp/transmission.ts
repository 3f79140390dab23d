/** What may be sent, and when: windows, Nagle, and the sender's silly-window avoidance (RFC 9293 sections 3.7.4, 3.8.6.2.1). */
import { tcpFlags } from '../wire/tcpSegment';
import { startRetransmitTimer } from './retransmission';
import { retransmissionTimeout } from './roundTripTime';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import { sackLengthDue } from './selectiveAcknowledgment';
import { startSillyWindowTimer, stopSillyWindowTimer } from './sillyWindow';
import { advance, distance, isBefore } from './sequenceNumber';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Sends the next segment if windows, Nagle and silly-window avoidance allow one; answers whether it did. */
export function transmitNext(tcb: TransmissionControlBlock, output: SegmentOutput, now: number): boolean {
  const { variables, queue, scoreboard } = tcb;
  // What the peer holds is not sent again (WIR-015).
  if (scoreboard.size > 0 && isBefore(variables.SndNxt, variables.SndMax))
    variables.SndNxt = scoreboard.nextHole(variables.SndNxt);
  const retransmission = isBefore(variables.SndNxt, variables.SndMax);
  const offset = distance(tcb.queueStart, variables.SndNxt);
  const available = queue.length - offset;
  const finPending = tcb.finQueued && available >= 0;
  if (available < 0 || (available === 0 && !finPending)) return false;
  const flight = distance(variables.SndUna, variables.SndNxt);
  if (flight === 0 && tcb.settings.restartsAfterIdle) restartIfIdle(tcb, now);
  const usable = Math.min(variables.SndWnd - flight, tcb.congestion.allowance - bytesInFlight(tcb));
  const size = tcb.mss - sackLengthDue(tcb);
  const largest = retransmission
    ? Math.min(size, scoreboard.roomBeforeRange(variables.SndNxt))
    : largestPayload(size, Math.min(available, usable), output);
  const count = Math.max(0, Math.min(available, usable, largest));
  const fin = finPending && count === available && usable > count;
  if (count === 0 && !fin) return false;
  if (!fin && !retransmission && !mayTransmit(tcb, count, size, available, flight, now)) return false;
  if (output.hasRoom?.() === false) return false;
  tcb.pushHeld = false;
  stopSillyWindowTimer(tcb);
  const push = count > 0 && queue.endsAt(offset + count);
  const flags = tcpFlags.ACK | (push ? tcpFlags.PSH : 0) | (fin ? tcpFlags.FIN : 0);
  const sequence = variables.SndNxt;
  const next = advance(sequence, count + (fin ? 1 : 0));
  if (isBefore(variables.SndMax, next)) {
    const dataEnd = advance(sequence, count);
    if (isBefore(variables.SndMax, dataEnd)) tcb.newBytesSent += distance(variables.SndMax, dataEnd);
    variables.SndMax = next;
  }
  variables.SndNxt = next;
  if (!retransmission && count > 0 && count < size) tcb.smallSegmentEnd = next;
  tcb.lastSentAt = now;
  if (!retransmission && tcb.timedSequence === undefined && !variables.timestampsEnabled) {
    tcb.timedSequence = sequence;
    tcb.timedAt = now;
  }
  emitSegment(tcb, output, flags, sequence, offset, count, retransmission, now);
  if (variables.retransmitDeadline === Infinity || variables.retransmitPurpose !== 'retransmit')
    startRetransmitTimer(tcb, now);
  if (fin) {
    if (variables.State === TcpConnectionState.Established) variables.State = TcpConnectionState.FinWait1;
    else if (variables.State === TcpConnectionState.CloseWait) variables.State = TcpConnectionState.LastAck;
  }
  return true;
}

/**
 * Most payload of one emission: a segment, or as many whole segments as the output takes at once and may be sent; what is left over
 * is the next emission's.
 */
function largestPayload(size: number, sendable: number, output: SegmentOutput): number {
  const limit = Math.min(output.largeSendLimit ?? 0, sendable);
  return limit < 2 * size ? size : limit - (limit % size);
}

/** Bytes in flight as congestion control sees them: everything before SndNxt that the peer does not hold. */
function bytesInFlight(tcb: TransmissionControlBlock): number {
  const { variables, scoreboard, congestion } = tcb;
  if (congestion.recovery === 'SACK') return tcb.pipe;
  const flight = distance(variables.SndUna, variables.SndNxt);
  return scoreboard.size === 0 ? flight : flight - scoreboard.heldBefore(variables.SndNxt);
}

/** Nothing is in flight: if nothing was for longer than a timeout, the window is not to be trusted (RFC 5681 section 4.1). */
function restartIfIdle(tcb: TransmissionControlBlock, now: number): void {
  const { variables, settings } = tcb;
  const timeout = retransmissionTimeout(variables, settings, 0, tcb.initialTimeout);
  if (variables.SndNxt === variables.SndMax && now - tcb.lastSentAt > timeout) tcb.congestion.restart();
}

/** Whether a small segment has to wait although full ones are in flight: by Minshall's rule only another small one keeps it. */
function waitsForSmall(tcb: TransmissionControlBlock): boolean {
  const { smallSegmentEnd, settings, variables } = tcb;
  if (settings.nagleRule === 'RFC 1122') return true;
  return smallSegmentEnd !== undefined && isBefore(variables.SndUna, smallSegmentEnd);
}

/** Nagle and the sender's silly-window avoidance. `size`: payload of a full-sized segment now. */
function mayTransmit(
  tcb: TransmissionControlBlock,
  count: number,
  size: number,
  available: number,
  flight: number,
  now: number,
): boolean {
  if (count >= size || tcb.pushHeld) return true;
  const nagleAllows = flight === 0 || !tcb.settings.nagle || tcb.finQueued || !waitsForSmall(tcb);
  if (nagleAllows && (count === available || count * 2 >= tcb.variables.MaxSndWnd)) return true;
  if (flight === 0) startSillyWindowTimer(tcb, now);
  return false;
}
