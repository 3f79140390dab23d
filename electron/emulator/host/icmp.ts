/**
 * The host's ICMP and ICMPv6 (RFC 792, RFC 1122 section 3.2.2, RFC 4443). Errors are believed only if they quote a segment that is
 * outstanding on one of the host's connections (RFC 5927 section 4); where the target has the connection, it is asked.
 */
import { DISPATCH_LEVEL } from '../kit';
import { distance } from '../tcp/sequenceNumber';
import { formatIpAddress, isIpv6, sameAddress, type IpAddress } from '../wire/address';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import { fragmentFrame } from '../wire/fragmentation';
import {
  icmpFrame,
  icmpTypes,
  icmpv6Types,
  unreachableCodes,
  type IcmpContent,
  type ReceivedIcmp,
} from '../wire/icmp';
import { ipv4Offset } from '../wire/ipv4';
import { saysTooBig, toldMtu } from '../wire/pathMtu';
import { readQuotedSegment, type QuotedSegment } from '../wire/quotedSegment';
import type { HostConnection } from './hostConnection';
import type { HostStack } from './hostStack';
import { datagramOf } from './ipLayer';

/** Smallest time between two errors that the host sends, ns (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f)). */
const errorInterval = 10_000_000;

/** Most bytes of an offending datagram in an error. */
const mostQuoted = 548;

/** MTU below which no path of this host goes: what says so is more likely an attack than a link (RFC 5927 section 7). */
const smallestBelievedMtu = 256;

/** A path's MTU is raised again after this time, ns (RFC 1191 section 6.3, RFC 8201 section 5.3). */
export const mtuLifetime = 600_000_000_000;

/** Counters of what came and went. */
export interface IcmpCounts {
  echoReplies: number;
  errorsReceived: number;
  /** Errors that quote nothing outstanding. */
  errorsIgnored: number;
  errorsSent: number;
  pathMtuChanges: number;
}

/** See the file's head. */
export class HostIcmp {
  readonly counts: IcmpCounts = {
    echoReplies: 0,
    errorsReceived: 0,
    errorsIgnored: 0,
    errorsSent: 0,
    pathMtuChanges: 0,
  };
  private mayReportAt = 0;
  private fragmentIdentification = 0;

  constructor(private readonly stack: HostStack) {}

  /** Takes a message whose checksum is right; `frame` is what it came in. */
  receive(message: ReceivedIcmp, frame: Uint8Array): void {
    const { type, version } = message;
    if (
      version === 'ipv6' &&
      type >= icmpv6Types.neighborSolicitation &&
      type <= icmpv6Types.neighborAdvertisement
    )
      this.stack.resolution.receiveNeighborMessage(message, frame.slice(6, 12));
    else if (type === (version === 'ipv6' ? icmpv6Types.echoRequest : icmpTypes.echoRequest))
      this.answerEcho(message, frame);
    else if (isError(message)) this.receiveError(message);
  }

  /** Nobody here speaks the protocol of a datagram (RFC 1122 section 3.2.2.1, RFC 4443 section 3.4). */
  refuseProtocol(frame: Uint8Array): void {
    const overIpv6 = etherTypeOf(frame, frame.length) === etherTypes.ipv6;
    this.report(
      frame,
      overIpv6
        ? { type: icmpv6Types.parameterProblem, code: 1, rest: 6 }
        : { type: icmpTypes.destinationUnreachable, code: unreachableCodes.protocol, rest: 0 },
    );
  }

  /** The pieces of a datagram did not all come; `first` is the frame of its first piece (RFC 1122 section 3.3.2). */
  reportReassemblyTimeout(first: Uint8Array): void {
    const overIpv6 = etherTypeOf(first, first.length) === etherTypes.ipv6;
    const type = overIpv6 ? icmpv6Types.timeExceeded : icmpTypes.timeExceeded;
    this.report(first, { type, code: 1, rest: 0 });
  }

  private answerEcho(message: ReceivedIcmp, frame: Uint8Array): void {
    const own = this.stack.addressLike(message.destination);
    // Who asks a group is not answered (RFC 1122 section 3.2.2.6 leaves it open).
    if (own === undefined || !sameAddress(own, message.destination)) return;
    const type = message.version === 'ipv6' ? icmpv6Types.echoReply : icmpTypes.echoReply;
    this.counts.echoReplies++;
    this.send(frame, message.source, { type, code: 0, rest: message.rest, body: message.body.slice() });
  }

  /** Sends an error about a datagram, unless too many have been sent or the datagram is one to keep silent about. */
  private report(frame: Uint8Array, what: Omit<IcmpContent, 'body'>): void {
    const { kernel } = this.stack;
    const overIpv6 = etherTypeOf(frame, frame.length) === etherTypes.ipv6;
    const [source, destination] = overIpv6
      ? [frame.slice(ipv4Offset + 8, ipv4Offset + 24), frame.slice(ipv4Offset + 24, ipv4Offset + 40)]
      : [frame.slice(ipv4Offset + 12, ipv4Offset + 16), frame.slice(ipv4Offset + 16, ipv4Offset + 20)];
    const own = this.stack.addressLike(destination);
    if (own === undefined || !sameAddress(own, destination) || (frame[0]! & 1) !== 0) return;
    if (!isHostAddress(source) || kernel.now < this.mayReportAt) return;
    this.mayReportAt = kernel.now + errorInterval;
    this.counts.errorsSent++;
    this.send(frame, source, { ...what, body: datagramOf(frame).slice(0, mostQuoted) });
  }

