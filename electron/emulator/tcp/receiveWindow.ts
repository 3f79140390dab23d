/** The window that is offered, with the receiver's silly-window avoidance (RFC 9293 section 3.8.6.2.2). */
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** The user has room again: announces it if the peer ought to know. */
export function receiveSpaceGrew(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  if (tcb.finReceived || variables.State < TcpConnectionState.Established) return;
  const growth = tcb.offerableSpace - variables.RcvWnd;
  if (growth >= Math.min(2 * tcb.mss, tcb.settings.receiveBuffer / 2)) {
    variables.RcvWnd += growth;
    tcb.acknowledge = 'now';
  }
}

/** The user has set another receive window: tells the peer at once if it has grown, and never takes room back (UPD-016). */
export function receiveWindowChanged(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  if (tcb.finReceived || variables.State < TcpConnectionState.Established) return;
  const growth = tcb.offerableSpace - variables.RcvWnd;
  if (growth <= 0) return;
  variables.RcvWnd += growth;
  tcb.acknowledge = 'now';
}

/** The user has taken delivered bytes: moves the right edge if that is worth it. */
export function reopenWindow(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  const space = tcb.offerableSpace;
  if (space - variables.RcvWnd >= Math.min(tcb.mss, tcb.settings.receiveBuffer / 2)) variables.RcvWnd = space;
}
