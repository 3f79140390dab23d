/**
 * IP_OFFLOAD_STATS and TCP_OFFLOAD_STATS of one IP version: what has passed on offloaded connections (STT rules). Counters wrap to
 * zero at the width that the structures give them.
 */
import { encodeStructure } from '../../../shared/ddi/structureCodec';
import { TcpConnectionState } from '../tcp/tcpVariables';
import { isBefore } from '../tcp/sequenceNumber';

/** Position of each 64-bit counter. */
const wide = {
  InReceives: 0,
  InOctets: 1,
  InDelivers: 2,
  OutRequests: 3,
  OutOctets: 4,
  InSegments: 5,
  OutSegments: 6,
} as const;

/** Position of each 32-bit counter that this target can move. */
const narrow = { ResetEstablished: 0, RetransmittedSegments: 1, InErrors: 2, OutResets: 3 } as const;

/** Names of 64-bit counters. */
type WideCounter = keyof typeof wide;

/** Names of 32-bit counters that this target can move. */
type NarrowCounter = keyof typeof narrow;

const wideCounters = Object.keys(wide) as WideCounter[];

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
  /** Two words each, the lower first: counting a segment must not make big integers. */
  private readonly wideCounts = new Uint32Array(2 * wideCounters.length);
  private readonly narrowCounts = new Uint32Array(Object.keys(narrow).length);

  /** @param belowWrap how many steps before they wrap all counters begin, up to 2^32 - 1; 0: they begin at zero (STT-026) */
  constructor(belowWrap = 0) {
    if (belowWrap === 0) return;
    this.narrowCounts.fill(-belowWrap);
    for (const counter of wideCounters) this.addWords(counter, -belowWrap >>> 0, 0xffff_ffff);
  }

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
    this.reset((name) => ipCounters.has(name));
  }

  /** OID_TCP4_OFFLOAD_STATS is set: the TCP counters begin anew. */
  resetTcp(): void {
    this.reset((name) => !ipCounters.has(name));
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
    if (typeof amount === 'bigint') {
      this.addWords(counter, Number(amount & 0xffff_ffffn), Number((amount >> 32n) & 0xffff_ffffn));
    } else this.addWords(counter, amount >>> 0, Math.floor(amount / 0x1_0000_0000));
  }

  /** Adds to a 32-bit counter; it wraps. */
  addNarrow(counter: NarrowCounter, amount: number): void {
    this.narrowCounts[narrow[counter]]! += amount;
  }

  private addWords(counter: WideCounter, low: number, high: number): void {
    const { wideCounts } = this;
    const at = 2 * wide[counter];
    const sum = wideCounts[at]! + low;
    wideCounts[at] = sum;
    wideCounts[at + 1]! += high + (sum > 0xffff_ffff ? 1 : 0);
  }

  private reset(isMeant: (counter: WideCounter) => boolean): void {
    for (const counter of wideCounters.filter(isMeant))
      this.wideCounts.fill(0, 2 * wide[counter], 2 * wide[counter] + 2);
  }

  private count(counter: WideCounter): bigint {
    const at = 2 * wide[counter];
    return (BigInt(this.wideCounts[at + 1]!) << 32n) | BigInt(this.wideCounts[at]!);
  }

  private countNarrow(counter: NarrowCounter): number {
    return this.narrowCounts[narrow[counter]]!;
  }
}

function isEstablished(state: TcpConnectionState): boolean {
  return state === TcpConnectionState.Established || state === TcpConnectionState.CloseWait;
}
