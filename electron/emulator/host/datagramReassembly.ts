/**
 * Puts fragmented datagrams together again (RFC 791 section 3.2, RFC 8200 section 4.5). Pieces that overlap without being the same
 * piece once more spoil their datagram, of both IP versions: IPv6 demands it (RFC 5722), and IPv4 is no worse off without what only
 * attackers send (RFC 3128). Memory is bounded: the oldest datagram goes when there are too many or too many bytes.
 */
import { formatIpAddress } from '../wire/address';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import { finishChecksum, sumWords } from '../wire/internetChecksum';
import { ipv4Offset, readIpv4Header } from '../wire/ipv4';
import {
  fragmentHeaderLength,
  ipv6HeaderLength,
  ipv6Offset,
  readFragmentHeader,
  readIpv6Header,
} from '../wire/ipv6';

/** Time for all pieces to come, ns (RFC 8200 section 4.5; RFC 1122 section 3.3.2 allows 60 to 120 s). */
export const reassemblyTime = 60_000_000_000;

/** Most that is kept: datagrams, bytes of all of them, and pieces of one. */
export const reassemblyLimits = { datagrams: 64, bytes: 512 * 1024, pieces: 256 } as const;

/** Most bytes of a datagram. */
const largestDatagram = 65_535;

/** What a reassembly needs of its host. */
export interface ReassemblyHost {
  /** Runs `work` after `delay` ns. */
  later(work: () => void, delay: number): void;
  /** Time is over for a datagram; `first` is the frame of its first piece, if that has come (RFC 1122 section 3.3.2). */
  expired(first: Uint8Array | undefined): void;
}

/** Counters, for whoever looks at the host's health. */
export interface ReassemblyCounts {
  /** Datagrams put together. */
  completed: number;
  /** Datagrams whose pieces did not all come in time. */
  expired: number;
  /** Datagrams that overlapping, misfitting or too many pieces have spoilt. */
  spoilt: number;
  /** Datagrams that had to go to make room. */
  evicted: number;
}

/** A piece of a datagram. */
interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** A received fragment as the reassembly sees it. */
interface Fragment extends Piece {
  readonly key: string;
  readonly moreFragments: boolean;
  /** The frame up to the payload, its lengths and checksum to be set anew. */
  readonly head: Uint8Array;
}

/** A datagram of which pieces are missing, or one that is spoilt and swallows what still comes of it. */
interface PartialDatagram {
  readonly pieces: Piece[];
  /** Frame up to the payload, from the first piece. */
  head: Uint8Array | undefined;
  /** The first piece's frame. */
  first: Uint8Array | undefined;
  /** Payload bytes, once the last piece has come. */
  length: number | undefined;
  bytes: number;
  spoilt: boolean;
}

/** See the file's head. */
export class DatagramReassembly {
  readonly counts: ReassemblyCounts = { completed: 0, expired: 0, spoilt: 0, evicted: 0 };
  private readonly datagrams = new Map<string, PartialDatagram>();
  private bytes = 0;

  constructor(private readonly host: ReassemblyHost) {}

  /** Datagrams of which something is kept. */
  get pending(): number {
    return this.datagrams.size;
  }

  /** Bytes that are kept. */
  get pendingBytes(): number {
    return this.bytes;
  }

  /** Takes an untagged frame with a fragment; answers the frame of the whole datagram once nothing is missing. */
  add(frame: Uint8Array): Uint8Array | undefined {
    const fragment = etherTypeOf(frame, frame.length) === etherTypes.ipv6 ? readIpv6(frame) : readIpv4(frame);
    if (fragment === undefined) return undefined;
    // A fragment that is a whole datagram has nothing to do with any other (RFC 6946).
    if (fragment.start === 0 && !fragment.moreFragments)
      return assemble(fragment.head, [fragment], fragment.bytes.length);
    const datagram = this.datagrams.get(fragment.key) ?? this.begin(fragment.key);
    if (datagram.spoilt || isRepeated(datagram, fragment)) return undefined;
    if (!fits(datagram, fragment)) {
      this.spoil(datagram);
      return undefined;
    }
    datagram.pieces.push({ start: fragment.start, bytes: fragment.bytes });
    datagram.bytes += fragment.bytes.length;
    this.bytes += fragment.bytes.length;
    if (!fragment.moreFragments) datagram.length = fragment.start + fragment.bytes.length;
    if (fragment.start === 0) {
      datagram.head = fragment.head;
      datagram.first = frame.slice();
    }
    const { head, length, pieces } = datagram;
    if (head === undefined || length === undefined || datagram.bytes < length) {
      this.makeRoom(fragment.key);
      return undefined;
    }
    this.forget(fragment.key);
    const whole = assemble(head, pieces, length);
    if (whole === undefined) this.counts.spoilt++;
    else this.counts.completed++;
    return whole;
  }

  private begin(key: string): PartialDatagram {
    const datagram: PartialDatagram = {
      pieces: [],
      head: undefined,
      first: undefined,
      length: undefined,
      bytes: 0,
      spoilt: false,
    };
    this.datagrams.set(key, datagram);
    this.host.later(() => {
      if (this.datagrams.get(key) !== datagram) return;
      this.forget(key);
      if (datagram.spoilt) return;
      this.counts.expired++;
      this.host.expired(datagram.first);
    }, reassemblyTime);
    return datagram;
  }

