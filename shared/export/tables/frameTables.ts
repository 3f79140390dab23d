/** Tables about the wire: frames with their fates, and the headers in them as numbers. */
import type { Frame } from '../../analysis/frameIndex';
import type { FrameRecord } from '../../trace/records';
import type { TraceStore } from '../../trace/traceStore';
import { readPacket, tcpFlagsText, type Packet } from '../packet';
import { column, componentName, optional, recordsOf, table, type TimedRecord } from '../tableTypes';

interface FrameRow {
  readonly frame: Frame;
  readonly record: FrameRecord;
  readonly store: TraceStore;
}

/** All frames. */
export const frames = table<FrameRow>({
  name: 'frames',
  meaning: 'Frames on the wire with what became of them: one row a frame and interface that sends it.',
  *rows({ model, store }) {
    for (const frame of model.frames.frames) {
      const record = store.record(frame.event);
      if (record.kind === 'frame') yield { frame, record, store };
    }
  },
  columns: [
    column('frame', 'bigint', 'Id of the frame: its event', ({ frame }) => frame.event),
    column('time_ns', 'bigint', 'Virtual time at which it leaves, ns', ({ frame }) => frame.sent),
    column(
      'sender',
      'integer',
      'Whose interface sends it: `components.component`',
      ({ frame }) => frame.sender,
    ),
    optional('sender_name', 'varchar', 'Its name', ({ frame, store }) => componentName(store, frame.sender)),
    column(
      'path',
      'varchar',
      "Who made it: `host` (its own TCP/IP), `chimney` (the target's TCP engine) or `peer`",
      ({ frame }) => frame.path,
    ),
    optional(
      'connection',
      'integer',
      '`connections.connection`; null for none',
      ({ frame }) => frame.connection,
    ),
    optional(
      'cause',
      'bigint',
      'Event that led to it; null where none is known',
      ({ record }) => record.cause,
    ),
    column(
      'length',
      'bigint',
      'Length on the wire without preamble and FCS, bytes',
      ({ frame }) => frame.length,
    ),
    column('payload_length', 'bigint', 'TCP payload, bytes', ({ frame }) => frame.payloadLength),
    column(
      'retransmission',
      'boolean',
      'Whether it carries a byte that had been sent before',
      ({ frame }) => frame.retransmission,
    ),
    column(
      'forwarded',
      'boolean',
      'Whether a switch passes it on: then it has been counted before',
      ({ frame }) => frame.forwarded,
    ),
    optional(
      'fate',
      'varchar',
      '`delivered`, `lost`, `queue-overflow`, `reordered`, `corrupted` or `fcs-error`; null while it is under way',
      ({ frame }) => frame.fate,
    ),
    optional('fate_ns', 'bigint', 'Virtual time of that, ns', ({ frame }) => frame.fateTime),
    optional(
      'receiver',
      'integer',
      'Who receives it, or would have: `components.component`',
      ({ frame }) => frame.receiver,
    ),
    column('duplicates', 'integer', 'How often it arrived once more', ({ frame }) => frame.duplicates),
    column('bytes', 'blob', 'Its first bytes, at most `traces.snap_length`', ({ record }) => record.bytes),
  ],
});

interface PacketRow extends TimedRecord<FrameRecord> {
  readonly packet: Packet;
}

