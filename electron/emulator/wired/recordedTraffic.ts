/**
 * Recorded traffic as input of an emulated host that stands for the recorded one: its peers send what they sent then, when they sent
 * it, and their acknowledgments follow the sequence numbers of the host that is there now.
 *
 * What a peer acknowledged of the recorded host it acknowledges of the emulated one, byte for byte, but never more than that has sent;
 * an acknowledgment of everything that the recorded host had sent until then is one of everything that the emulated one has. Echoed
 * timestamps are the latest that were sent. SACK blocks, which name ranges of other bytes, are blanked. Checksums are computed anew.
 */
import { arpOperations, arpFrameLength, readArpFrame, writeArpFrame } from '../wire/arp';
import { sameAddress, type Ipv4Address, type MacAddress } from '../wire/address';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import type { Frame } from '../wire/frame';
import { finishChecksum, sumPseudoHeader, sumWords } from '../wire/internetChecksum';
import { ipProtocols, ipv4HeaderLength, ipv4Offset } from '../wire/ipv4';
import { putU16, putU32 } from '../wire/networkOrder';
import { readSegmentFrame } from '../wire/segmentFrame';
import { advance, distance, isBefore } from '../tcp/sequenceNumber';
import { TcpSegment, tcpFlags, tcpHeaderLength } from '../wire/tcpSegment';

/** A frame of a recording. */
export interface RecordedFrame {
  readonly bytes: Uint8Array;
  /** Virtual ns. */
  readonly time: number;
}

/** What became of the frames of a recording. */
export interface RecordedCounts {
  /** Given to the emulated host. */
  used: number;
  /** Of the host that it stands for: they taught what its peers had heard. */
  ownFrames: number;
  /** Of and for others, and of other protocols than TCP over IPv4. */
  foreign: number;
  /** Of connections whose beginning is not in the recording. */
  withoutBeginning: number;
}

/** A connection then and now; sequence numbers are of the host's side. */
interface Connection {
  recordedStart: number | undefined;
  recordedEnd: number;
  currentStart: number | undefined;
  currentEnd: number;
  latestTimestamp: number;
}

const optionKinds = { end: 0, noOperation: 1, sack: 5, timestamps: 8 } as const;

/** The address to which most connections are opened; undefined if none is. */
export function mostOpened(frames: readonly RecordedFrame[]): Ipv4Address | undefined {
  const segment = new TcpSegment();
  const counts = new Map<string, { address: Ipv4Address; count: number }>();
  for (const { bytes } of frames) {
    const read = readSegmentFrame(segment, bytes, bytes.length, 'verified');
    if (typeof read === 'string' || read.destination.length !== 4) continue;
    if (!segment.has(tcpFlags.SYN) || segment.has(tcpFlags.ACK)) continue;
    const key = read.destination.join('.');
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { address: read.destination.slice(), count: 1 });
    else known.count++;
  }
  return [...counts.values()].sort((left, right) => right.count - left.count)[0]?.address;
}

/** See the file's head. */
export class RecordedTraffic {
  readonly counts: RecordedCounts = { used: 0, ownFrames: 0, foreign: 0, withoutBeginning: 0 };
  private readonly connections = new Map<string, Connection>();
  private readonly macs = new Map<string, MacAddress>();
  private readonly segment = new TcpSegment();

  constructor(
    /** The recorded host that the emulated one stands for. */
    private readonly recorded: Ipv4Address,
    private readonly mac: MacAddress,
    private readonly address: Ipv4Address,
  ) {}

  /** Makes a recorded frame one for the emulated host, in `frame`; false if it is none. To be called in the order of the recording. */
  adapt({ bytes }: RecordedFrame, frame: Frame): boolean {
    const { segment, counts, recorded } = this;
    const read = bytes.length > frame.bytes.length ? 'too-short' : this.read(bytes);
    if (typeof read === 'string') {
      counts.foreign++;
      return false;
    }
    if (sameAddress(read.source, recorded)) {
      counts.ownFrames++;
      this.learnRecorded(keyOf(read.destination, segment.destinationPort, segment.sourcePort));
      return false;
    }
    if (!sameAddress(read.destination, recorded)) {
      counts.foreign++;
      return false;
    }
    const key = keyOf(read.source, segment.sourcePort, segment.destinationPort);
    const connection = this.connectionFor(key);
    if (connection === undefined) {
      counts.withoutBeginning++;
      return false;
    }
    this.macs.set(read.source.join('.'), bytes.slice(6, 12));
    frame.bytes.set(bytes);
    frame.length = ipv4Offset + ipv4HeaderLength + read.tcpLength;
    this.readdress(frame.bytes);
    if (segment.has(tcpFlags.ACK)) this.follow(connection, frame.bytes, read.tcpAt);
    this.sum(frame.bytes, read.tcpAt, read.tcpLength);
    counts.used++;
    return true;
  }

