/**
 * What the host stack asks and tells an adapter when it has opened it, as a TCP/IP of 2008 does: who and how fast the adapter is, which
 * frames it is to hand up, and how frames are encapsulated. Reception begins last.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  interfaceStatisticsSize,
  interruptModerationSize,
  linkStateSize,
  packetTypes,
  pnpCapabilitiesSize,
  readInterfaceStatistics,
  readInterruptModeration,
  readLinkUp,
  readPnpCapabilities,
  readTaskOffload,
  readUnsignedLong,
  taskOffloadSize,
  unsignedLongSize,
  writeOffloadEncapsulation,
  writeReceiveScaleParameters,
  writeUnsignedLong,
  type ConnectionOffload,
  type InterfaceStatistics,
  type InterruptModeration,
  type NDIS_OID_REQUEST,
  type OffloadEncapsulation,
  type TaskOffload,
  type WakeUpCapabilities,
} from '../kit';
import type { Ipv6Address, MacAddress } from '../wire/address';
import { ethernetHeaderLength } from '../wire/ethernet';
import { allNodes, multicastMac, solicitedNodeAddress } from '../wire/neighborDiscovery';
import { secretKey } from '../wire/toeplitzHash';

/** What the adapter has answered; absent where it has not, or not with success. */
export interface AdapterFacts {
  permanentAddress?: MacAddress;
  currentAddress?: MacAddress;
  /** Bytes of the largest packet. */
  maximumFrameSize?: number;
  linkUp?: boolean;
  wakeUp?: WakeUpCapabilities;
  interruptModeration?: InterruptModeration;
  taskCapabilities?: TaskOffload;
  /** Task offloads that are on, as last heard of. */
  taskConfiguration?: TaskOffload;
  /** Whether the adapter does task offloads for frames as the host stack makes them. */
  encapsulationAccepted?: boolean;
  /** The encapsulation that the adapter has indicated. */
  encapsulation?: OffloadEncapsulation;
  /** What connections its hardware could take. */
  connectionCapabilities?: ConnectionOffload;
  /** Counters at the time of the bind. */
  statistics?: InterfaceStatistics;
}

/** Makes an OID request; `ended` hears its final status. */
export type OidRequester = (
  type: NDIS_OID_REQUEST['RequestType'],
  oid: number,
  buffer: Uint8Array,
  ended: (status: NdisStatus) => void,
) => void;

const macAddressLength = 6;

/** The group of all IPv4 hosts, 224.0.0.1, as Ethernet address (RFC 1112 section 6.4). */
const allHostsGroup = Uint8Array.of(0x01, 0x00, 0x5e, 0x00, 0x00, 0x01);

/** Bytes that protocols look at before they take a whole packet. */
const lookahead = 128;

/** Entries of the RSS indirection table. */
const indirectionEntries = 128;

const internetFrames = packetTypes.DIRECTED | packetTypes.MULTICAST | packetTypes.BROADCAST;

/** The Ethernet addresses of the groups that a host listens to, one after the other (RFC 1112, RFC 4291 section 2.8). */
function multicastList(ipv6Address: Ipv6Address | undefined): Uint8Array {
  if (ipv6Address === undefined) return allHostsGroup;
  const groups = [allHostsGroup, multicastMac(allNodes), multicastMac(solicitedNodeAddress(ipv6Address))];
  return Uint8Array.from(groups.flatMap((group) => [...group]));
}

/** What the host brings along. */
export interface AdapterUser {
  readonly ipv6Address: Ipv6Address | undefined;
  /** Where received segments with a hash value are to be handled. */
  processorForHash(hash: number): number;
}

/** Makes all requests; `facts` fill as they end. */
export function setUpAdapter(request: OidRequester, facts: AdapterFacts, user: AdapterUser): void {
  const query = (oid: number, size: number, take: (bytes: Uint8Array) => void): void => {
    const buffer = new Uint8Array(size);
    request('NdisRequestQueryInformation', oid, buffer, (status) => {
      if (status === NDIS_STATUS.SUCCESS) take(buffer);
    });
  };
  const set = (
    oid: number,
    bytes: Uint8Array,
    took: (status: NdisStatus) => void = () => undefined,
  ): void => {
    request('NdisRequestSetInformation', oid, bytes, took);
  };
  const keep = <Name extends keyof AdapterFacts>(name: Name, value: AdapterFacts[Name] | undefined): void => {
    if (value !== undefined) facts[name] = value;
  };

  query(constantValue('OID_802_3_PERMANENT_ADDRESS'), macAddressLength, (bytes) => {
    keep('permanentAddress', bytes);
  });
  query(constantValue('OID_802_3_CURRENT_ADDRESS'), macAddressLength, (bytes) => {
    keep('currentAddress', bytes);
  });
  query(constantValue('OID_GEN_MAXIMUM_FRAME_SIZE'), unsignedLongSize, (bytes) => {
    keep('maximumFrameSize', readUnsignedLong(bytes));
  });
  query(constantValue('OID_GEN_LINK_STATE'), linkStateSize, (bytes) => {
    keep('linkUp', readLinkUp(bytes));
  });
  query(constantValue('OID_PNP_CAPABILITIES'), pnpCapabilitiesSize, (bytes) => {
    keep('wakeUp', readPnpCapabilities(bytes));
  });
  query(constantValue('OID_GEN_INTERRUPT_MODERATION'), interruptModerationSize, (bytes) => {
    keep('interruptModeration', readInterruptModeration(bytes));
  });
  query(constantValue('OID_GEN_STATISTICS'), interfaceStatisticsSize, (bytes) => {
    keep('statistics', readInterfaceStatistics(bytes));
  });
  query(constantValue('OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES'), taskOffloadSize, (bytes) => {
    keep('taskCapabilities', readTaskOffload(bytes));
  });
  query(constantValue('OID_TCP_OFFLOAD_CURRENT_CONFIG'), taskOffloadSize, (bytes) => {
    keep('taskConfiguration', readTaskOffload(bytes));
  });

  set(constantValue('OID_GEN_CURRENT_LOOKAHEAD'), writeUnsignedLong(lookahead));
  set(constantValue('OID_802_3_MULTICAST_LIST'), multicastList(user.ipv6Address));
  set(
    constantValue('OID_GEN_RECEIVE_SCALE_PARAMETERS'),
    writeReceiveScaleParameters({
      enabled: true,
      indirectionTable: Uint8Array.from({ length: indirectionEntries }, (_, hash) =>
        user.processorForHash(hash),
      ),
      secretKey,
    }),
  );
  const ethernet = {
    Enabled: constantValue('NDIS_OFFLOAD_SET_ON'),
    EncapsulationType: constantValue('NDIS_ENCAPSULATION_IEEE_802_3'),
    HeaderSize: ethernetHeaderLength,
  };
  set(
    constantValue('OID_OFFLOAD_ENCAPSULATION'),
    writeOffloadEncapsulation({ IPv4: ethernet, IPv6: ethernet }),
    (status) => {
      facts.encapsulationAccepted = status === NDIS_STATUS.SUCCESS;
    },
  );
  set(constantValue('OID_GEN_CURRENT_PACKET_FILTER'), writeUnsignedLong(internetFrames));
}
