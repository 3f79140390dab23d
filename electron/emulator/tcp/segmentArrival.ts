/** What becomes of a segment that arrives (RFC 9293 section 3.10.7): the checks, in their order, and who takes the rest. */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { processAcknowledgment } from './acknowledgmentArrival';
import { processReset, processUnexpectedSyn } from './blindReset';
import { startFinWait2Timer, toTimeWait } from './closing';
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
import {
  hasAcceptableAcknowledgment,
  isAcceptable,
  lacksTimestamps,
  updateTsRecent,
} from './segmentAcceptance';
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
  if (lacksTimestamps(tcb, segment)) return;
  if (!isAcceptable(tcb, segment, now)) {
    if (segment.has(tcpFlags.RST)) return;
    tcb.acknowledge = 'now';
    if (variables.State === TcpConnectionState.TimeWait && isPeersFin(tcb, segment)) toTimeWait(tcb, now);
    return;
  }
  if (segment.has(tcpFlags.RST)) {
    processReset(tcb, segment, now);
    return;
  }
  if (segment.has(tcpFlags.SYN)) {
    processUnexpectedSyn(tcb, segment, now);
    return;
  }
  if (!segment.has(tcpFlags.ACK)) return;
  const opens = variables.State === TcpConnectionState.SynRcvd;
  if (opens && !acknowledgesSyn(tcb, segment)) {
    tcb.refusedSequence = segment.AcknowledgmentNumber;
    return;
  }
  if (!opens && !hasAcceptableAcknowledgment(tcb, segment)) {
    tcb.acknowledge = 'now';
    return;
  }
  restartKeepAlive(tcb, now);
  updateTsRecent(tcb, segment, now);
  if (opens) establish(tcb, segment, now);
  else processAcknowledgment(tcb, segment, now);
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
