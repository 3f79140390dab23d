/** What becomes of a segment that arrives (RFC 9293 section 3.10.7): the checks, in their order, and who takes the rest. */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { processAcknowledgment } from './acknowledgmentArrival';
import { reset, startFinWait2Timer, toTimeWait } from './closing';
import {
  acknowledgesSyn,
  establish,
  isPeersSyn,
  processListen,
  processRepeatedSyn,
  processSynSent,
} from './handshake';
import { restartKeepAlive } from './keepAlive';
import { processPayload } from './payloadArrival';
import { isAcceptable, updateTsRecent } from './segmentAcceptance';
import { advance } from './sequenceNumber';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Takes a segment of this connection whose checksum is right. */
export function processSegment(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  switch (tcb.variables.State) {
    case TcpConnectionState.Closed:
      return;
    case TcpConnectionState.Listen:
      processListen(tcb, segment, now);
      return;
    case TcpConnectionState.SynSent:
      processSynSent(tcb, segment, now);
      return;
    default:
      processSynchronized(tcb, segment, now);
  }
}

function processSynchronized(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  if (variables.State === TcpConnectionState.SynRcvd && isPeersSyn(tcb, segment)) {
    processRepeatedSyn(tcb, segment, now);
    return;
  }
  if (!isAcceptable(tcb, segment, now)) {
    if (segment.has(tcpFlags.RST)) return;
    tcb.acknowledge = 'now';
    if (variables.State === TcpConnectionState.TimeWait && isPeersFin(tcb, segment)) toTimeWait(tcb, now);
    return;
  }
  if (segment.has(tcpFlags.RST)) {
    // RFC 5961 section 3.2: only the exact number resets; any other in the window is challenged.
    if (segment.SequenceNumber === variables.RcvNxt) reset(tcb);
    else tcb.acknowledge = 'now';
    return;
  }
  if (segment.has(tcpFlags.SYN)) {
    tcb.acknowledge = 'now';
    return;
  }
  if (!segment.has(tcpFlags.ACK)) return;
  restartKeepAlive(tcb, now);
  updateTsRecent(tcb, segment, now);
  if (variables.State === TcpConnectionState.SynRcvd) {
    if (!acknowledgesSyn(tcb, segment)) return;
    establish(tcb, segment, now);
  } else if (!processAcknowledgment(tcb, segment, now)) return;
  // The acknowledgment may have changed it.
  const { State } = tcb.variables;
  if (State === TcpConnectionState.FinWait2) startFinWait2Timer(tcb, now);
  processPayload(tcb, segment, now);
}

/** Whether a segment ends with the FIN that has been taken already. */
function isPeersFin(tcb: TransmissionControlBlock, segment: TcpSegment): boolean {
  const end = advance(segment.SequenceNumber, segment.sequenceLength);
  return segment.has(tcpFlags.FIN) && end === tcb.variables.RcvNxt;
}
