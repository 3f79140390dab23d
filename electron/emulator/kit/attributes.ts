/** Attributes of an adapter and status indications, ready for NdisMSetMiniportAttributes and NdisMIndicateStatusEx. */
import { pointerOf } from '../../../shared/base/address';
import { constantValue } from '../../../shared/ddi/catalogue';
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import type { NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_HANDLE, NDIS_STATUS_INDICATION } from '../ndis/characteristics';
import { writeConnectionOffload, type ConnectionOffload } from '../ndis/connectionOffload';
import { writeGeneralAttributes } from '../ndis/generalAttributes';
import type { MiniportAttributes } from '../ndis/miniportAttributes';
import type { PVOID } from '../ndis/offloadBlockList';
import { everyPacketType } from '../ndis/packetFilter';
import { pnpCapabilitiesSize } from '../ndis/pnpCapabilities';
import type { HardwarePort } from './hardwarePort';
import type { Kernel } from './kernel';

/** Bytes of the largest packet of an Ethernet without jumbo frames. */
export const ethernetMtu = 1500;

/** Group addresses of the smallest usual address filter. */
const multicastEntries = 32;

const statusIndicationSize = constantValue('NDIS_SIZEOF_STATUS_INDICATION_REVISION_1');

/** NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES; `AttributeFlags` are NDIS_MINIPORT_ATTRIBUTES_ values. */
export function registrationAttributes(
  MiniportAdapterContext: PVOID,
  AttributeFlags: number,
): MiniportAttributes {
  const structure = 'NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES';
  const bytes = encodeStructure(structure, {
    Header: objectHeader(structure),
    MiniportAdapterContext: pointerOf(MiniportAdapterContext.address),
    AttributeFlags,
  });
  return { kind: 'registration', MiniportAdapterContext, bytes };
}

/** NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES of an Ethernet adapter without RSS that wakes the machine from no power state. */
export function generalAttributes(kernel: Kernel, hardware: HardwarePort): MiniportAttributes {
  const PowerManagementCapabilities = new Uint8Array(pnpCapabilitiesSize);
  const bytes = writeGeneralAttributes(kernel.addresses, {
    MtuSize: ethernetMtu,
    linkSpeed: hardware.linkUp ? hardware.linkSpeed : 0,
    maximumLinkSpeed: hardware.linkSpeed,
    LookaheadSize: ethernetMtu,
    SupportedPacketFilters: everyPacketType,
    MaxMulticastListSize: multicastEntries,
    macAddress: hardware.permanentAddress,
    PowerManagementCapabilities,
    RecvScaleCapabilities: null,
  });
  return { kind: 'general', PowerManagementCapabilities, bytes };
}

/** NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES of an adapter without task offload, on which all is on that it can do (INZ-002 to INZ-004). */
export function offloadAttributes(kernel: Kernel, offload: ConnectionOffload): MiniportAttributes {
  const structure = 'NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES';
  const connections = writeConnectionOffload(offload);
  const pointer = pointerOf(kernel.addresses.addressOf(connections));
  return {
    kind: 'offload',
    DefaultTcpConnectionOffloadConfiguration: connections,
    TcpConnectionOffloadHardwareCapabilities: connections,
    bytes: encodeStructure(structure, {
      Header: objectHeader(structure),
      DefaultTcpConnectionOffloadConfiguration: pointer,
      TcpConnectionOffloadHardwareCapabilities: pointer,
    }),
  };
}

/** NDIS_STATUS_INDICATION of a miniport; `StatusBuffer` is the structure that belongs to the code. */
export function statusIndication(
  kernel: Kernel,
  SourceHandle: NDIS_HANDLE,
  StatusCode: NdisStatus,
  StatusBuffer: Uint8Array | null = null,
): NDIS_STATUS_INDICATION {
  return { address: kernel.allocate(statusIndicationSize), SourceHandle, StatusCode, StatusBuffer };
}
