/**
 * What the host does with a frame before TCP sees its segment (RFC 1122 section 3, RFC 8200): headers and checksums are verified,
 * fragments put together, options stepped over, ICMP and address resolution served. A segment that came in fragments or with options
 * then takes the way of every other, which leads to the target where the connection is offloaded (FWD-008, FWD-009).
 */
import { sameAddress, type IpAddress } from '../wire/address';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import { readIcmpFrame } from '../wire/icmp';
import { ipv4HeaderLength, ipv4Offset, readIpv4Header } from '../wire/ipv4';
import { multicastMac, solicitedNodeAddress } from '../wire/neighborDiscovery';
import { readSegmentFrame, type SegmentProblem } from '../wire/segmentFrame';
import type { TcpSegment } from '../wire/tcpSegment';
import { DatagramReassembly } from './datagramReassembly';
import type { HostStack } from './hostStack';
import { HostIcmp } from './icmp';

/** Frames and datagrams that went no further, by reason (RFC 4293 and RFC 4022 count the same). */
export interface IpCounts {
  /** A header is cut, malformed, or its checksum is wrong. */
  headerErrors: number;
  /** The address is not the host's. */
  addressErrors: number;
  /** The upper layer's checksum or header is wrong. */
  segmentErrors: number;
  /** No protocol of the host's. */
  unknownProtocols: number;
}

/** Addresses in the fixed headers. */
const addressRanges = {
  ipv4: { source: [ipv4Offset + 12, ipv4Offset + 16], destination: [ipv4Offset + 16, ipv4Offset + 20] },
  ipv6: { source: [ipv4Offset + 8, ipv4Offset + 24], destination: [ipv4Offset + 24, ipv4Offset + 40] },
} as const;

/** See the file's head. */
export class IpLayer {
  readonly counts: IpCounts = { headerErrors: 0, addressErrors: 0, segmentErrors: 0, unknownProtocols: 0 };
  readonly icmp: HostIcmp;
  readonly reassembly: DatagramReassembly;

  constructor(private readonly stack: HostStack) {
    this.icmp = new HostIcmp(stack);
    this.reassembly = new DatagramReassembly({
      later: (work, delay) => {
        stack.kernel.queueDeferredCall(work, delay);
      },
      expired: (first) => {
        if (first !== undefined) this.icmp.reportReassemblyTimeout(first);
      },
    });
  }

  /** Takes an untagged IPv4 or IPv6 frame; `segment` is free to be used for it. */
  receive(bytes: Uint8Array, segment: TcpSegment): void {
    const received = readSegmentFrame(segment, bytes, bytes.length, 'in-frame', 'skip');
    if (typeof received === 'string') {
      this.receiveOther(bytes, segment, received);
      return;
    }
    if (!this.isOwn(received.destination)) this.counts.addressErrors++;
    else if (hasBadOptions(bytes)) this.counts.headerErrors++;
    else this.stack.receiveSegment(bytes, received, segment);
  }

  private receiveOther(bytes: Uint8Array, segment: TcpSegment, problem: SegmentProblem): void {
    switch (problem) {
      case 'fragment':
      case 'not-tcp': {
        if (!this.isForHost(bytes)) return;
        if (problem === 'not-tcp' && !isFragment(bytes)) {
          this.receiveNoTcp(bytes);
          return;
        }
        const whole = this.reassembly.add(bytes);
        if (whole !== undefined) this.receive(whole, segment);
        return;
      }
      case 'bad-offset':
      case 'bad-option':
      case 'bad-checksum':
        this.counts.segmentErrors++;
        return;
      default:
        this.counts.headerErrors++;
    }
  }

  private receiveNoTcp(bytes: Uint8Array): void {
    const message = readIcmpFrame(bytes, bytes.length);
    if (message === 'not-icmp') {
      this.counts.unknownProtocols++;
      this.icmp.refuseProtocol(bytes);
    } else if (typeof message === 'string') this.counts.segmentErrors++;
    else this.icmp.receive(message, bytes);
  }

  /** Whether a datagram is for one of the host's addresses or for a group that it listens to. */
  private isForHost(bytes: Uint8Array): boolean {
    const version = etherTypeOf(bytes, bytes.length) === etherTypes.ipv6 ? 'ipv6' : 'ipv4';
    const [start, end] = addressRanges[version].destination;
    const destination = bytes.subarray(start, end);
    if (this.isOwn(destination) || this.isGroup(bytes, destination)) return true;
    this.counts.addressErrors++;
    return false;
  }

  private isOwn(address: IpAddress): boolean {
    const { settings } = this.stack;
    if (sameAddress(address, settings.address)) return true;
    return settings.ipv6Address !== undefined && sameAddress(address, settings.ipv6Address);
  }

  /** The groups are those of the multicast list: all nodes, and the solicited-node group of the host's address. */
  private isGroup(bytes: Uint8Array, destination: IpAddress): boolean {
    const { ipv6Address } = this.stack.settings;
    if (destination[0] !== 0xff || ipv6Address === undefined) return false;
    if (destination[15] === 1 && destination.subarray(2, 15).every((byte) => byte === 0)) return true;
    const group = solicitedNodeAddress(ipv6Address);
    return sameAddress(destination, group) && sameAddress(bytes.subarray(0, 6), multicastMac(group));
  }
}

/** Whether a datagram whose header is sound is a fragment; of IPv6, TCP's reader tells. */
function isFragment(bytes: Uint8Array): boolean {
  if (etherTypeOf(bytes, bytes.length) !== etherTypes.ipv4) return false;
  const header = readIpv4Header(bytes, bytes.length, ipv4Offset);
  return typeof header !== 'string' && header.isFragment;
}

/** Whether the options of an IPv4 header can't be walked; IPv6's are walked when the header is read (RFC 791 section 3.1). */
function hasBadOptions(bytes: Uint8Array): boolean {
  if (etherTypeOf(bytes, bytes.length) !== etherTypes.ipv4) return false;
  const end = ipv4Offset + (bytes[ipv4Offset]! & 0xf) * 4;
  for (let at = ipv4Offset + ipv4HeaderLength; at < end;) {
    const kind = bytes[at]!;
    if (kind === 0) return false;
    const length = kind === 1 ? 1 : at + 1 < end ? bytes[at + 1]! : 0;
    if (length === 0 || (kind !== 1 && length < 2) || at + length > end) return true;
    at += length;
  }
  return false;
}

/** Bytes of a datagram in a frame, header included, without padding; all that is there if the header can't be read. */
export function datagramOf(bytes: Uint8Array): Uint8Array {
  const header = readIpv4Header(bytes, bytes.length, ipv4Offset);
  return bytes.subarray(ipv4Offset, typeof header === 'string' ? undefined : ipv4Offset + header.totalLength);
}
