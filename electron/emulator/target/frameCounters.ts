/** What passes an adapter's hardware, offloaded or not, as OID_GEN_STATISTICS reports it. */
import {
  interfaceCounters,
  writeInterfaceStatistics,
  type InterfaceCounter,
  type InterfaceStatistics,
} from '../kit';
import type { DestinationKind } from './receiveFilter';

const received: Readonly<Record<DestinationKind, readonly [InterfaceCounter, InterfaceCounter]>> = {
  directed: ['ifHCInUcastPkts', 'ifHCInUcastOctets'],
  multicast: ['ifHCInMulticastPkts', 'ifHCInMulticastOctets'],
  broadcast: ['ifHCInBroadcastPkts', 'ifHCInBroadcastOctets'],
};

const sent: Readonly<Record<DestinationKind, readonly [InterfaceCounter, InterfaceCounter]>> = {
  directed: ['ifHCOutUcastPkts', 'ifHCOutUcastOctets'],
  multicast: ['ifHCOutMulticastPkts', 'ifHCOutMulticastOctets'],
  broadcast: ['ifHCOutBroadcastPkts', 'ifHCOutBroadcastOctets'],
};

/** See the file's head. */
export class FrameCounters {
  private readonly counts = Object.fromEntries(interfaceCounters.map((counter) => [counter, 0])) as Record<
    InterfaceCounter,
    number
  >;

  /** A frame has passed the address filter; `octets` counts its Ethernet header. */
  received(kind: DestinationKind, octets: number): void {
    const { counts } = this;
    const [frames, bytes] = received[kind];
    counts[frames]++;
    counts[bytes] += octets;
    counts.ifHCInOctets += octets;
  }

  /** A frame has been given to the transmitter. */
  sent(kind: DestinationKind, octets: number): void {
    const { counts } = this;
    const [frames, bytes] = sent[kind];
    counts[frames]++;
    counts[bytes] += octets;
    counts.ifHCOutOctets += octets;
  }

  /** A frame could not be sent: no link, no power, or the adapter is paused. */
  discardedOutgoing(): void {
    this.counts.ifOutDiscards++;
  }

  /** A frame has arrived with a wrong frame check sequence. */
  damagedIncoming(): void {
    this.counts.ifInErrors++;
  }

  /** The counters now. */
  get statistics(): InterfaceStatistics {
    return { ...this.counts };
  }

  /** NDIS_STATISTICS_INFO. */
  bytes(): Uint8Array {
    return writeInterfaceStatistics(this.counts);
  }
}
