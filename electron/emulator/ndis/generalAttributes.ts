/** NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES: what NDIS 6 asks a miniport once instead of by many OIDs. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import { pointerOf } from '../../../shared/base/address';
import type { AddressSpace } from '../machine/addressSpace';

/** IANA ifType ethernetCsmacd. */
const ethernet = 6;

/** NET_IF_ values of an Ethernet adapter. */
const broadcastAccess = 2;
const sendReceive = 0;
const dedicated = 1;

/** NDIS_MAC_OPTION_ bits (ntddndis.h): received data can be copied, sends end before their call returns or later, tags. */
const macOptions = {
  copyLookaheadData: 0x1,
  transfersNotPend: 0x2,
  noLoopback: 0x8,
  priority: 0x40,
  vlan: 0x200,
} as const;

/** What an Ethernet adapter says of itself. */
export interface EthernetAttributes {
  /** Bytes of the largest packet without its Ethernet header. */
  readonly MtuSize: number;
  /** Bits per second; 0 while the link is down. */
  readonly linkSpeed: number;
  readonly maximumLinkSpeed: number;
  /** Bytes that an indication shows at least. */
  readonly LookaheadSize: number;
  /** NDIS_PACKET_TYPE_ bits that it can filter by. */
  readonly SupportedPacketFilters: number;
  readonly MaxMulticastListSize: number;
  readonly macAddress: Uint8Array;
  /** Whether it puts VLANs, and priorities, into 802.1Q tags; absent: it has no tags. */
  readonly tags?: 'vlan' | 'vlan and priority';
  /** NDIS_PNP_CAPABILITIES. */
  readonly PowerManagementCapabilities: Uint8Array;
  /** NDIS_RECEIVE_SCALE_CAPABILITIES, or NULL without RSS. */
  readonly RecvScaleCapabilities: Uint8Array | null;
}

/** The structure. */
export function writeGeneralAttributes(addresses: AddressSpace, attributes: EthernetAttributes): Uint8Array {
  const up = attributes.linkSpeed > 0;
  const speed = BigInt(attributes.linkSpeed);
  const maximum = BigInt(attributes.maximumLinkSpeed);
  const { RecvScaleCapabilities, macAddress } = attributes;
  return encodeStructure('NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES', {
    Header: objectHeader('NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES'),
    MtuSize: attributes.MtuSize,
    MaxXmitLinkSpeed: maximum,
    XmitLinkSpeed: speed,
    MaxRcvLinkSpeed: maximum,
    RcvLinkSpeed: speed,
    MediaConnectState: constantValue(up ? 'MediaConnectStateConnected' : 'MediaConnectStateDisconnected'),
    MediaDuplexState: constantValue(up ? 'MediaDuplexStateFull' : 'MediaDuplexStateUnknown'),
    LookaheadSize: attributes.LookaheadSize,
    MacOptions:
      macOptions.copyLookaheadData |
      macOptions.transfersNotPend |
      macOptions.noLoopback |
      (attributes.tags === undefined ? 0 : macOptions.vlan) |
      (attributes.tags === 'vlan and priority' ? macOptions.priority : 0),
    PowerManagementCapabilities: pointerOf(addresses.addressOf(attributes.PowerManagementCapabilities)),
    SupportedPacketFilters: attributes.SupportedPacketFilters,
    MaxMulticastListSize: attributes.MaxMulticastListSize,
    MacAddressLength: macAddress.length,
    PermanentMacAddress: macAddress,
    CurrentMacAddress: macAddress,
    RecvScaleCapabilities:
      RecvScaleCapabilities === null ? 0n : pointerOf(addresses.addressOf(RecvScaleCapabilities)),
    AccessType: broadcastAccess,
    DirectionType: sendReceive,
    ConnectionType: dedicated,
    IfType: ethernet,
    IfConnectorPresent: 1,
  });
}
