/**
 * Structures of ndischimney.h that no page describes and no driver passes: NDIS keeps them for itself. The emulated NDIS fills them
 * where it has just what they hold, and shows them in the trace as outputs of the call that made it know. That they are kept there and
 * then is this project's reading; layouts and names are the header's.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { encodeStructure } from '../../../shared/ddi/structureCodec';
import { pointerOf } from '../../../shared/base/address';
import type { CallArgument } from '../../../shared/trace/records';
import type { AddressSpace } from '../machine/addressSpace';
import { structureArgument } from './arguments';
import type {
  NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
} from './characteristics';
import type { NDIS_OFFLOAD_HANDLE, PVOID } from './offloadBlockList';
import { encodeCharacteristics } from './structureBytes';
import type { OffloadEncapsulation } from './taskOffload';

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** Header of both tables of handlers: the type is a chimney type, as NdisMGetOffloadHandlers documents it for its table. */
const tableHeader = { Type: tcpChimney, Revision: 1, Size: 56 } as const;

/** Bytes of the base that both tables begin with. */
const baseSize = 4;

/**
 * NDIS_TCP_OFFLOAD_CLIENT_HANDLERS: NDIS's own table of a client's TCP handlers, without the Flags and OffloadType that it was
 * registered with; and its base, NDIS_OFFLOAD_CLIENT_HANDLERS, by which NDIS would keep tables of any chimney type.
 */
export function clientHandlers(
  addresses: AddressSpace,
  characteristics: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
): CallArgument[] {
  const table = encodeCharacteristics(addresses, 'NDIS_TCP_OFFLOAD_CLIENT_HANDLERS', {
    ...characteristics,
    Header: tableHeader,
  });
  const address = addresses.allocate(table.length);
  return [
    structureArgument('TcpClientHandlers', 'NDIS_TCP_OFFLOAD_CLIENT_HANDLERS', address, table),
    structureArgument('ClientHandlers', 'NDIS_OFFLOAD_CLIENT_HANDLERS', address, table.slice(0, baseSize)),
  ];
}

/**
 * The answer of NdisMGetOffloadHandlers: the whole table, and what its prototype promises, a pointer to NDIS_OFFLOAD_EVENT_HANDLERS
 * that the target casts (INZ-013).
 */
export function eventHandlers(
  addresses: AddressSpace,
  handlers: NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
): CallArgument[] {
  const table = encodeCharacteristics(addresses, 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS', {
    ...handlers,
    Header: tableHeader,
  });
  const address = addresses.addressOf(handlers);
  return [
    structureArgument('OffloadHandlers', 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS', address, table),
    structureArgument('EventHandlers', 'NDIS_OFFLOAD_EVENT_HANDLERS', address, table.slice(0, baseSize)),
  ];
}

/** NDIS_TCP_CONNECTION_OFFLOAD_ENCAPSULATION: how the host stack frames what it offloads, once it has set that. */
export function connectionEncapsulation(
  addresses: AddressSpace,
  { IPv4, IPv6 }: OffloadEncapsulation,
): CallArgument {
  const on = constantValue('NDIS_OFFLOAD_SET_ON');
  const bytes = encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_ENCAPSULATION', {
    'V4.Enabled': Number(IPv4.Enabled === on),
    'V4.EncapsulationType': IPv4.EncapsulationType,
    'V4.HeaderSize': IPv4.HeaderSize,
    'V6.Enabled': Number(IPv6.Enabled === on),
    'V6.EncapsulationType': IPv6.EncapsulationType,
    'V6.HeaderSize': IPv6.HeaderSize,
  });
  const address = addresses.allocate(bytes.length);
  return structureArgument(
    'ConnectionEncapsulation',
    'NDIS_TCP_CONNECTION_OFFLOAD_ENCAPSULATION',
    address,
    bytes,
  );
}

/**
 * NDIS_OFFLOAD_HANDLE_PRIVATE of an object that has been taken: NDIS's copy of its handle with the ProtocolBindingContext of the
 * binding that it came through, to which indications go. The emulated NDIS finds the binding by the handle itself.
 */
export function privateHandle(
  addresses: AddressSpace,
  handle: NDIS_OFFLOAD_HANDLE,
  ProtocolBindingContext: PVOID,
): CallArgument {
  const { MiniportOffloadContext } = handle;
  // One private record for each cell, which lives as long as the handle.
  const address = addresses.addressOf(MiniportOffloadContext);
  const bytes = encodeStructure('NDIS_OFFLOAD_HANDLE_PRIVATE', {
    Handle: {
      NdisReserved: [pointerOf(address)],
      MiniportOffloadContext: pointerOf(MiniportOffloadContext.value?.address ?? 0),
    },
    ProtocolBindingContext: pointerOf(ProtocolBindingContext.address),
  });
  return structureArgument('NdisOffloadHandlePrivate', 'NDIS_OFFLOAD_HANDLE_PRIVATE', address, bytes);
}
