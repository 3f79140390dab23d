/**
 * Whether the target has room for one more state object, and with which status it refuses one that doesn't fit: the documented
 * status of each cause (INI-036 to INI-044, VLN-003 to VLN-007).
 */
import { swapPortBytes } from '../../../shared/ddi/offloadState';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  chainToArray,
  type NEIGHBOR_OFFLOAD_STATE_CONST,
  type NET_BUFFER_LIST,
  type PATH_OFFLOAD_STATE_CACHED,
  type PATH_OFFLOAD_STATE_CONST,
  type TCP_OFFLOAD_STATE_CACHED,
  type TCP_OFFLOAD_STATE_CONST,
  type TCP_OFFLOAD_STATE_DELEGATED,
} from '../kit';
import { isOffloadableState } from '../tcp/offloadState';
import { ipAddressLengths } from '../wire/address';
import type { ObjectTable } from './objectTable';
import { isLimited } from './targetLimits';
import type { TargetSettings } from './targetSettings';

function chainBytes(chain: NET_BUFFER_LIST | null): number {
  return chainToArray(chain).reduce((bytes, list) => bytes + list.dataLength, 0);
}

/** See the file's head. Each method answers undefined where there is room. */
export class Admission {
  constructor(
    private readonly objects: ObjectTable,
    private readonly settings: TargetSettings,
  ) {}

  /** For a neighbor; section 14 of the state digest decides about its VLAN. */
  neighbor(constState: NEIGHBOR_OFFLOAD_STATE_CONST): NdisStatus | undefined {
    const { objects } = this;
    const { limits } = this.settings;
    if (objects.neighbors.size >= limits.neighbors) return NDIS_STATUS.OFFLOAD_NEIGHBOR_ENTRIES;
    if (
      constState.DlSourceAddress.some((byte) => byte !== 0) &&
      objects.sourceMacAddresses.sizeWith(constState.DlSourceAddress.toString()) > limits.sourceMacAddresses
    ) {
      return NDIS_STATUS.OFFLOAD_HW_ADDRESS_ENTRIES;
    }
    const { VlanId } = constState;
    if (VlanId !== 0) {
      if (objects.vlans.sizeWith(String(VlanId)) > limits.vlans) return NDIS_STATUS.OFFLOAD_VLAN_ENTRIES;
      if (limits.vlanIds.length > 0 && !limits.vlanIds.includes(VlanId))
        return NDIS_STATUS.OFFLOAD_VLAN_MISMATCH;
    }
    return this.contextArea();
  }

  /** For a path. */
  path(constState: PATH_OFFLOAD_STATE_CONST, cached: PATH_OFFLOAD_STATE_CACHED): NdisStatus | undefined {
    const { objects } = this;
    const { limits } = this.settings;
    const { SourceAddress, DestinationAddress } = constState;
    // What has been turned off, or is not there at all, is not taken (CAP-022).
    if (!this.offloads(SourceAddress.length) || DestinationAddress.length !== SourceAddress.length)
      return NDIS_STATUS.FAILURE;
    if (objects.paths.size >= limits.paths) return NDIS_STATUS.OFFLOAD_PATH_ENTRIES;
    if (objects.localAddresses.sizeWith(SourceAddress.toString()) > limits.localAddresses)
      return NDIS_STATUS.OFFLOAD_IP_ADDRESS_ENTRIES;
    if (cached.PathMtu > limits.pathMtu) return NDIS_STATUS.OFFLOAD_PATH_MTU;
    return this.contextArea();
  }

  /** Whether a TCP connection is one that the target cares to have, before it is asked whether there is room. */
  candidate({ RemotePort, RemoteMss }: TCP_OFFLOAD_STATE_CONST): NdisStatus | undefined {
    const { limits } = this.settings;
    if (limits.refusedRemotePorts.includes(swapPortBytes(RemotePort))) return NDIS_STATUS.OFFLOAD_POLICY;
    if (RemoteMss < limits.smallestRemoteMss) return NDIS_STATUS.OFFLOAD_CONNECTION_REJECTED;
    return undefined;
  }

  /** For a TCP connection with the data that comes with it. */
  tcp(
    constState: TCP_OFFLOAD_STATE_CONST,
    cached: TCP_OFFLOAD_STATE_CACHED,
    delegated: TCP_OFFLOAD_STATE_DELEGATED,
    chain: NET_BUFFER_LIST | null,
  ): NdisStatus | undefined {
    const { objects, settings } = this;
    const { limits } = settings;
    if (!isOffloadableState(delegated.State)) return NDIS_STATUS.FAILURE;
    if (limits.rejectedRemotePorts.includes(swapPortBytes(constState.RemotePort)))
      return NDIS_STATUS.OFFLOAD_CONNECTION_REJECTED;
    if (objects.connections.size >= settings.tcpCapacity) return NDIS_STATUS.OFFLOAD_TCP_ENTRIES;
    if (cached.InitialRcvWnd > limits.receiveWindow) return NDIS_STATUS.OFFLOAD_TCP_RCV_WINDOW;
    if (
      isLimited(limits.receiveBufferBytes) &&
      objects.receiveWindowBytes + cached.InitialRcvWnd > limits.receiveBufferBytes
    )
      return NDIS_STATUS.OFFLOAD_TCP_RCV_BUFFER;
    if (
      isLimited(limits.sendBufferBytes) &&
      objects.outstandingSendBytes + chainBytes(chain) > limits.sendBufferBytes
    )
      return NDIS_STATUS.OFFLOAD_TCP_XMIT_BUFFER;
    if (chainBytes(delegated.BufferedData) > limits.bufferedDataBytes) return NDIS_STATUS.FAILURE;
    return this.contextArea();
  }

  /** Whether connections over the IP version with addresses of so many bytes are taken. */
  private offloads(addressLength: number): boolean {
    const { offloadsIPv4, hasIPv6, offloadsIPv6 } = this.settings;
    if (addressLength === ipAddressLengths.ipv6) return hasIPv6 && offloadsIPv6;
    return addressLength === ipAddressLengths.ipv4 && offloadsIPv4;
  }

  private contextArea(): NdisStatus | undefined {
    return this.objects.size >= this.settings.limits.contextAreas ? NDIS_STATUS.RESOURCES : undefined;
  }
}
