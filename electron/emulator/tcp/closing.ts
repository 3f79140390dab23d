/** How connections end: FIN-WAIT-2, TIME-WAIT, CLOSED (RFC 9293 section 3.6). */
import { stopSillyWindowTimer } from './sillyWindow';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Nothing is left: every timer stops. */
export function toClosed(tcb: TransmissionControlBlock): void {
  const { variables } = tcb;
  variables.State = TcpConnectionState.Closed;
  variables.retransmitDeadline = Infinity;
  variables.keepAliveDeadline = Infinity;
  tcb.delayedAckDeadline = Infinity;
  stopSillyWindowTimer(tcb);
  tcb.windowUpdateDeadline = Infinity;
  tcb.acknowledge = 'no';
}

/** The peer has reset the connection. */
export function reset(tcb: TransmissionControlBlock): void {
  toClosed(tcb);
  tcb.user.onReset();
}

/** Enters TIME-WAIT, or starts its timer anew. */
export function toTimeWait(tcb: TransmissionControlBlock, now: number): void {
  const { variables } = tcb;
  variables.keepAliveDeadline = Infinity;
  variables.State = TcpConnectionState.TimeWait;
  variables.retransmitPurpose = 'time-wait';
  variables.retransmitDeadline = now + tcb.settings.timeWaitTime;
}

/** Starts the FIN-WAIT-2 timer, or starts it anew (TMR-040 to TMR-042). */
export function startFinWait2Timer(tcb: TransmissionControlBlock, now: number): void {
  tcb.variables.retransmitPurpose = 'fin-wait-2';
  tcb.variables.retransmitDeadline = now + tcb.settings.finWait2Time;
}

/** The peer has acknowledged our FIN. */
export function finAcknowledged(tcb: TransmissionControlBlock, now: number): void {
  const { variables } = tcb;
  switch (variables.State) {
    case TcpConnectionState.FinWait1:
      variables.State = TcpConnectionState.FinWait2;
      startFinWait2Timer(tcb, now);
      break;
    case TcpConnectionState.Closing:
      toTimeWait(tcb, now);
      break;
    case TcpConnectionState.LastAck:
      toClosed(tcb);
      tcb.user.onFinAcknowledged();
      tcb.user.onClosed();
      return;
    default:
      return;
  }
  tcb.user.onFinAcknowledged();
}

/** The limit of RFC 9293 section 3.8.3 (R2) is reached: what becomes of the connection is the user's decision. */
export function giveUp(tcb: TransmissionControlBlock, limit: 'retransmission' | 'keep-alive'): void {
  tcb.gaveUp = limit;
  tcb.user.onTimeout();
}
