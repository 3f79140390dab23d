/** RST and SYN segments that may come from somebody who guesses numbers (RFC 5961; for a target WIR-037 to WIR-050). */
import type { TcpSegment } from '../wire/tcpSegment';
import { reset, toClosed } from './closing';
import { validatePeer } from './keepAlive';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Shortest time between two challenges for SYNs, ns (WIR-039). */
const synChallengeInterval = 3_000_000_000;

/** A RST in the window: only the exact number resets (RFC 5961 section 3.2). */
export function processReset(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  if (segment.SequenceNumber === tcb.variables.RcvNxt) {
    reset(tcb);
    return;
  }
  if (tcb.settings.blindReset === 'challenge') {
    tcb.acknowledge = 'now';
    return;
  }
  if (!tcb.resetChallenged) tcb.acknowledge = 'now';
  tcb.resetChallenged = true;
  validatePeer(tcb, now);
}

/** A SYN in the window of a synchronized connection (RFC 5961 section 4.2). */
export function processUnexpectedSyn(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables, settings, user } = tcb;
  if (settings.blindReset === 'challenge' || variables.State === TcpConnectionState.TimeWait) {
    tcb.acknowledge = 'now';
    return;
  }
  if (segment.SequenceNumber === variables.RcvNxt) {
    // WIR-037: whoever knows the number has begun anew; the connection is over, and nobody is answered.
    toClosed(tcb);
    user.onPeerRestarted?.();
    return;
  }
  if (now - tcb.synChallengedAt >= synChallengeInterval) {
    tcb.synChallengedAt = now;
    tcb.acknowledge = 'now';
  }
  validatePeer(tcb, now);
}
