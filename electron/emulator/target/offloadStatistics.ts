/**
 * IP_OFFLOAD_STATS and TCP_OFFLOAD_STATS of one IP version: what has passed on offloaded connections (STT rules). Counters wrap to
 * zero at the width that the structures give them.
 */
import { encodeStructure } from '../../../shared/ddi/structureCodec';
import { TcpConnectionState } from '../tcp/tcpVariables';
import { isBefore } from '../tcp/sequenceNumber';

const wide = [
  'InReceives',
  'InOctets',
  'InDelivers',
  'OutRequests',
  'OutOctets',
  'InSegments',
  'OutSegments',
] as const;
const narrow = ['ResetEstablished', 'RetransmittedSegments', 'InErrors', 'OutResets'] as const;

/** Names of 64-bit counters. */
type WideCounter = (typeof wide)[number];

/** Names of 32-bit counters that this target can move. */
type NarrowCounter = (typeof narrow)[number];

/** Counters of the IP layer; the others are TCP's. */
const ipCounters: ReadonlySet<string> = new Set([
  'InReceives',
  'InOctets',
  'InDelivers',
  'OutRequests',
  'OutOctets',
]);

/** See the file's head. */
export class OffloadStatistics {
  private readonly wideCounts = new BigUint64Array(wide.length);
  private readonly narrowCounts = new Uint32Array(narrow.length);

  /** A datagram has come for an offloaded connection and has been delivered; `octets` counts its IP header too. */
  received(octets: number): void {
    this.add('InReceives', 1);
    this.add('InOctets', octets);
    this.add('InDelivers', 1);
  }

  /** A segment of an offloaded connection has come, from the wire or forwarded by the host; `bad` if TCP could not take it. */
  segmentReceived(bad: boolean): void {
    this.add('InSegments', 1);
    if (bad) this.addNarrow('InErrors', 1);
  }

  /** A datagram with a segment leaves; `sentUpTo` is the connection's SndMax before it, all in sequence numbers. */
  sent(octets: number, first: number, end: number, sentUpTo: number, resets: boolean): void {
    this.add('OutRequests', 1);
    this.add('OutOctets', octets);
    const repeats = first !== end && isBefore(first, sentUpTo);
    const isNew = first === end || isBefore(sentUpTo, end);
    if (isNew) this.add('OutSegments', 1);
    if (repeats) this.addNarrow('RetransmittedSegments', 1);
    if (resets) this.addNarrow('OutResets', 1);
  }

  /** A connection has changed its state; counts moves from ESTABLISHED or CLOSE-WAIT straight to CLOSED. */
  moved(from: TcpConnectionState, to: TcpConnectionState): void {
    if (to === TcpConnectionState.Closed && isEstablished(from)) this.addNarrow('ResetEstablished', 1);
  }

  /** OID_IP4_OFFLOAD_STATS is set: the IP counters begin anew. */
  resetIp(): void {
    wide.forEach((name, index) => {
      if (ipCounters.has(name)) this.wideCounts[index] = 0n;
    });
  }

  /** OID_TCP4_OFFLOAD_STATS is set: the TCP counters begin anew. */
  resetTcp(): void {
    wide.forEach((name, index) => {
      if (!ipCounters.has(name)) this.wideCounts[index] = 0n;
    });
    this.narrowCounts.fill(0);
  }

  /** The bytes of IP_OFFLOAD_STATS. Datagrams that IP can't take go to the host uncounted (STT-016), so no error count moves. */
  ip(): Uint8Array {
    return encodeStructure('IP_OFFLOAD_STATS', {
      InReceives: this.count('InReceives'),
      InOctets: this.count('InOctets'),
      InDelivers: this.count('InDelivers'),
      OutRequests: this.count('OutRequests'),
      OutOctets: this.count('OutOctets'),
    });
  }

  /** The bytes of TCP_OFFLOAD_STATS; CurrentlyEstablished is no counter but counts the given states now (STT-022). */
  tcp(states: Iterable<TcpConnectionState>): Uint8Array {
    let CurrentlyEstablished = 0;
    for (const state of states) if (isEstablished(state)) CurrentlyEstablished++;
    return encodeStructure('TCP_OFFLOAD_STATS', {
      InSegments: this.count('InSegments'),
      OutSegments: this.count('OutSegments'),
      CurrentlyEstablished,
      ResetEstablished: this.countNarrow('ResetEstablished'),
      RetransmittedSegments: this.countNarrow('RetransmittedSegments'),
      InErrors: this.countNarrow('InErrors'),
      OutResets: this.countNarrow('OutResets'),
    });
  }

  /** Adds to a 64-bit counter; it wraps. */
  add(counter: WideCounter, amount: number | bigint): void {
    this.wideCounts[wide.indexOf(counter)]! += BigInt(amount);
  }

  /** Adds to a 32-bit counter; it wraps. */
  addNarrow(counter: NarrowCounter, amount: number): void {
    this.narrowCounts[narrow.indexOf(counter)]! += amount;
  }

  private count(counter: WideCounter): bigint {
    return this.wideCounts[wide.indexOf(counter)]!;
  }

  private countNarrow(counter: NarrowCounter): number {
    return this.narrowCounts[narrow.indexOf(counter)]!;
  }
}

function isEstablished(state: TcpConnectionState): boolean {
  return state === TcpConnectionState.Established || state === TcpConnectionState.CloseWait;
}
