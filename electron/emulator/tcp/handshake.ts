/** Opening (RFC 9293 section 3.5): LISTEN, SYN-SENT, SYN-RECEIVED, and the options that SYNs carry. */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { sampleRtt, updateSendWindow } from './acknowledgmentArrival';
import { reset } from './closing';
import { restartKeepAlive } from './keepAlive';
import { startRetransmitTimer } from './retransmission';
import { timeoutAfterLostSyn } from './roundTripTime';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import { advance } from './sequenceNumber';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** No datagram is so small that a segment could not hold this: less would make options crowd the payload out (RFC 791: 68 bytes). */
const smallestMss = 48;

/** Starts in LISTEN or SYN-SENT with an initial sequence number. */
export function begin(
  tcb: TransmissionControlBlock,
  state: TcpConnectionState,
  initialSequence: number,
): void {
  const { variables } = tcb;
  variables.State = state;
  tcb.initialSequence = initialSequence;
  tcb.queueStart = advance(initialSequence, 1);
  variables.SndUna = variables.SndNxt = variables.SndMax = initialSequence;
  variables.RcvWnd = Math.min(0xffff, tcb.user.receiveSpace());
}

/** A segment arrives in LISTEN. */
export function processListen(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  if (segment.has(tcpFlags.RST)) return;
  if (segment.has(tcpFlags.ACK)) {
    tcb.refusedSequence = segment.AcknowledgmentNumber;
    return;
  }
  if (!segment.has(tcpFlags.SYN)) return;
  takeSyn(tcb, segment, now);
  tcb.variables.State = TcpConnectionState.SynRcvd;
}

/** A segment arrives in SYN-SENT. */
export function processSynSent(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  const acknowledges = segment.has(tcpFlags.ACK) && acknowledgesSyn(tcb, segment);
  if (segment.has(tcpFlags.RST)) {
    if (acknowledges) reset(tcb);
    return;
  }
  if (segment.has(tcpFlags.ACK) && !acknowledges) {
    // The peer is in the middle of something else: a half-open connection (RFC 9293 section 3.5.1).
    tcb.refusedSequence = segment.AcknowledgmentNumber;
    return;
  }
  if (!segment.has(tcpFlags.SYN)) return;
  takeSyn(tcb, segment, now);
  if (!acknowledges) {
    variables.State = TcpConnectionState.SynRcvd;
    variables.SndNxt = tcb.initialSequence;
    return;
  }
  establish(tcb, segment, now);
  tcb.acknowledge = 'now';
}

/** The peer's SYN comes once more in SYN-RECEIVED: it is repeated, or it answers ours in a simultaneous open. */
export function processRepeatedSyn(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  if (segment.has(tcpFlags.ACK) && acknowledgesSyn(tcb, segment)) establish(tcb, segment, now);
  else tcb.variables.SndNxt = tcb.initialSequence;
}

/** Whether a segment is the SYN that has been taken already. */
export function isPeersSyn(tcb: TransmissionControlBlock, segment: TcpSegment): boolean {
  return (
    segment.has(tcpFlags.SYN) &&
    !segment.has(tcpFlags.RST) &&
    segment.SequenceNumber === advance(tcb.variables.RcvNxt, -1)
  );
}

/** Whether a segment acknowledges exactly our SYN. */
export function acknowledgesSyn(tcb: TransmissionControlBlock, segment: TcpSegment): boolean {
  return segment.AcknowledgmentNumber === advance(tcb.initialSequence, 1);
}

/** Our SYN has been acknowledged: the connection is up. */
export function establish(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables } = tcb;
  variables.State = TcpConnectionState.Established;
  variables.SndUna = variables.SndNxt = segment.AcknowledgmentNumber;
  variables.retransmitDeadline = Infinity;
  const synLost = variables.RetransmitCount > 0;
  if (!synLost || variables.timestampsEnabled) sampleRtt(tcb, segment, now);
  if (synLost) tcb.initialTimeout = timeoutAfterLostSyn;
  tcb.lastSentAt = now;
  variables.RetransmitCount = 0;
  variables.TotalRT = 0;
  tcb.congestion.start(synLost);
  variables.RcvWnd = tcb.offerableSpace;
  const scaled = segment.has(tcpFlags.SYN) ? segment.window : segment.window * 2 ** variables.SndWindScale;
  updateSendWindow(tcb, segment, scaled);
  restartKeepAlive(tcb, now);
  tcb.user.onEstablished();
}

/** Sends our SYN, alone or with an acknowledgment. */
export function emitSyn(tcb: TransmissionControlBlock, output: SegmentOutput, now: number): void {
  const { variables, settings } = tcb;
  const answer = variables.State === TcpConnectionState.SynRcvd;
  const retransmission = variables.SndMax !== tcb.initialSequence;
  variables.SndNxt = variables.SndMax = advance(tcb.initialSequence, 1);
  const options = {
    maximumSegmentSize: settings.localMss,
    // Scaling needs both sides: a SYN that offers it is answered even with a shift of 0 (RFC 7323 section 2.2).
    windowScale: answer && !tcb.peerScales ? undefined : settings.RcvWindScale,
    sackPermitted: answer ? variables.sackEnabled : settings.sack,
  };
  const flags = tcpFlags.SYN | (answer ? tcpFlags.ACK : 0);
  emitSegment(tcb, output, flags, tcb.initialSequence, 0, 0, retransmission, now, options);
  startRetransmitTimer(tcb, now);
  if (!settings.timesHandshake) return;
  // Of a SYN that was repeated nobody knows which one was answered (RFC 6298 section 3).
  tcb.timedSequence = retransmission ? undefined : tcb.initialSequence;
  tcb.timedAt = now;
}

/** Takes sequence number and options of the peer's SYN. */
function takeSyn(tcb: TransmissionControlBlock, segment: TcpSegment, now: number): void {
  const { variables, settings } = tcb;
  variables.RcvNxt = tcb.lastAcknowledgmentSent = advance(segment.SequenceNumber, 1);
  const { maximumSegmentSize } = segment;
  // An option of 0 says as little as none.
  variables.RemoteMss =
    maximumSegmentSize === undefined || maximumSegmentSize === 0
      ? settings.defaultRemoteMss
      : Math.max(smallestMss, maximumSegmentSize);
  variables.sackEnabled = settings.sack && segment.sackPermitted;
  tcb.peerScales = segment.windowScale !== undefined;
  if (segment.windowScale !== undefined) {
    variables.SndWindScale = segment.windowScale;
    variables.RcvWindScale = settings.RcvWindScale;
  }
  variables.timestampsEnabled = settings.timestamps && segment.timestampValue !== undefined;
  if (variables.timestampsEnabled) {
    variables.TsRecent = segment.timestampValue!;
    variables.tsRecentTime = now;
  }
  updateSendWindow(tcb, segment, segment.window);
}
