/** What an offload target is made of. Times are virtual ns. */
import { defaultTcpSettings, type TcpSettings } from '../tcp/tcpSettings';
import type { MacAddress } from '../wire/address';
import type { SendBacklogSettings } from './sendBacklog';
import { defaultTargetLimits, type TargetLimits } from './targetLimits';
import type { UploadPolicy } from './uploadPolicy';

/** See the file's head. */
export interface TargetSettings {
  readonly mac: MacAddress;
  /** Whether it puts priorities into tags (802.1p); 802.1Q it has in any case (VLN-001, VLN-002). */
  readonly supportsPriority: boolean;
  /** Largest number of offloaded TCP connections. */
  readonly tcpCapacity: number;
  /** What it reports as that number, where somebody else has taken entries of its table; absent: `tcpCapacity`. At least 1 (CAP-008). */
  readonly reportedCapacity?: number;
  /** Whether its hardware can take connections over IPv6; it always can over IPv4. */
  readonly hasIPv6: boolean;
  /** Whether connection offload over each IP version is on; OIDs turn it off and on. */
  readonly offloadsIPv4: boolean;
  readonly offloadsIPv6: boolean;
  /** Whether the hardware can compute TCP checksums of the host path's IPv4 packets. */
  readonly transmitTcpChecksum: boolean;
  /** Time that a reset of its hardware takes. */
  readonly resetTime: number;
  /**
   * Whether a reset is told by the statuses that the header has for it, NDIS_STATUS_OFFLOAD_REQUEST_RESET for initiates that it ends
   * and NDIS_STATUS_OFFLOAD_STATE_INVALID as an indication. No page describes either; off, an initiate fails with FAILURE.
   */
  readonly reportsReset: boolean;
  /** How much it has of everything else. */
  readonly limits: TargetLimits;
  /** Firmware time to take over or give back one state object. */
  readonly objectTime: number;
  /** Its TCP engine; receive buffer, Nagle and window scaling come with each connection. */
  readonly tcp: TcpSettings;
  /** Longest wait of a frame in the hardware's transmit ring. */
  readonly ringTime: number;
  /** Speed that the adapter reports for its link, bits per second. */
  readonly linkSpeed: number;
  /**
   * Whether the other end of the cable takes frames larger than the MTU and cuts them, and adds TCP checksums: so the hardware emits up
   * to 64 KiB of a connection at a time.
   */
  readonly emitsLargeFrames: boolean;
  /** Push timer of the receive delivery algorithm (TcpPushTicks). */
  readonly pushTime: number;
  /** Host ticks after which a neighbor that nobody has heard of is asked about (NceStaleTicks). */
  readonly nceStaleTicks: number;
  /** Retransmissions of one segment after which it doubts the neighbor; 0 for never (TcpDoubtReachabilityRetransmissions). */
  readonly doubtRetransmissions: number;
  /**
   * How it says so: by NeighborReachabilityInDoubt, a code that is reserved, and with the neighbor's block, from which alone the host stack knows
   * who is meant; off, by asking for the upload, as drivers were tested for (A35, A128).
   */
  readonly indicatesDoubt: boolean;
  /** When it asks for uploads that it could do without. */
  readonly uploadPolicy: UploadPolicy;
  /** How it says what it wants to have outstanding; undefined: it has no send-backlog feature (QRY-007). */
  readonly sendBacklog: SendBacklogSettings | undefined;
  /** How many steps before they wrap its statistics counters begin; absent: they begin at zero (STT-026). */
  readonly countersBelowWrap?: number;
}

/** An adapter like those of 2007: room for 1024 connections, a clock of its own. */
export const defaultTargetSettings: Omit<TargetSettings, 'mac'> = {
  supportsPriority: true,
  tcpCapacity: 1024,
  hasIPv6: true,
  offloadsIPv4: true,
  offloadsIPv6: true,
  transmitTcpChecksum: false,
  resetTime: 2_000_000,
  reportsReset: false,
  limits: defaultTargetLimits,
  objectTime: 6_000,
  tcp: { ...defaultTcpSettings, clockOffset: 4_217_011, blindReset: 'validate' },
  ringTime: 50_000,
  linkSpeed: 1_000_000_000,
  emitsLargeFrames: false,
  pushTime: 500_000_000,
  nceStaleTicks: 30_000,
  doubtRetransmissions: 0,
  indicatesDoubt: false,
  uploadPolicy: {},
  sendBacklog: undefined,
};
