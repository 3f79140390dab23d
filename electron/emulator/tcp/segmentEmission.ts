/** Makes the header of every segment that leaves (RFC 9293 section 3.1), from the connection's variables. */
import { tcpFlags } from '../wire/tcpSegment';
import type { SegmentOutput } from './segmentOutput';
import { returnSegment, takeSegment } from './spareSegments';
import { reportSack } from './selectiveAcknowledgment';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Options that only SYNs carry. */
export interface SynOptions {
  readonly maximumSegmentSize: number;
  /** Undefined: windows are not scaled. */
  readonly windowScale: number | undefined;
  readonly sackPermitted: boolean;
}

/**
 * Emits a segment whose payload is `payloadLength` bytes of the send queue at `offset`; it carries the acknowledgment that is owed.
 * `retransmission`: some of its sequence space had been sent before.
 */
export function emitSegment(
  tcb: TransmissionControlBlock,
  output: SegmentOutput,
  flags: number,
  sequence: number,
  offset: number,
  payloadLength: number,
  retransmission: boolean,
  now: number,
  options?: SynOptions,
): void {
  const { variables } = tcb;
  const out = takeSegment();
  const syn = (flags & tcpFlags.SYN) !== 0;
  const acknowledges = (flags & tcpFlags.ACK) !== 0;
  out.sourcePort = tcb.localPort;
  out.destinationPort = tcb.remotePort;
  out.SequenceNumber = sequence;
  out.flags = flags;
  out.AcknowledgmentNumber = acknowledges ? variables.RcvNxt : 0;
  out.window = Math.min(0xffff, syn ? variables.RcvWnd : variables.RcvWnd >>> variables.RcvWindScale);
  out.urgentPointer = 0;
  out.maximumSegmentSize = options?.maximumSegmentSize;
  out.windowScale = options?.windowScale;
  out.sackPermitted = options?.sackPermitted === true;
  out.payloadLength = payloadLength;
  out.sackBlockCount = 0;
  const stamped = syn
    ? tcb.settings.timestamps && (flags === tcpFlags.SYN || variables.timestampsEnabled)
    : variables.timestampsEnabled;
  out.timestampValue = stamped ? tcb.timestamp(now) : undefined;
  out.timestampEcho = stamped && acknowledges ? variables.TsRecent : 0;
  if (acknowledges) {
    if (variables.sackEnabled && tcb.reassembly.length > 0 && !syn) reportSack(tcb, out);
    tcb.lastAcknowledgmentSent = variables.RcvNxt;
    tcb.acknowledge = 'no';
    tcb.unacknowledgedSegments = 0;
    tcb.delayedAckDeadline = Infinity;
  }
  try {
    output.emit(out, tcb.queue, offset, retransmission);
  } finally {
    returnSegment();
  }
}
