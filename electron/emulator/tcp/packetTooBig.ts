/** What TCP does when a router has refused its packets for their size (RFC 1191 section 6.5, RFC 8201 section 5.4). */
import { isBefore } from './sequenceNumber';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/**
 * Everything outstanding is sent again in segments that fit. It was not lost to congestion, so that neither CWnd nor the backed-off
 * timeout change; no round trip is measured of what has gone twice.
 */
export function repeatInSmallerSegments(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  if (!isBefore(variables.SndUna, variables.SndNxt)) return;
  variables.SndNxt = variables.SndUna;
  tcb.timedSequence = undefined;
  tcb.scoreboard.clear();
}
