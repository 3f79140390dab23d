/**
 * The window that is offered, with the receiver's silly-window avoidance (RFC 9293 section 3.8.6.2.2). While the window is too small for
 * a full segment, room that is not worth an announcement is announced all the same after a while (TcpSwsPreventionTicks, TMR-065): the
 * peer may have less than that to send.
 */
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** The user has room again: announces it if the peer ought to know. */
export function receiveSpaceGrew(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  if (tcb.finReceived || variables.State < TcpConnectionState.Established) return;
  const growth = tcb.offerableSpace - variables.RcvWnd;
  if (growth >= Math.min(2 * tcb.mss, tcb.settings.receiveBuffer / 2)) announce(tcb, growth);
}

function announce(tcb: TransmissionControlBlock, growth: number): void {
  tcb.variables.RcvWnd += growth;
  tcb.acknowledge = 'now';
  tcb.windowUpdateDeadline = Infinity;
}

/** Room of which the peer could be told, where it has less than a full segment's; 0: none, or its window is large enough. */
function heldRoom(tcb: TransmissionControlBlock): number {
  const { variables, settings } = tcb;
  const { State, RcvWnd, RcvWindScale } = variables;
  if (RcvWnd >= Math.min(tcb.mss, settings.receiveBuffer / 2)) return 0;
  if (tcb.finReceived || State < TcpConnectionState.Established) return 0;
  const space = tcb.offerableSpace;
  // What the scale hides no header can tell.
  return space >>> RcvWindScale > RcvWnd >>> RcvWindScale ? space - RcvWnd : 0;
}

/** Everything has been sent: whether an update of the window is being held back, and until when. */
export function watchSmallWindow(tcb: TransmissionControlBlock, now: number): void {
  // Most windows are large: nothing else is looked at then.
  if (tcb.variables.RcvWnd >= tcb.settings.localMss) {
    tcb.windowUpdateDeadline = Infinity;
    return;
  }
  if (heldRoom(tcb) === 0) tcb.windowUpdateDeadline = Infinity;
  else if (tcb.windowUpdateDeadline === Infinity)
    tcb.windowUpdateDeadline = now + tcb.settings.sillyWindowTime;
}

/** The update has been held back for long enough. */
export function onWindowUpdateTimeout(tcb: TransmissionControlBlock): void {
  tcb.windowUpdateDeadline = Infinity;
  const growth = heldRoom(tcb);
  if (growth > 0) announce(tcb, growth);
}

/** The user has set another receive window: tells the peer at once if it has grown, and never takes room back (UPD-016). */
export function receiveWindowChanged(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  if (tcb.finReceived || variables.State < TcpConnectionState.Established) return;
  const growth = tcb.offerableSpace - variables.RcvWnd;
  if (growth > 0) announce(tcb, growth);
}

/** The user has taken delivered bytes: moves the right edge if that is worth it. */
export function reopenWindow(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  const space = tcb.offerableSpace;
  if (space - variables.RcvWnd >= Math.min(tcb.mss, tcb.settings.receiveBuffer / 2)) variables.RcvWnd = space;
}