  /** Sends a message back to where a frame came from. */
  private send(frame: Uint8Array, destination: IpAddress, content: IcmpContent): void {
    const { stack } = this;
    const source = stack.addressLike(destination);
    if (source === undefined) return;
    const addressing = {
      sourceMac: stack.settings.mac,
      destinationMac: frame.slice(6, 12),
      source,
      destination: destination.slice(),
      timeToLive: stack.settings.timeToLive,
      identification: stack.nextIdentification(),
    };
    // The lower half of the space is the host's (WIR-021).
    this.fragmentIdentification = (this.fragmentIdentification + 1) & 0x7fff_ffff;
    const whole = icmpFrame(addressing, content);
    const frames = fragmentFrame(whole, stack.settings.pathMtu, this.fragmentIdentification);
    stack.kernel.atLeast(DISPATCH_LEVEL, () => {
      for (const one of frames) stack.sendFrame(one);
    });
  }

  private receiveError(message: ReceivedIcmp): void {
    const { stack } = this;
    this.counts.errorsReceived++;
    const quoted = readQuotedSegment(message.version, message.body);
    const connection =
      quoted === undefined
        ? undefined
        : stack.findConnection(quoted.source, quoted.sourcePort, quoted.destination, quoted.destinationPort);
    if (quoted === undefined || connection === undefined) {
      this.counts.errorsIgnored++;
      return;
    }
    // The frame is NDIS's again when this call has returned; the target may answer later.
    const error = { ...message, source: message.source.slice(), body: message.body.slice() };
    const sequence = quoted.SequenceNumber;
    const { totalLength } = quoted;
    connection.ifOutstanding(sequence, (outstanding) => {
      if (outstanding) this.believe(error, connection, totalLength);
      else this.counts.errorsIgnored++;
    });
  }

  private believe(message: ReceivedIcmp, connection: HostConnection, totalLength: number): void {
    const { stack } = this;
    const { remoteAddress } = connection;
    if (saysTooBig(message)) {
      const told = toldMtu(message, totalLength);
      const mtu =
        told === undefined ? undefined : Math.max(told, isIpv6(remoteAddress) ? 0 : smallestBelievedMtu);
      if (mtu === undefined || mtu >= connection.path.mtu) {
        this.counts.errorsIgnored++;
        return;
      }
      this.counts.pathMtuChanges++;
      stack.note(
        connection.id,
        `ICMP: the path to ${formatIpAddress(remoteAddress)} carries ${mtu} bytes, says ${formatIpAddress(message.source)}`,
      );
      stack.onPacketTooBig(connection.path, mtu);
    } else if (message.version === 'ipv4' && message.type === icmpTypes.redirect) {
      this.redirect(message, connection);
    } else connection.onIcmpError(errorText(message), isHardError(message));
  }

  /** A router tells a better first hop; only the present one may (RFC 1122 section 3.2.2.2). */
  private redirect(message: ReceivedIcmp, connection: HostConnection): void {
    const nextHop = Uint8Array.of(
      message.rest >>> 24,
      (message.rest >>> 16) & 0xff,
      (message.rest >>> 8) & 0xff,
      message.rest & 0xff,
    );
    if (!sameAddress(message.source, connection.path.neighbor.address) || !isHostAddress(nextHop)) {
      this.counts.errorsIgnored++;
      return;
    }
    this.stack.changeNextHop(connection.remoteAddress, nextHop);
  }
}

/** Whether a quoted sequence number is of something sent and not acknowledged (RFC 5927 section 4.1). */
export function isOutstanding(
  SequenceNumber: QuotedSegment['SequenceNumber'],
  { SndUna, SndMax }: { readonly SndUna: number; readonly SndMax: number },
): boolean {
  const offset = distance(SndUna, SequenceNumber);
  return offset >= 0 && offset < distance(SndUna, SndMax);
}

function isError({ version, type }: ReceivedIcmp): boolean {
  if (version === 'ipv6') return type < icmpv6Types.echoRequest;
  return (
    type === icmpTypes.destinationUnreachable ||
    type === icmpTypes.redirect ||
    type === icmpTypes.timeExceeded ||
    type === icmpTypes.parameterProblem
  );
}

/** Whether an error says that nobody is there to speak TCP: protocol or port unreachable (RFC 1122 section 4.2.3.9). */
function isHardError({ version, type, code }: ReceivedIcmp): boolean {
  if (version === 'ipv6')
    return (
      (type === icmpv6Types.destinationUnreachable && (code === 1 || code === 4)) ||
      (type === icmpv6Types.parameterProblem && code === 1)
    );
  return (
    type === icmpTypes.destinationUnreachable &&
    (code === unreachableCodes.protocol || code === unreachableCodes.port)
  );
}

function errorText({ version, type, code }: ReceivedIcmp): string {
  return `${version === 'ipv6' ? 'ICMPv6' : 'ICMP'} type ${type}, code ${code}`;
}

/** Whether an address can be one host's: not unspecified, not a group's, not everybody's. */
function isHostAddress(address: IpAddress): boolean {
  if (address.every((byte) => byte === 0)) return false;
  return isIpv6(address) ? address[0] !== 0xff : address[0]! < 224;
}
