/** When data is acknowledged (RFC 1122 section 4.2.3.2, RFC 5681 section 4.2, TMR-003 to TMR-007). */
import type { TransmissionControlBlock } from './transmissionControlBlock';

/**
 * In-sequence data has come: acknowledges every `ackFrequency`-th segment at once, any other after a delay at the latest. A segment
 * that somebody has put together from several counts for as many.
 */
export function acknowledgeLater(tcb: TransmissionControlBlock, payloadLength: number, now: number): void {
  tcb.unacknowledgedSegments += Math.max(1, Math.floor(payloadLength / tcb.mss));
  if (tcb.unacknowledgedSegments >= tcb.settings.ackFrequency) tcb.acknowledge = 'now';
  else if (tcb.acknowledge === 'no') {
    tcb.acknowledge = 'delayed';
    tcb.delayedAckDeadline = now + tcb.settings.delayedAckTime;
  }
}

/** The delay is over. */
export function onDelayedAckTimeout(tcb: TransmissionControlBlock): void {
  tcb.delayedAckDeadline = Infinity;
  if (tcb.acknowledge === 'delayed') tcb.acknowledge = 'now';
}
