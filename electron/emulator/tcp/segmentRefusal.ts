/** The RST for a segment that belongs to no connection (RFC 9293 section 3.10.7.1). */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { advance } from './sequenceNumber';

/** Fills `answer` with the RST that answers `segment`; false if none does, because it is a RST itself. */
export function refuseSegment(segment: TcpSegment, answer: TcpSegment): boolean {
  if (segment.has(tcpFlags.RST)) return false;
  const acknowledges = segment.has(tcpFlags.ACK);
  answer.sourcePort = segment.destinationPort;
  answer.destinationPort = segment.sourcePort;
  answer.SequenceNumber = acknowledges ? segment.AcknowledgmentNumber : 0;
  answer.AcknowledgmentNumber = acknowledges ? 0 : advance(segment.SequenceNumber, segment.sequenceLength);
  answer.flags = acknowledges ? tcpFlags.RST : tcpFlags.RST | tcpFlags.ACK;
  answer.window = 0;
  answer.urgentPointer = 0;
  answer.maximumSegmentSize = undefined;
  answer.windowScale = undefined;
  answer.sackPermitted = false;
  answer.sackBlockCount = 0;
  answer.timestampValue = undefined;
  answer.timestampEcho = undefined;
  answer.payloadLength = 0;
  return true;
}
