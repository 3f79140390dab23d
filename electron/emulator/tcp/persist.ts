/** Probing a closed window (RFC 9293 section 3.8.6.1, WDK page "Persist Timer", TMR-022 to TMR-028). */
import { tcpFlags } from '../wire/tcpSegment';
import { giveUp } from './closing';
import { startRetransmitTimer } from './retransmission';
import { retransmissionTimeout } from './roundTripTime';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import { advance } from './sequenceNumber';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Starts the persist timer where data waits for a closed window and nothing is in flight. */
export function armPersist(tcb: TransmissionControlBlock, now: number): void {
  const { variables } = tcb;
  if (
    variables.SndWnd > 0 ||
    variables.SndUna !== variables.SndMax ||
    variables.retransmitDeadline !== Infinity
  )
    return;
  if (!tcb.wantsWindow) return;
  variables.SndWndProbeCount = 0;
  variables.RetransmitCount = 0;
  variables.retransmitPurpose = 'persist';
  variables.retransmitDeadline = now + retransmissionTimeout(variables, tcb.settings, 0, tcb.initialTimeout);
}

/** The persist timer has expired: probes with one byte, doubling the interval inside a round. */
export function probeWindow(tcb: TransmissionControlBlock, now: number, output: SegmentOutput): void {
  const { variables, settings } = tcb;
  if (variables.RetransmitCount >= settings.maximumRetransmissions) {
    giveUp(tcb, 'retransmission');
    return;
  }
  const count = Math.min(1, tcb.queue.length);
  const repeated = variables.SndMax !== variables.SndUna;
  // Without data to probe with, an old number makes the peer answer, as a keepalive probe does.
  const sequence = count > 0 ? variables.SndUna : advance(variables.SndUna, -1);
  const flags = tcpFlags.ACK | (count > 0 ? tcpFlags.PSH : 0);
  emitSegment(tcb, output, flags, sequence, 0, count, repeated, now);
  if (count > 0 && !repeated) {
    tcb.newBytesSent += count;
    variables.SndMax = variables.SndNxt = advance(variables.SndUna, count);
  }
  // TMR-024: after RTO, 2 RTO, 4 RTO and so on, however long the wait before the round was.
  variables.retransmitDeadline =
    now + retransmissionTimeout(variables, settings, variables.RetransmitCount, tcb.initialTimeout);
  variables.RetransmitCount++;
}

/** An acknowledgment came while the window was closed: it is open now, or a new round of probes begins. */
export function onWindowAfterZero(tcb: TransmissionControlBlock, window: number, now: number): void {
  const { variables } = tcb;
  if (variables.retransmitPurpose !== 'persist') return;
  if (window > 0) {
    variables.retransmitPurpose = 'retransmit';
    variables.retransmitDeadline = Infinity;
    variables.RetransmitCount = 0;
    variables.SndNxt = variables.SndUna;
    if (variables.SndUna !== variables.SndMax) startRetransmitTimer(tcb, now);
  } else if (variables.RetransmitCount > 0) {
    // Only an answer to a probe begins a new round; what the peer says before the first one is no answer (TMR-023).
    if (variables.SndWndProbeCount < 0xff) variables.SndWndProbeCount++;
    variables.RetransmitCount = 0;
    variables.retransmitDeadline =
      now + retransmissionTimeout(variables, tcb.settings, variables.SndWndProbeCount, tcb.initialTimeout);
  }
}
