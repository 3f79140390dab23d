/**
 * What the target does for packets of the host path: the TCP checksum of what it sends, where its hardware can do that. Configured by
 * OID_TCP_OFFLOAD_PARAMETERS, made active by OID_OFFLOAD_ENCAPSULATION.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import {
  checksumSettings,
  mergeEncapsulation,
  noTaskOffload,
  sameEncapsulation,
  type Encapsulation,
  type OffloadEncapsulation,
  type TaskOffload,
} from '../kit';
import { ethernetHeaderLength } from '../wire/ethernet';
import { finishChecksum, sumWords } from '../wire/internetChecksum';
import { ipv4Offset, readIpv4Header } from '../wire/ipv4';

const on = constantValue('NDIS_OFFLOAD_SET_ON');
const ethernet = constantValue('NDIS_ENCAPSULATION_IEEE_802_3');

/** Where a TCP header has its checksum. */
const checksumOffset = 16;

/** See the file's head. */
export class TaskOffloads {
  private configured: boolean;
  private inForce: OffloadEncapsulation = { IPv4: sameEncapsulation, IPv6: sameEncapsulation };

  constructor(private hardwareHasChecksum: boolean) {
    this.configured = hardwareHasChecksum;
  }

  /** What the hardware could do. */
  get capabilities(): TaskOffload {
    return describe(this.hardwareHasChecksum);
  }

  /** What it does now. */
  get configuration(): TaskOffload {
    return describe(this.isActive);
  }

  /** Encapsulation in force. */
  get encapsulation(): OffloadEncapsulation {
    return this.inForce;
  }

  /** The hardware has gained or lost its checksum unit; what it cannot do it does not do. */
  changeHardware(hasChecksum: boolean): void {
    this.hardwareHasChecksum = hasChecksum;
    if (!hasChecksum) this.configured = false;
  }

  /** Takes a checksum setting of NDIS_OFFLOAD_PARAMETERS; false if the hardware can't do it. */
  configureChecksum(setting: number): boolean {
    switch (setting) {
      case checksumSettings.NO_CHANGE:
        return true;
      case checksumSettings.TX_RX_DISABLED:
        this.configured = false;
        return true;
      case checksumSettings.TX_ENABLED_RX_DISABLED:
        if (!this.hardwareHasChecksum) return false;
        this.configured = true;
        return true;
      default:
        return false;
    }
  }

  /** Takes an encapsulation; false if it is not that of an untagged Ethernet II frame. */
  encapsulate(wanted: OffloadEncapsulation): boolean {
    if (!isEthernet(wanted)) return false;
    this.inForce = mergeEncapsulation(this.inForce, wanted);
    return true;
  }

  /**
   * Completes the TCP checksum of a frame in whose checksum field the host has left the sum over the pseudo-header; undone for a
   * frame that is no TCP over IPv4, and while the task is not active.
   */
  completeChecksum(bytes: Uint8Array, length: number): void {
    if (!this.isActive) return;
    const header = readIpv4Header(bytes, length, ipv4Offset);
    if (typeof header === 'string') return;
    const tcpAt = ipv4Offset + header.headerLength;
    const checksum = finishChecksum(sumWords(0, bytes, tcpAt, ipv4Offset + header.totalLength));
    bytes[tcpAt + checksumOffset] = checksum >>> 8;
    bytes[tcpAt + checksumOffset + 1] = checksum & 0xff;
  }

  private get isActive(): boolean {
    return this.configured && this.inForce.IPv4.Enabled === on;
  }
}

function describe(transmitTcpChecksum: boolean): TaskOffload {
  return transmitTcpChecksum ? { encapsulation: ethernet, transmitTcpChecksum } : noTaskOffload;
}

/** Whether an encapsulation that is to be on is that of untagged Ethernet II frames. */
export function isEthernet({ IPv4, IPv6 }: OffloadEncapsulation): boolean {
  return isSupported(IPv4) && isSupported(IPv6);
}

function isSupported({ Enabled, EncapsulationType, HeaderSize }: Encapsulation): boolean {
  if (Enabled !== on) return true;
  return EncapsulationType === ethernet && HeaderSize === ethernetHeaderLength;
}
