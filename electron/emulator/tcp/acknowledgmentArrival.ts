/** Takes the acknowledgment and the window of acceptable segments (RFC 9293 section 3.10.7.4, fifth check; RFC 5681). */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { finAcknowledged } from './closing';
import { onWindowAfterZero } from './persist';
import { startRetransmitTimer } from './retransmission';
import { takeRttSample } from './roundTripTime';
import { advance, distance, isAtOrBefore, isBefore } from './sequenceNumber';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Answers false if the segment is to be dropped. */
export function processAcknowledgment(
  tcb: TransmissionControlBlock,
  segment: TcpSegment,
  now: number,
): boolean {
  const { variables } = tcb;
  const acknowledgment = segment.AcknowledgmentNumber;
  if (isBefore(variables.SndMax, acknowledgment)) {
    tcb.acknowledge = 'now';
    return false;
  }
  const window = segment.window * (1 << variables.SndWindScale);
  const advances = isBefore(variables.SndUna, acknowledgment);
  if (advances) acknowledgeNew(tcb, segment, acknowledgment, now);
  else if (
    acknowledgment === variables.SndUna &&
    segment.payloadLength === 0 &&
    !segment.has(tcpFlags.FIN) &&
    variables.SndUna !== variables.SndMax &&
    window === variables.SndWnd &&
    variables.retransmitPurpose === 'retransmit'
  ) {
    if (variables.DupAckCount < 0xff) variables.DupAckCount++;
    if (tcb.congestion.onDuplicate(tcb.settings.duplicateAckThreshold)) tcb.retransmitNow = true;
  }
  // RFC 9293 takes the window of newer segments only; a retransmission that acknowledges new data has an old number, yet its
  // window belongs to its acknowledgment.
  const isCurrent =
    acknowledgment === variables.SndUna && isAtOrBefore(variables.SendWL1, segment.SequenceNumber);
  if (advances || isCurrent) {
    const wasZero = variables.SndWnd === 0;
    updateSendWindow(tcb, segment, window);
    if (wasZero) onWindowAfterZero(tcb, window, now);
  }
  return true;
}

/** The peer offers `window` bytes, which is the segment's window scaled. */
export function updateSendWindow(tcb: TransmissionControlBlock, segment: TcpSegment, window: number): void {
  const { variables } = tcb;
  variables.SndWnd = window;
  variables.SendWL1 = segment.SequenceNumber;
  if (window > variables.MaxSndWnd) variables.MaxSndWnd = window;
}

/** Measures the round trip that an acknowledgment ends (RFC 6298 section 3; RFC 7323 section 4). */
export function sampleRtt(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  if (variables.timestampsEnabled) {
    if (segment.timestampEcho === undefined || segment.timestampEcho === 0) return;
    const ticks = distance(segment.timestampEcho, tcb.timestamp(now));
    if (ticks >= 0) takeRttSample(variables, ticks);
  } else if (tcb.timedSequence !== undefined && isBefore(tcb.timedSequence, segment.AcknowledgmentNumber)) {
    takeRttSample(variables, Math.round(((now - tcb.timedAt) * tcb.settings.ticksPerSecond) / 1e9));
    tcb.timedSequence = undefined;
  }
}

function acknowledgeNew(
  tcb: TransmissionControlBlock,
  segment: TcpSegment,
  acknowledgment: number,
  now: number,
): void {
  const { variables, queue } = tcb;
  sampleRtt(tcb, segment, now);
  const { partial, restartTimer } = tcb.congestion.onAcknowledged(acknowledgment);
  if (partial) tcb.retransmitNow = true;
  else variables.DupAckCount = 0;
  variables.SndUna = acknowledgment;
  if (isBefore(variables.SndNxt, acknowledgment)) variables.SndNxt = acknowledgment;
  variables.RetransmitCount = 0;
  variables.SndWndProbeCount = 0;
  variables.TotalRT = 0;
  if (variables.retransmitPurpose === 'retransmit') {
    if (acknowledgment === variables.SndMax) variables.retransmitDeadline = Infinity;
    else if (restartTimer) startRetransmitTimer(tcb, now);
  }
  const finSequence = advance(tcb.queueStart, queue.length);
  const isFinAcknowledged = tcb.finQueued && isBefore(finSequence, acknowledgment);
  const bytes = Math.min(queue.length, distance(tcb.queueStart, acknowledgment));
  if (bytes > 0) {
    tcb.queueStart = advance(tcb.queueStart, bytes);
    queue.release(bytes);
  }
  if (variables.retransmitPurpose === 'persist' && !tcb.wantsWindow) {
    variables.retransmitPurpose = 'retransmit';
    variables.retransmitDeadline = Infinity;
  }
  if (isFinAcknowledged) finAcknowledged(tcb, now);
}
