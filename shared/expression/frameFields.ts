/** Fields of frames: what became of them, and what their headers say. */
import { componentRoles, frameFates, framePaths } from '../trace/records';
import type { FieldDefinition, FieldType } from './fieldTypes';

const frames = ['frame'] as const;

function header(
  name: string,
  type: FieldType,
  meaning: string,
  reference: string,
  names?: Readonly<Record<string, number>>,
): FieldDefinition {
  return { name, type, kinds: frames, meaning, reference, ...(names === undefined ? {} : { names }) };
}

/** Bits of the TCP header's flags by the last part of their field (RFC 9293, 3.1). */
export const tcpFlagBits = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
} as const;

/** Protocols of frames by the innermost header that could be read. */
export const frameProtocols = ['Ethernet', 'ARP', 'IPv4', 'IPv6', 'ICMP', 'ICMPv6', 'TCP'] as const;

/** See the file's head. */
export const frameFields: readonly FieldDefinition[] = [
  {
    name: 'frame.length',
    type: 'bytes',
    kinds: frames,
    meaning: 'Length on the wire, without preamble and FCS.',
  },
  {
    name: 'frame.fate',
    type: 'text',
    kinds: frames,
    values: frameFates,
    aliases: ['fate'],
    meaning: 'What became of it; absent while it is on its way.',
  },
  {
    name: 'frame.latency',
    type: 'time',
    kinds: frames,
    meaning: 'From leaving to arriving or getting lost.',
  },
  { name: 'frame.duplicates', type: 'count', kinds: frames, meaning: 'How often it arrived once more.' },
  {
    name: 'sender',
    type: 'text',
    kinds: frames,
    openValues: 'components',
    meaning: 'Component that sends it.',
  },
  {
    name: 'sender.role',
    type: 'text',
    kinds: frames,
    values: componentRoles,
    meaning: 'Part that the sender plays.',
  },
  {
    name: 'receiver',
    type: 'text',
    kinds: frames,
    openValues: 'components',
    meaning: 'Component that receives it, or would have.',
  },
  {
    name: 'receiver.role',
    type: 'text',
    kinds: frames,
    values: componentRoles,
    meaning: 'Part that the receiver plays.',
  },
  {
    name: 'path',
    type: 'text',
    kinds: frames,
    values: framePaths,
    meaning: "Who made it: the host's own TCP/IP, the offload target, or the peer.",
  },
  {
    name: 'retransmission',
    type: 'boolean',
    kinds: frames,
    meaning: 'Whether it carries a byte that had been sent before.',
    reference: 'RFC 9293, 3.8.1',
  },
  {
    name: 'forwarded',
    type: 'boolean',
    kinds: frames,
    meaning: 'Whether a switch passes it on for somebody else.',
  },
  {
    name: 'protocol',
    type: 'text',
    kinds: frames,
    values: frameProtocols,
    meaning: 'Innermost protocol whose header is there.',
  },
  header('eth.src', 'address', 'Source MAC address.', 'IEEE 802.3'),
  header('eth.dst', 'address', 'Destination MAC address.', 'IEEE 802.3'),
  header('eth.type', 'count', 'EtherType, behind a tag if there is one.', 'IEEE 802.3', {
    ETHERTYPE_IPV4: 0x0800,
    ETHERTYPE_ARP: 0x0806,
    ETHERTYPE_IPV6: 0x86dd,
  }),
  header('vlan.id', 'count', 'VLAN of the tag; absent from untagged frames.', 'IEEE 802.1Q'),
  header('vlan.priority', 'count', 'User priority of the tag.', 'IEEE 802.1Q'),
  header('ip.version', 'count', '4 or 6.', 'RFC 791, 3.1; RFC 8200, 3'),
  header('ip.src', 'address', 'Source IP address.', 'RFC 791, 3.1; RFC 8200, 3'),
  header('ip.dst', 'address', 'Destination IP address.', 'RFC 791, 3.1; RFC 8200, 3'),
  header('ip.length', 'bytes', 'Length of the datagram, IP header included.', 'RFC 791, 3.1; RFC 8200, 3'),
  header('ip.ttl', 'count', 'Time to live, or hop limit.', 'RFC 791, 3.1; RFC 8200, 3'),
  header('ip.protocol', 'count', 'Protocol behind the IP headers.', 'RFC 791, 3.1; RFC 8200, 4', {
    IPPROTO_ICMP: 1,
    IPPROTO_TCP: 6,
    IPPROTO_UDP: 17,
    IPPROTO_ICMPV6: 58,
  }),
  header('icmp.type', 'count', 'Type of an ICMP or ICMPv6 message.', 'RFC 792; RFC 4443, 2.1'),
  header('icmp.code', 'count', 'Code of an ICMP or ICMPv6 message.', 'RFC 792; RFC 4443, 2.1'),
  header('tcp.srcport', 'count', 'Source port.', 'RFC 9293, 3.1'),
  header('tcp.dstport', 'count', 'Destination port.', 'RFC 9293, 3.1'),
  header('tcp.seq', 'count', 'Sequence number, as it is on the wire.', 'RFC 9293, 3.1'),
  header('tcp.ack', 'count', 'Acknowledgment number; absent without the ACK flag.', 'RFC 9293, 3.1'),
  header('tcp.window', 'bytes', 'Window field, not scaled.', 'RFC 9293, 3.1'),
  header('tcp.urgent', 'count', 'Urgent pointer; absent without the URG flag.', 'RFC 9293, 3.1'),
  header('tcp.len', 'bytes', 'Bytes of payload.', 'RFC 9293, 3.1'),
  header('tcp.flags', 'count', 'All eight flags in one number; FIN is 1, CWR is 0x80.', 'RFC 9293, 3.1'),
  ...Object.keys(tcpFlagBits).map((flag) =>
    header(`tcp.flags.${flag}`, 'boolean', `The ${flag.toUpperCase()} flag.`, 'RFC 9293, 3.1'),
  ),
];