  /** The emulated host has sent a frame; answers a frame that a recorded peer sends in return, when that is ARP's. */
  heard({ bytes, length }: Frame): Uint8Array | undefined {
    if (etherTypeOf(bytes, length) === etherTypes.arp) return this.resolve(bytes, length);
    const read = this.read(bytes.subarray(0, length));
    if (typeof read === 'string') return undefined;
    const { segment } = this;
    const connection = this.connections.get(
      keyOf(read.destination, segment.destinationPort, segment.sourcePort),
    );
    if (connection === undefined) return undefined;
    const end = advance(segment.SequenceNumber, segment.sequenceLength);
    if (segment.has(tcpFlags.SYN)) {
      connection.currentStart = segment.SequenceNumber;
      connection.currentEnd = end;
    } else if (isBefore(connection.currentEnd, end)) connection.currentEnd = end;
    if (segment.timestampValue !== undefined) connection.latestTimestamp = segment.timestampValue;
    return undefined;
  }

  /** A TCP segment over IPv4 without options, whatever its checksum: captures at a sender have none yet. */
  private read(bytes: Uint8Array): Exclude<ReturnType<typeof readSegmentFrame>, string> | 'foreign' {
    const read = readSegmentFrame(this.segment, bytes, bytes.length, 'verified');
    return typeof read === 'string' || read.source.length !== 4 ? 'foreign' : read;
  }

  private resolve(bytes: Uint8Array, length: number): Uint8Array | undefined {
    const request = readArpFrame(bytes, length);
    if (request?.operation !== arpOperations.request) return undefined;
    const mac = this.macs.get(request.targetAddress.join('.'));
    if (mac === undefined) return undefined;
    const answer = new Uint8Array(arpFrameLength);
    writeArpFrame(answer, request.senderMac, {
      operation: arpOperations.reply,
      senderMac: mac,
      senderAddress: request.targetAddress,
      targetMac: request.senderMac,
      targetAddress: request.senderAddress,
    });
    return answer;
  }

  /** The connection of the segment that has been read; a SYN begins one. */
  private connectionFor(key: string): Connection | undefined {
    const { segment } = this;
    if (segment.has(tcpFlags.SYN) && !segment.has(tcpFlags.ACK) && !this.isRepeated(key)) {
      this.connections.set(key, {
        recordedStart: undefined,
        recordedEnd: 0,
        currentStart: undefined,
        currentEnd: 0,
        latestTimestamp: 0,
      });
    }
    return this.connections.get(key);
  }

  /** Whether a connection of this name waits for its SYN to be answered: another SYN repeats the first. */
  private isRepeated(key: string): boolean {
    const known = this.connections.get(key);
    return known !== undefined && known.recordedStart === undefined;
  }

  private learnRecorded(key: string): void {
    const { segment } = this;
    const connection = this.connections.get(key);
    if (connection === undefined) return;
    const end = advance(segment.SequenceNumber, segment.sequenceLength);
    if (segment.has(tcpFlags.SYN)) {
      connection.recordedStart = segment.SequenceNumber;
      connection.recordedEnd = end;
    } else if (connection.recordedStart !== undefined && isBefore(connection.recordedEnd, end))
      connection.recordedEnd = end;
  }

  private readdress(bytes: Uint8Array): void {
    bytes.set(this.mac, 0);
    bytes.set(this.address, ipv4Offset + 16);
    putU16(bytes, ipv4Offset + 10, 0);
    putU16(
      bytes,
      ipv4Offset + 10,
      finishChecksum(sumWords(0, bytes, ipv4Offset, ipv4Offset + ipv4HeaderLength)),
    );
  }

  /** Acknowledgment, echoed timestamp and SACK blocks name what the host that is there now has sent. */
  private follow(connection: Connection, bytes: Uint8Array, tcpAt: number): void {
    const { AcknowledgmentNumber } = this.segment;
    // Without the host's own frames in the recording, the first acknowledgment is that of its SYN.
    connection.recordedStart ??= advance(AcknowledgmentNumber, -1);
    const { recordedStart, recordedEnd, currentStart, currentEnd } = connection;
    if (currentStart !== undefined) {
      const mapped = advance(currentStart, distance(recordedStart, AcknowledgmentNumber));
      const everything = recordedEnd !== 0 && AcknowledgmentNumber === recordedEnd;
      putU32(bytes, tcpAt + 8, everything || isBefore(currentEnd, mapped) ? currentEnd : mapped);
    }
    const end = tcpAt + (bytes[tcpAt + 12]! >>> 4) * 4;
    for (let at = tcpAt + tcpHeaderLength; at < end;) {
      const kind = bytes[at]!;
      if (kind === optionKinds.end) return;
      const length = kind === optionKinds.noOperation ? 1 : bytes[at + 1]!;
      if (kind === optionKinds.timestamps) putU32(bytes, at + 6, connection.latestTimestamp);
      else if (kind === optionKinds.sack) bytes.fill(optionKinds.noOperation, at, at + length);
      at += length;
    }
  }

  private sum(bytes: Uint8Array, tcpAt: number, tcpLength: number): void {
    putU16(bytes, tcpAt + 16, 0);
    const source = bytes.subarray(ipv4Offset + 12, ipv4Offset + 16);
    const total = sumWords(
      sumPseudoHeader(source, this.address, ipProtocols.tcp, tcpLength),
      bytes,
      tcpAt,
      tcpAt + tcpLength,
    );
    putU16(bytes, tcpAt + 16, finishChecksum(total));
  }
}

function keyOf(peer: Ipv4Address, peerPort: number, port: number): string {
  return `${peer.join('.')}:${peerPort} ${port}`;
}
