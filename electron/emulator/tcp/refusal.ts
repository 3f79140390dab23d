/** The answer to a segment of a connection that does not exist (RFC 9293 section 3.10.7.1). */
import { advance } from './sequenceNumber';
import { TcpSegment, tcpFlags } from '../wire/tcpSegment';

/** The RST to send; undefined if there is nothing to answer, as for another RST. */
export function refusalOf(segment: TcpSegment): TcpSegment | undefined {
  if (segment.has(tcpFlags.RST)) return undefined;
  const refusal = new TcpSegment();
  refusal.sourcePort = segment.destinationPort;
  refusal.destinationPort = segment.sourcePort;
  if (segment.has(tcpFlags.ACK)) {
    refusal.flags = tcpFlags.RST;
    refusal.SequenceNumber = segment.AcknowledgmentNumber;
  } else {
    refusal.flags = tcpFlags.RST | tcpFlags.ACK;
    refusal.AcknowledgmentNumber = advance(segment.SequenceNumber, segment.sequenceLength);
  }
  return refusal;
}
