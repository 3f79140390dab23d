/** Takes the payload and the FIN of acceptable segments (RFC 9293 section 3.10.7.4, seventh and eighth check). */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { toTimeWait } from './closing';
import { acknowledgeLater } from './delayedAcknowledgment';
import { reopenWindow } from './receiveWindow';
import { noteEarlyArrival } from './selectiveAcknowledgment';
import { advance, distance, isBefore } from './sequenceNumber';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** See the file's head. */
export function processPayload(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  const fin = segment.has(tcpFlags.FIN);
  if (segment.payloadLength === 0 && !fin) return;
  const receives =
    variables.State === TcpConnectionState.Established ||
    variables.State === TcpConnectionState.FinWait1 ||
    variables.State === TcpConnectionState.FinWait2;
  if (!receives) {
    tcb.acknowledge = 'now';
    if (variables.State === TcpConnectionState.TimeWait) toTimeWait(tcb, now);
    return;
  }
  const old = Math.max(0, distance(segment.SequenceNumber, variables.RcvNxt));
  const room = distance(segment.SequenceNumber, advance(variables.RcvNxt, variables.RcvWnd));
  const push = segment.has(tcpFlags.PSH);
  const finSequence = advance(segment.SequenceNumber, segment.payloadLength);
  if (fin && room >= segment.payloadLength && !isBefore(finSequence, variables.RcvNxt))
    tcb.earlyFin = finSequence;
  // Nothing lies behind the FIN.
  const beforeFin = tcb.earlyFin === undefined ? Infinity : distance(segment.SequenceNumber, tcb.earlyFin);
  const end = Math.min(segment.payloadLength, room, beforeFin);
  if (isBefore(variables.RcvNxt, segment.SequenceNumber)) {
    if (end > 0) {
      tcb.ownReassembly.insert(segment.SequenceNumber, segment.bytes, segment.payloadStart, end, push);
      noteEarlyArrival(tcb, segment.SequenceNumber);
    }
    tcb.acknowledge = 'now';
    return;
  }
  const filledGap = tcb.reassembly.length > 0;
  if (end > old) deliver(tcb, segment.bytes, segment.payloadStart + old, end - old, push);
  for (
    let piece = tcb.reassembly.take(variables.RcvNxt);
    piece !== undefined;
    piece = tcb.reassembly.take(variables.RcvNxt)
  ) {
    deliver(tcb, piece.bytes, 0, piece.bytes.length, piece.push);
  }
  if (tcb.earlyFin === variables.RcvNxt) takeFin(tcb, now);
  else if (filledGap || end <= old) tcb.acknowledge = 'now';
  else acknowledgeLater(tcb, end - old, now);
}

function deliver(
  tcb: TransmissionControlBlock,
  bytes: Uint8Array,
  start: number,
  length: number,
  push: boolean,
): void {
  const { variables } = tcb;
  variables.RcvNxt = advance(variables.RcvNxt, length);
  variables.RcvWnd -= length;
  tcb.user.onData(bytes, start, length, push);
  reopenWindow(tcb);
}

function takeFin(tcb: TransmissionControlBlock, now: number): void {
  const { variables } = tcb;
  tcb.finReceived = true;
  variables.RcvNxt = advance(variables.RcvNxt, 1);
  tcb.reassembly.clear();
  tcb.earlyFin = undefined;
  tcb.acknowledge = 'now';
  if (variables.State === TcpConnectionState.Established) variables.State = TcpConnectionState.CloseWait;
  else if (variables.State === TcpConnectionState.FinWait1) variables.State = TcpConnectionState.Closing;
  else if (variables.State === TcpConnectionState.FinWait2) toTimeWait(tcb, now);
  tcb.user.onPeerClosed();
}
