/** What an offload target is made of. Times are virtual ns. */
import { defaultTcpSettings, type TcpSettings } from '../tcp/tcpSettings';
import type { MacAddress } from '../wire/address';
import { defaultTargetLimits, type TargetLimits } from './targetLimits';

/** See the file's head. */
export interface TargetSettings {
  readonly mac: MacAddress;
  /** Largest number of offloaded TCP connections. */
  readonly tcpCapacity: number;
  /** Whether connection offload over IPv4 is on; OIDs turn it off and on. */
  readonly offloadsIPv4: boolean;
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
  /** Push timer of the receive delivery algorithm (TcpPushTicks). */
  readonly pushTime: number;
}

/** An adapter like those of 2007: room for 1024 connections, a clock of its own. */
export const defaultTargetSettings: Omit<TargetSettings, 'mac'> = {
  tcpCapacity: 1024,
  offloadsIPv4: true,
  transmitTcpChecksum: false,
  resetTime: 2_000_000,
  reportsReset: false,
  limits: defaultTargetLimits,
  objectTime: 6_000,
  tcp: { ...defaultTcpSettings, clockOffset: 4_217_011 },
  ringTime: 50_000,
  linkSpeed: 1_000_000_000,
  pushTime: 500_000_000,
};
