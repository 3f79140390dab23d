/** How the host stack is set up. Times are virtual ns. */
import type { TcpParameters } from '../kit';
import { defaultTcpSettings, type TcpSettings } from '../tcp/tcpSettings';
import type { Ipv4Address, Ipv6Address, MacAddress } from '../wire/address';
import { defaultCacheSettings, type CacheSettings } from './cacheAging';
import type { CapabilityPath } from './offloadAdministration';
import type { ChimneyPolicySettings } from './offloadPolicy';
import type { Route } from './routes';

/** See the file's head. */
export interface HostSettings {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  /** Undefined: the host has no IPv6. */
  readonly ipv6Address: Ipv6Address | undefined;
  readonly tcp: TcpSettings;
  readonly timeToLive: number;
  /** VLAN of the interface, as a VLAN driver above the adapter would set it; 0: none. */
  readonly vlanId: number;
  /** Routes to addresses that are not on the link. */
  readonly routes: readonly Route[];
  /** Path MTU in bytes. */
  readonly pathMtu: number;
  /** How long neighbors and paths that nothing depends on are remembered, and how many. */
  readonly caches: CacheSettings;
  /**
   * Retransmissions of one segment on the host path after which the next hop is in doubt (RFC 1122 section 3.3.1.4); 0: never. The
   * target's twin is TcpDoubtReachabilityRetransmissions.
   */
  readonly doubtRetransmissions: number;
  /** Whether a connection begins with what earlier ones have learned of its path (RFC 9040 section 4.2). */
  readonly sharesPathHistory: boolean;
  /** Frames of one connection that may be with NDIS and the adapter at a time, on the host path. */
  readonly framesUnderWay: number;
  /** Receive requests that are posted at a time while offloaded, and the bytes of each. */
  readonly postedReceives: number;
  readonly postedReceiveBytes: number;
  /** Time until the application's thread posts its first receives on an offloaded connection. */
  readonly receivePostDelay: number;
  /** Whether the last data of an offloaded connection goes down with its graceful disconnect, not as a send in front of it (DSC-009). */
  readonly closesWithData: boolean;
  /** Whether a connection may be offloaded that its application has closed and the peer has not: in FIN_WAIT_2. */
  readonly offloadsHalfClosed: boolean;
  /** Whether the host takes a connection back where the target would go on with it (EVT-022). */
  readonly grantsOptionalUploads: boolean;
  /** Which connections it offloads by itself; undefined: none, whoever runs it decides. */
  readonly chimney?: ChimneyPolicySettings | undefined;
  /** Bits per second of the link, for that decision. */
  readonly linkBitsPerSecond: number;
  /** By which OIDs it learns and sets what an adapter offloads. */
  readonly capabilityPath: CapabilityPath;
  /** What offload targets are told about TCP. */
  readonly parameters: TcpParameters;
}

/** A server of 2008 on an Ethernet with an MTU of 1500. */
export const defaultHostSettings: Omit<HostSettings, 'mac' | 'address'> = {
  tcp: { ...defaultTcpSettings, clockOffset: 91_350 },
  ipv6Address: undefined,
  timeToLive: 128,
  vlanId: 0,
  routes: [],
  pathMtu: 1500,
  caches: defaultCacheSettings,
  doubtRetransmissions: 3,
  sharesPathHistory: false,
  framesUnderWay: 8,
  postedReceives: 4,
  postedReceiveBytes: 64 * 1024,
  receivePostDelay: 40_000,
  closesWithData: false,
  offloadsHalfClosed: false,
  grantsOptionalUploads: true,
  linkBitsPerSecond: 1_000_000_000,
  capabilityPath: 'connection-offload',
  parameters: {
    TicksPerSecond: 1000,
    TcpAckFrequency: 2,
    TcpDelayedAckTicks: 200,
    TcpMaximumRetransmissions: defaultTcpSettings.maximumRetransmissions,
    TcpDuplicateAckThreshold: 3,
    TcpPushTicks: 500,
    TcpSwsPreventionTicks: 200,
    NceStaleTicks: 30_000,
    TcpDoubtReachabilityRetransmissions: 0,
  },
};
