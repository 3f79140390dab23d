/** NDIS_MINIPORT_ADAPTER_ATTRIBUTES: what a miniport tells NDIS of an adapter with NdisMSetMiniportAttributes. */
import type { StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { CallArgument } from '../../../shared/trace/records';
import type { AddressSpace } from '../machine/addressSpace';
import { structureArgument } from './arguments';
import type { MiniportAdapter } from './drivers';
import type { PVOID } from './offloadBlockList';

/** A structure with what its pointers lead to. */
export type MiniportAttributes =
  | { readonly kind: 'registration'; readonly MiniportAdapterContext: PVOID; readonly bytes: Uint8Array }
  | {
      readonly kind: 'general';
      readonly bytes: Uint8Array;
      /** NDIS_PNP_CAPABILITIES, or NULL. */
      readonly PowerManagementCapabilities: Uint8Array | null;
    }
  | {
      readonly kind: 'offload';
      readonly bytes: Uint8Array;
      /** NDIS_TCP_CONNECTION_OFFLOAD structures (INZ-004). */
      readonly DefaultTcpConnectionOffloadConfiguration: Uint8Array;
      readonly TcpConnectionOffloadHardwareCapabilities: Uint8Array;
      /** NDIS_OFFLOAD structures; absent without task offload. */
      readonly DefaultOffloadConfiguration?: Uint8Array;
      readonly HardwareOffloadCapabilities?: Uint8Array;
    };

const structures: Readonly<Record<MiniportAttributes['kind'], StructureName>> = {
  registration: 'NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES',
  general: 'NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES',
  offload: 'NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES',
};

/** The structure and those of the catalogue that it points to, for the trace. */
export function attributesArguments(addresses: AddressSpace, attributes: MiniportAttributes): CallArgument[] {
  const one = (name: string, structure: StructureName, bytes: Uint8Array | undefined): CallArgument[] =>
    bytes === undefined ? [] : [structureArgument(name, structure, addresses.addressOf(bytes), bytes)];
  const own = one('MiniportAttributes', structures[attributes.kind], attributes.bytes);
  if (attributes.kind !== 'offload') return own;
  const tcp = 'NDIS_TCP_CONNECTION_OFFLOAD';
  return [
    ...own,
    ...one('DefaultOffloadConfiguration', 'NDIS_OFFLOAD', attributes.DefaultOffloadConfiguration),
    ...one('HardwareOffloadCapabilities', 'NDIS_OFFLOAD', attributes.HardwareOffloadCapabilities),
    ...one(
      'DefaultTcpConnectionOffloadConfiguration',
      tcp,
      attributes.DefaultTcpConnectionOffloadConfiguration,
    ),
    ...one(
      'TcpConnectionOffloadHardwareCapabilities',
      tcp,
      attributes.TcpConnectionOffloadHardwareCapabilities,
    ),
  ];
}

/** Keeps the attributes in NDIS's record of the adapter. */
export function keepAttributes(adapter: MiniportAdapter, attributes: MiniportAttributes): NdisStatus {
  switch (attributes.kind) {
    case 'registration':
      adapter.context = attributes.MiniportAdapterContext;
      return NDIS_STATUS.SUCCESS;
    case 'general':
      return adapter.oids.useGeneralAttributes(attributes.bytes, attributes.PowerManagementCapabilities);
    case 'offload':
      adapter.hardwareCapabilities = attributes.TcpConnectionOffloadHardwareCapabilities;
      adapter.currentConfiguration = attributes.DefaultTcpConnectionOffloadConfiguration;
      adapter.oids.taskOffloadConfiguration = attributes.DefaultOffloadConfiguration;
      adapter.oids.taskOffloadCapabilities = attributes.HardwareOffloadCapabilities;
      return NDIS_STATUS.SUCCESS;
  }
}
