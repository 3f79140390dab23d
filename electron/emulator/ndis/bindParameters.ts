/** NDIS_BIND_PARAMETERS: what NDIS tells a protocol driver of an adapter before it opens it (CAP-012). */
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import { pointerOf } from '../../../shared/base/address';
import type { CallArgument } from '../../../shared/trace/records';
import type { AddressSpace } from '../machine/addressSpace';
import { structureArgument, textArgument } from './arguments';
import type { MiniportAdapter } from './drivers';

/** See the file's head. */
export interface NDIS_BIND_PARAMETERS {
  readonly address: number;
  /** Name of the adapter, for NdisOpenAdapterEx. */
  readonly AdapterName: string;
  /** NDIS_OFFLOAD: the task offloads that are on; NULL without any. */
  readonly DefaultOffloadConfiguration: Uint8Array | null;
  /** NDIS_TCP_CONNECTION_OFFLOAD: the connection offload that is on; NULL for an adapter without it. */
  readonly TcpConnectionOffloadCapabilities: Uint8Array | null;
}

/** The parameters of an adapter now. */
export function bindParametersOf(addresses: AddressSpace, adapter: MiniportAdapter): NDIS_BIND_PARAMETERS {
  return {
    address: addresses.allocate(280),
    AdapterName: adapter.label,
    DefaultOffloadConfiguration: adapter.oids.taskOffloadConfiguration ?? null,
    TcpConnectionOffloadCapabilities: adapter.currentConfiguration ?? null,
  };
}

/** The structure and what it points to, for the trace. */
export function bindParametersArguments(
  addresses: AddressSpace,
  parameters: NDIS_BIND_PARAMETERS,
): CallArgument[] {
  const { DefaultOffloadConfiguration: task, TcpConnectionOffloadCapabilities: tcp } = parameters;
  const pointer = (bytes: Uint8Array | null): bigint =>
    bytes === null ? 0n : pointerOf(addresses.addressOf(bytes));
  const bytes = encodeStructure('NDIS_BIND_PARAMETERS', {
    Header: objectHeader('NDIS_BIND_PARAMETERS'),
    DefaultOffloadConfiguration: pointer(task),
    TcpConnectionOffloadCapabilities: pointer(tcp),
  });
  const found: CallArgument[] = [
    structureArgument('BindParameters', 'NDIS_BIND_PARAMETERS', parameters.address, bytes),
    textArgument('AdapterName', parameters.AdapterName),
  ];
  if (task !== null) {
    const address = addresses.addressOf(task);
    found.push(structureArgument('DefaultOffloadConfiguration', 'NDIS_OFFLOAD', address, task.slice()));
  }
  if (tcp !== null) {
    const address = addresses.addressOf(tcp);
    found.push(
      structureArgument(
        'TcpConnectionOffloadCapabilities',
        'NDIS_TCP_CONNECTION_OFFLOAD',
        address,
        tcp.slice(),
      ),
    );
  }
  return found;
}
