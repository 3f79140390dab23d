/** ICMP errors of scripts as datagrams (RFC 792, RFC 1191, RFC 4443). */
import { finishChecksum, sumWords } from '../../emulator/wire/internetChecksum';
import type { IcmpPacket } from '../language/script';
import { unsupported } from '../language/scriptProblem';
import { encodeIp, encodeSegment, pseudoHeaderTotal, type IpFields, type LiveSegment } from './liveSegment';

interface IcmpType {
  readonly type: number;
  readonly codes: Readonly<Record<string, number>>;
}

const unreachable4 = {
  net_unreachable: 0,
  host_unreachable: 1,
  protocol_unreachable: 2,
  port_unreachable: 3,
  frag_needed: 4,
  source_route_failed: 5,
  net_unknown: 6,
  host_unknown: 7,
  source_host_isolated: 8,
  net_prohibited: 9,
  host_prohibited: 10,
  net_unreachable_for_tos: 11,
  host_unreachable_for_tos: 12,
  packet_filtered: 13,
};

const types4: Readonly<Record<string, IcmpType>> = {
  unreachable: { type: 3, codes: unreachable4 },
  unreach: { type: 3, codes: unreachable4 },
  source_quench: { type: 4, codes: {} },
  time_exceeded: { type: 11, codes: { exceeded_ttl: 0, exceeded_frag_time: 1 } },
  parameter_problem: { type: 12, codes: {} },
};

const types6: Readonly<Record<string, IcmpType>> = {
  unreachable: {
    type: 1,
    codes: {
      no_route: 0,
      admin_prohibited: 1,
      not_neighbour: 2,
      address_unreachable: 3,
      port_unreachable: 4,
    },
  },
  packet_too_big: { type: 2, codes: {} },
  time_exceeded: { type: 3, codes: { exceeded_ttl: 0, exceeded_frag_time: 1 } },
  parameter_problem: { type: 4, codes: {} },
};

const icmpProtocols = { 4: 1, 6: 58 } as const;

/** Bytes of a segment's TCP header that an IPv4 error must quote (RFC 792). */
const quotedTcpBytes = 8;

/**
 * The datagram of an error from `ip.source` about a segment that the stack has sent.
 * @throws ScriptError for a type or code that is not known
 */
export function encodeIcmp(packet: IcmpPacket, ip: IpFields, about: LiveSegment): Uint8Array {
  const types = ip.version === 4 ? types4 : types6;
  const found = Object.hasOwn(types, packet.type)
    ? types[packet.type]!
    : unsupported(`ICMP ${packet.type}`, packet);
  const { code: name } = packet;
  const code =
    name === undefined
      ? 0
      : Object.hasOwn(found.codes, name)
        ? found.codes[name]!
        : unsupported(`ICMP ${packet.type} ${name}`, packet);
  const quoted = encodeSegment(about);
  const ipLength = ip.version === 4 ? 20 : 40;
  const mtu = packet.mtu ?? 0;
  const bytes = Uint8Array.from([
    found.type,
    code,
    0,
    0,
    (mtu >>> 24) & 0xff,
    (mtu >>> 16) & 0xff,
    (mtu >>> 8) & 0xff,
    mtu & 0xff,
    ...quoted.subarray(0, ip.version === 4 ? ipLength + quotedTcpBytes : Math.min(quoted.length, 1232)),
  ]);
  const protocol = icmpProtocols[ip.version];
  const start = ip.version === 4 ? 0 : pseudoHeaderTotal(ip.source, ip.destination, protocol, bytes.length);
  const checksum = finishChecksum(sumWords(start, bytes, 0, bytes.length));
  bytes[2] = checksum >>> 8;
  bytes[3] = checksum & 0xff;
  return encodeIp(ip, protocol, bytes);
}
