/** Takes the acknowledgment and the window of acceptable segments (RFC 9293 section 3.10.7.4, fifth check; RFC 5681). */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { finAcknowledged } from './closing';
import { onWindowAfterZero } from './persist';
import { startRetransmitTimer } from './retransmission';
import { takeRttSample } from './roundTripTime';
import { onSackDuplicate, takeSackBlocks } from './sackRecovery';
import { advance, distance, isAtOrBefore, isBefore } from './sequenceNumber';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Takes an acknowledgment that is neither too old nor of anything unsent. */
export function processAcknowledgment(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  const acknowledgment = segment.AcknowledgmentNumber;
  const window = segment.window * (1 << variables.SndWindScale);
  const advances = isBefore(variables.SndUna, acknowledgment);
  if (advances) acknowledgeNew(tcb, segment, acknowledgment, now);
  if (variables.sackEnabled) {
    const isNews = segment.sackBlockCount > 0 && takeSackBlocks(tcb, segment, variables.SndUna);
    // RFC 6675 section 2: an acknowledgment is a duplicate if its blocks say something new, whatever else it carries.
    if (isNews) onDuplicate(tcb);
  } else if (
    acknowledgment === variables.SndUna &&
    segment.payloadLength === 0 &&
    !segment.has(tcpFlags.FIN) &&
    variables.SndUna !== variables.SndMax &&
    window === variables.SndWnd &&
    !advances
  ) {
    onDuplicate(tcb);
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
}

function onDuplicate(tcb: TransmissionControlBlock): void {
  const { variables, congestion, settings } = tcb;
  // An answer to a window probe says nothing of lost segments.
  if (variables.retransmitPurpose !== 'retransmit') return;
  if (variables.DupAckCount < 0xff) variables.DupAckCount++;
  if (variables.sackEnabled) onSackDuplicate(tcb);
  else if (congestion.onDuplicate(settings.duplicateAckThreshold)) tcb.retransmitNow = true;
}

/** The peer offers `window` bytes, which is the segment's window scaled. */
export function updateSendWindow(tcb: TransmissionControlBlock, segment: TcpSegment, window: number): void {
  const { variables } = tcb;
  variables.SndWnd = window;
  variables.SendWL1 = segment.SequenceNumber;
  if (window > variables.MaxSndWnd) variables.MaxSndWnd = window;
}

/**
 * Measures the round trip that an acknowledgment ends (RFC 6298 section 3; RFC 7323 section 4). With timestamps every
 * acknowledgment could be measured; one for each round trip keeps the gains of RFC 6298 what they are meant to be (RFC 7323
 * section 4.2).
 */
export function sampleRtt(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  if (variables.timestampsEnabled) {
    if (segment.timestampEcho === undefined || segment.timestampEcho === 0) return;
    if (tcb.sampleEnd !== undefined && isAtOrBefore(segment.AcknowledgmentNumber, tcb.sampleEnd)) return;
    tcb.sampleEnd = variables.SndMax;
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
  variables.SndUna = acknowledgment;
  if (tcb.scoreboard.size > 0) tcb.scoreboard.acknowledge(acknowledgment);
  if (!partial) variables.DupAckCount = 0;
  // A recovery by SACK sees for itself what is lost, unless a hand-over has made it forget what the peer holds.
  else if (tcb.congestion.recovery === 'NewReno' || tcb.scoreboard.size === 0) tcb.retransmitNow = true;
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
