/** How much an offload target has of each resource; each has a status of its own when it runs out (section 6 of the state digest). */

/** See the file's head. Infinity means more than anybody asks for. */
export interface TargetLimits {
  /** Neighbor objects: NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES. */
  readonly neighbors: number;
  /** Path objects: NDIS_STATUS_OFFLOAD_PATH_ENTRIES. */
  readonly paths: number;
  /** Local IP addresses: NDIS_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES. */
  readonly localAddresses: number;
  /** Source MAC addresses besides the interface's own: NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES (INI-007). */
  readonly sourceMacAddresses: number;
  /** VLAN identifiers: NDIS_STATUS_OFFLOAD_VLAN_ENTRIES. */
  readonly vlans: number;
  /** The interface's VLANs; a neighbor with another one: NDIS_STATUS_OFFLOAD_VLAN_MISMATCH. Empty: no VLAN is configured. */
  readonly vlanIds: readonly number[];
  /** Largest path MTU in bytes: NDIS_STATUS_OFFLOAD_PATH_MTU. */
  readonly pathMtu: number;
  /** Remote ports whose connections its firmware serves badly and so leaves to the host: NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED. */
  readonly rejectedRemotePorts: readonly number[];
  /** Largest InitialRcvWnd in bytes: NDIS_STATUS_OFFLOAD_TCP_RCV_WINDOW. */
  readonly receiveWindow: number;
  /** Bytes of outstanding sends that may come with offloads: NDIS_STATUS_OFFLOAD_TCP_XMIT_BUFFER. */
  readonly sendBufferBytes: number;
  /** Bytes of receive windows, of all connections together: NDIS_STATUS_OFFLOAD_TCP_RCV_BUFFER. */
  readonly receiveBufferBytes: number;
  /** Bytes of the largest BufferedData that can be copied: NDIS_STATUS_FAILURE (A21). */
  readonly bufferedDataBytes: number;
  /**
   * Remote ports whose connections a policy of the target's keeps in the host: NDIS_STATUS_OFFLOAD_POLICY. No page tells who returns
   * this status and when; the header counts it among the failures of connection offload. The lists of statuses for initiate lack it
   * (INI-036), so it is off unless it is asked for.
   */
  readonly refusedRemotePorts: readonly number[];
  /** Smallest RemoteMss in bytes that makes a good candidate: NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED (NDIS 6.20). */
  readonly smallestRemoteMss: number;
  /** Context areas of all kinds, in host memory: NDIS_STATUS_RESOURCES. */
  readonly contextAreas: number;
  /**
   * Scatter/gather lists for posted sends of all connections (NdisMAllocateNetBufferSGList): an established connection whose send
   * gets none is put up for upload with UploadRequested (EVT-026).
   */
  readonly scatterGatherLists: number;
}

/** An adapter with room for everything but TCP connections, which TargetSettings.tcpCapacity bounds. */
export const defaultTargetLimits: TargetLimits = {
  neighbors: Infinity,
  paths: Infinity,
  localAddresses: Infinity,
  sourceMacAddresses: 0,
  vlans: Infinity,
  vlanIds: [],
  pathMtu: 9000,
  rejectedRemotePorts: [],
  receiveWindow: 1024 ** 3,
  sendBufferBytes: Infinity,
  receiveBufferBytes: Infinity,
  bufferedDataBytes: Infinity,
  refusedRemotePorts: [],
  smallestRemoteMss: 0,
  contextAreas: Infinity,
  scatterGatherLists: Infinity,
};

/** Whether a limit can be reached at all: sums over all connections are not worth making for one that can't. */
export function isLimited(limit: number): boolean {
  return limit !== Infinity;
}
