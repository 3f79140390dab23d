/** What TCP answers to a segment that no connection takes (RFC 9293 sections 3.5.2, 3.10.7.1 and 3.10.7.2). */
import { advance } from './sequenceNumber';
import { TcpSegment, tcpFlags } from '../wire/tcpSegment';

/** The RST for a segment for which there is no connection; undefined for a RST, which is never answered. */
export function refusalOf(segment: TcpSegment): TcpSegment | undefined {
  if (segment.has(tcpFlags.RST)) return undefined;
  const answer = new TcpSegment();
  answer.sourcePort = segment.destinationPort;
  answer.destinationPort = segment.sourcePort;
  if (segment.has(tcpFlags.ACK)) {
    answer.flags = tcpFlags.RST;
    answer.SequenceNumber = segment.AcknowledgmentNumber;
  } else {
    answer.flags = tcpFlags.RST | tcpFlags.ACK;
    answer.AcknowledgmentNumber = advance(segment.SequenceNumber, segment.sequenceLength);
  }
  return answer;
}

/** Whether a segment asks for a new connection: SYN and nothing that speaks against it. */
export function opensConnection(segment: TcpSegment): boolean {
  return segment.has(tcpFlags.SYN) && !segment.has(tcpFlags.ACK) && !segment.has(tcpFlags.RST);
}