  private spoil(datagram: PartialDatagram): void {
    this.counts.spoilt++;
    this.bytes -= datagram.bytes;
    datagram.bytes = 0;
    datagram.pieces.length = 0;
    datagram.spoilt = true;
  }

  private forget(key: string): void {
    this.bytes -= this.datagrams.get(key)?.bytes ?? 0;
    this.datagrams.delete(key);
  }

  /** The oldest go first; the one that has just grown stays. */
  private makeRoom(kept: string): void {
    for (const key of this.datagrams.keys()) {
      if (this.datagrams.size <= reassemblyLimits.datagrams && this.bytes <= reassemblyLimits.bytes) return;
      if (key === kept) continue;
      this.forget(key);
      this.counts.evicted++;
    }
  }
}

function isRepeated({ pieces }: PartialDatagram, { start, bytes }: Piece): boolean {
  return pieces.some(
    (piece) =>
      piece.start === start &&
      piece.bytes.length === bytes.length &&
      piece.bytes.every((byte, index) => byte === bytes[index]),
  );
}

/** Whether a piece overlaps no other and agrees with what is known of the datagram's end. */
function fits({ pieces, length }: PartialDatagram, { start, bytes, moreFragments }: Fragment): boolean {
  const end = start + bytes.length;
  if (bytes.length === 0 || pieces.length >= reassemblyLimits.pieces || end > largestDatagram) return false;
  if (moreFragments ? bytes.length % 8 !== 0 : length !== undefined) return false;
  if (length !== undefined && end > length) return false;
  return pieces.every((piece) => {
    const pieceEnd = piece.start + piece.bytes.length;
    return (end <= piece.start || start >= pieceEnd) && (moreFragments || pieceEnd <= end);
  });
}

/** The frame of the whole datagram; undefined if it is too large to have an IP header. */
function assemble(head: Uint8Array, pieces: readonly Piece[], length: number): Uint8Array | undefined {
  const frame = new Uint8Array(head.length + length);
  frame.set(head);
  for (const { start, bytes } of pieces) frame.set(bytes, head.length + start);
  const overIpv6 = etherTypeOf(head, head.length) === etherTypes.ipv6;
  const declared = frame.length - (overIpv6 ? ipv6Offset + ipv6HeaderLength : ipv4Offset);
  if (declared > largestDatagram) return undefined;
  const lengthAt = overIpv6 ? ipv6Offset + 4 : ipv4Offset + 2;
  frame[lengthAt] = declared >>> 8;
  frame[lengthAt + 1] = declared & 0xff;
  if (!overIpv6) {
    // Neither more fragments nor an offset; DF stays as it was.
    frame[ipv4Offset + 6]! &= 0x40;
    frame[ipv4Offset + 7] = 0;
    frame[ipv4Offset + 10] = 0;
    frame[ipv4Offset + 11] = 0;
    const checksum = finishChecksum(sumWords(0, frame, ipv4Offset, head.length));
    frame[ipv4Offset + 10] = checksum >>> 8;
    frame[ipv4Offset + 11] = checksum & 0xff;
  }
  return frame;
}

function keyOf(frame: Uint8Array, addressesAt: number, addressLength: number, rest: string): string {
  const address = (index: number): string => {
    const at = addressesAt + index * addressLength;
    return formatIpAddress(frame.subarray(at, at + addressLength));
  };
  return `${address(0)} ${address(1)} ${rest}`;
}

/** Source, destination, protocol and identification make the datagram (RFC 791 section 3.2). */
function readIpv4(frame: Uint8Array): Fragment | undefined {
  const header = readIpv4Header(frame, frame.length, ipv4Offset);
  if (typeof header === 'string' || !header.isFragment) return undefined;
  const flags = (frame[ipv4Offset + 6]! << 8) | frame[ipv4Offset + 7]!;
  const identification = (frame[ipv4Offset + 4]! << 8) | frame[ipv4Offset + 5]!;
  const payloadAt = ipv4Offset + header.headerLength;
  return {
    key: keyOf(frame, ipv4Offset + 12, 4, `${header.protocol} ${identification}`),
    start: (flags & 0x1fff) * 8,
    moreFragments: (flags & 0x2000) !== 0,
    head: frame.slice(0, payloadAt),
    bytes: frame.slice(payloadAt, ipv4Offset + header.totalLength),
  };
}

/** Source, destination and identification make the datagram (RFC 8200 section 4.5). The Fragment header goes. */
function readIpv6(frame: Uint8Array): Fragment | undefined {
  const header = readIpv6Header(frame, frame.length, ipv6Offset);
  if (typeof header === 'string' || header.fragmentAt === undefined) return undefined;
  const { offset, moreFragments, identification } = readFragmentHeader(frame, header.fragmentAt);
  const head = frame.slice(0, header.fragmentAt);
  head[header.nextHeaderAt] = header.protocol;
  const payloadAt = header.fragmentAt + fragmentHeaderLength;
  return {
    key: keyOf(frame, ipv6Offset + 8, 16, String(identification)),
    start: offset,
    moreFragments,
    head,
    bytes: frame.slice(payloadAt, payloadAt + header.upperLength),
  };
}
