/** Runs the timers that have expired (WDK page "Overview of TCP Timers"). */
import { assertNever } from '../../../shared/base/assertNever';
import { toClosed } from './closing';
import { onDelayedAckTimeout } from './delayedAcknowledgment';
import { probeIdlePeer } from './keepAlive';
import { probeWindow } from './persist';
import { onRetransmitTimeout } from './retransmission';
import { onWindowUpdateTimeout } from './receiveWindow';
import type { SegmentOutput } from './segmentOutput';
import { onSillyWindowTimeout } from './sillyWindow';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Time of the next timer, virtual ns; Infinity if none runs. */
export function nextDeadline(tcb: TransmissionControlBlock): number {
  const { retransmitDeadline, keepAliveDeadline } = tcb.variables;
  const heldBack = Math.min(tcb.sillyWindowDeadline, tcb.windowUpdateDeadline);
  return Math.min(retransmitDeadline, keepAliveDeadline, tcb.delayedAckDeadline, heldBack);
}

/** See the file's head. */
export function runTimers(tcb: TransmissionControlBlock, now: number, output: SegmentOutput): void {
  const { variables } = tcb;
  if (now >= tcb.delayedAckDeadline) onDelayedAckTimeout(tcb);
  if (now >= tcb.sillyWindowDeadline) onSillyWindowTimeout(tcb);
  if (now >= tcb.windowUpdateDeadline) onWindowUpdateTimeout(tcb);
  if (now >= variables.keepAliveDeadline) probeIdlePeer(tcb, now, output);
  if (now < variables.retransmitDeadline) return;
  variables.retransmitDeadline = Infinity;
  switch (variables.retransmitPurpose) {
    case 'retransmit':
      onRetransmitTimeout(tcb, now);
      return;
    case 'persist':
      probeWindow(tcb, now, output);
      return;
    case 'fin-wait-2':
      toClosed(tcb);
      tcb.user.onTimeout();
      return;
    case 'time-wait':
      toClosed(tcb);
      tcb.user.onClosed();
      return;
    default:
      assertNever(variables.retransmitPurpose, 'timer');
  }
}