/** The headers of each frame as numbers. */
export const packets = table<PacketRow>({
  name: 'packets',
  meaning:
    'The headers of each frame as numbers: one row a frame. A column is null where the frame has no such header, or where the trace does not keep it.',
  *rows({ store }) {
    for (const timed of recordsOf(store, 'frame')) yield { ...timed, packet: readPacket(timed.record.bytes) };
  },
  columns: [
    column('frame', 'bigint', 'The frame: `frames.frame`', ({ event }) => event),
    column('time_ns', 'bigint', 'Virtual time at which it leaves, ns', ({ time }) => time),
    optional('connection', 'integer', '`connections.connection`', ({ record }) => record.connection),
    optional('eth_source', 'varchar', 'Source link address', ({ packet }) => packet.linkSource),
    optional(
      'eth_destination',
      'varchar',
      'Destination link address',
      ({ packet }) => packet.linkDestination,
    ),
    optional('eth_type', 'integer', 'EtherType behind a VLAN tag', ({ packet }) => packet.etherType),
    optional('vlan', 'integer', 'VLAN identifier', ({ packet }) => packet.vlan),
    optional('priority', 'integer', '802.1p priority', ({ packet }) => packet.priority),
    optional('ip_version', 'integer', '4 or 6', ({ packet }) => packet.ipVersion),
    optional('ip_source', 'varchar', 'Source IP address', ({ packet }) => packet.source),
    optional('ip_destination', 'varchar', 'Destination IP address', ({ packet }) => packet.destination),
    optional(
      'ip_protocol',
      'integer',
      'Protocol of the upper layer: 6 TCP, 1 ICMP, 58 ICMPv6',
      ({ packet }) => packet.protocol,
    ),
    optional(
      'ip_length',
      'integer',
      'Length of the datagram with its header, bytes',
      ({ packet }) => packet.datagramLength,
    ),
    optional('ttl', 'integer', 'Time to live or hop limit', ({ packet }) => packet.ttl),
    optional(
      'fragment_offset',
      'integer',
      'Offset of a fragment, bytes; 0 for whole datagrams',
      ({ packet }) => packet.fragmentOffset,
    ),
    optional('icmp_type', 'integer', 'Type of an ICMP or ICMPv6 message', ({ packet }) => packet.icmpType),
    optional('icmp_code', 'integer', 'Its code', ({ packet }) => packet.icmpCode),
    optional('source_port', 'integer', 'TCP source port', ({ packet }) => packet.tcp?.sourcePort),
    optional(
      'destination_port',
      'integer',
      'TCP destination port',
      ({ packet }) => packet.tcp?.destinationPort,
    ),
    optional('sequence', 'bigint', 'TCP sequence number, unsigned', ({ packet }) => packet.tcp?.sequence),
    optional(
      'acknowledgment',
      'bigint',
      'TCP acknowledgment number, unsigned',
      ({ packet }) => packet.tcp?.acknowledgment,
    ),
    optional(
      'flags',
      'integer',
      'TCP flags: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 32 URG, 64 ECE, 128 CWR',
      ({ packet }) => packet.tcp?.flags,
    ),
    optional('flags_text', 'varchar', 'Their names, separated by spaces', ({ packet }) =>
      packet.tcp === undefined ? undefined : tcpFlagsText(packet.tcp.flags),
    ),
    optional(
      'window',
      'integer',
      'TCP window as it stands in the header, not scaled',
      ({ packet }) => packet.tcp?.window,
    ),
    optional('payload_length', 'bigint', 'TCP payload, bytes', ({ packet, record }) =>
      packet.tcp === undefined ? undefined : record.payloadLength,
    ),
    optional(
      'mss',
      'integer',
      'Option maximum segment size, bytes',
      ({ packet }) => packet.tcp?.maximumSegmentSize,
    ),
    optional(
      'window_scale',
      'integer',
      'Option window scale: shift',
      ({ packet }) => packet.tcp?.windowScale,
    ),
    optional(
      'sack_permitted',
      'boolean',
      'Whether SACK is permitted; null where the segment is no TCP',
      ({ packet }) => packet.tcp?.sackPermitted,
    ),
    optional(
      'sack_blocks',
      'varchar',
      'Blocks of a SACK option, such as `100-200 300-400`; null for none',
      ({ packet }) => packet.tcp?.sackBlocks,
    ),
    optional('ts_value', 'bigint', 'Option timestamps: TSval', ({ packet }) => packet.tcp?.timestamp),
    optional('ts_echo', 'bigint', 'Option timestamps: TSecr', ({ packet }) => packet.tcp?.timestampEcho),
  ],
});
