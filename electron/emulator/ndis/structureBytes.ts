/** The emulator's objects as the bytes that a debugger of 2008 would have shown. */
import { pointerOf } from '../../../shared/base/address';
import { structureLayout, type StructureName } from '../../../shared/ddi/catalogue';
import {
  encodeStructure,
  objectHeader,
  stateHeader,
  type FieldValue,
  type ObjectHeaderValues,
  type StructureValues,
} from '../../../shared/ddi/structureCodec';
import type { StateValue } from '../../../shared/trace/records';
import type { AddressSpace } from '../machine/addressSpace';
import {
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type NDIS_OFFLOAD_HANDLE,
} from './offloadBlockList';
import type { AttachedState, TCP_OFFLOAD_STATE_DELEGATED } from './offloadState';

/** A structure with its bytes. */
export interface EncodedStructure {
  readonly structure: StructureName;
  readonly bytes: Uint8Array;
}

/** A function pointer member, or NULL. */
type EntryPoint = object | null | undefined;

/**
 * Encodes a characteristics structure: its header as the driver wrote it, its numbers, and its handlers as code addresses.
 */
export function encodeCharacteristics(
  addresses: AddressSpace,
  name: StructureName,
  source: { readonly Header: ObjectHeaderValues } & object,
): Uint8Array {
  const values: Record<string, FieldValue> = {};
  for (const field of structureLayout(name).fields) {
    const value = (source as Readonly<Record<string, unknown>>)[field.name];
    if (field.name === 'Header') values['Header'] = source.Header as unknown as FieldValue;
    else if (field.kind === 'codePointer') {
      const entryPoint = value as EntryPoint;
      if (entryPoint !== null && entryPoint !== undefined) {
        values[field.name] = pointerOf(addresses.addressOf(entryPoint));
      }
    } else if (typeof value === 'number') values[field.name] = value;
  }
  return encodeStructure(name, values as StructureValues<typeof name>);
}

function listPointer(list: { readonly address: number } | null): bigint {
  return list === null ? 0n : pointerOf(list.address);
}

/** Delegated TCP variables as (qualified name, value), for structures and for the trace. */
export function delegatedValues(state: TCP_OFFLOAD_STATE_DELEGATED): readonly (readonly [string, number])[] {
  const prefix = 'TCP_OFFLOAD_STATE_DELEGATED.';
  return [
    [prefix + 'State', state.State],
    [prefix + 'RcvNxt', state.RcvNxt],
    [prefix + 'RcvWnd', state.RcvWnd],
    [prefix + 'SndUna', state.SndUna],
    [prefix + 'SndNxt', state.SndNxt],
    [prefix + 'SndMax', state.SndMax],
    [prefix + 'SndWnd', state.SndWnd],
    [prefix + 'MaxSndWnd', state.MaxSndWnd],
    [prefix + 'SendWL1', state.SendWL1],
    [prefix + 'CWnd', state.CWnd],
    [prefix + 'SsThresh', state.SsThresh],
    [prefix + 'SRtt', state.SRtt],
    [prefix + 'RttVar', state.RttVar],
    [prefix + 'TsRecent', state.TsRecent],
    [prefix + 'TsRecentAge', state.TsRecentAge],
    [prefix + 'TsTime', state.TsTime],
    [prefix + 'TotalRT', state.TotalRT],
    [prefix + 'DupAckCount', state.DupAckCount],
    [prefix + 'SndWndProbeCount', state.SndWndProbeCount],
    [prefix + 'KeepAlive.ProbeCount', state.KeepAliveProbeCount],
    [prefix + 'KeepAlive.TimeoutDelta', state.KeepAliveTimeoutDelta],
    [prefix + 'Retransmit.Count', state.RetransmitCount],
    [prefix + 'Retransmit.TimeoutDelta', state.RetransmitTimeoutDelta],
  ];
}

/** Every variable of an attached state as (qualified name, value). */
export function stateValues(state: AttachedState): readonly (readonly [string, StateValue])[] {
  const values: (readonly [string, StateValue])[] = [];
  const add = (structure: StructureName, members: Readonly<Record<string, unknown>> | undefined): void => {
    for (const [name, value] of Object.entries(members ?? {})) {
      if (typeof value === 'number' || value instanceof Uint8Array)
        values.push([`${structure}.${name}`, value]);
    }
  };
  switch (state.layer) {
    case 'neighbor':
      add('NEIGHBOR_OFFLOAD_STATE_CONST', state.const as Record<string, unknown> | undefined);
      add('NEIGHBOR_OFFLOAD_STATE_CACHED', state.cached as Record<string, unknown> | undefined);
      add('NEIGHBOR_OFFLOAD_STATE_DELEGATED', state.delegated as Record<string, unknown> | undefined);
      break;
    case 'path':
      add('PATH_OFFLOAD_STATE_CONST', state.const as Record<string, unknown> | undefined);
      add('PATH_OFFLOAD_STATE_CACHED', state.cached as Record<string, unknown> | undefined);
      break;
    case 'tcp':
      add('TCP_OFFLOAD_STATE_CONST', state.const as Record<string, unknown> | undefined);
      add('TCP_OFFLOAD_STATE_CACHED', state.cached as Record<string, unknown> | undefined);
      if (state.delegated !== undefined) values.push(...delegatedValues(state.delegated));
      break;
  }
  return values;
}

/** A state structure. Where a driver has written more into a bit field than fits, the bits behind the field show it. */
function encodeMembers(structure: StructureName, members: object): Uint8Array {
  const values: Record<string, FieldValue> = { Header: stateHeader(structure), ...members };
  const spilled = structureLayout(structure).fields.filter(
    ({ name, kind, bitWidth }) => kind === 'bits' && Number(values[name]) >= 2 ** (bitWidth ?? 0),
  );
  if (spilled.length === 0) return encodeStructure(structure, values as StructureValues<typeof structure>);
  const fitting = spilled.map(({ name, bitWidth }) => [name, Number(values[name]) % 2 ** bitWidth!] as const);
  const bytes = encodeMembers(structure, { ...members, ...Object.fromEntries(fitting) });
  for (const { name, offset, size, bitOffset } of spilled)
    for (let byte = 0, left = Number(values[name]) * 2 ** (bitOffset ?? 0); byte < size; byte++) {
      bytes[offset + byte]! |= left & 0xff;
      left = Math.floor(left / 256);
    }
  return bytes;
}

function encodeDelegated(state: TCP_OFFLOAD_STATE_DELEGATED): Uint8Array {
  const values: Record<string, FieldValue> = { Header: stateHeader('TCP_OFFLOAD_STATE_DELEGATED') };
  if (state.Flags !== undefined) values['Flags'] = state.Flags;
  for (const [name, value] of delegatedValues(state))
    values[name.slice('TCP_OFFLOAD_STATE_DELEGATED.'.length)] = value;
  if (state.SendBacklogSize !== undefined) values['SendBacklogSize'] = state.SendBacklogSize;
  else {
    values['SendDataHead'] = listPointer(state.SendDataHead);
    values['SendDataTail'] = listPointer(state.SendDataTail);
  }
  if (state.ReceiveBacklogSize !== undefined) values['ReceiveBacklogSize'] = state.ReceiveBacklogSize;
  else values['BufferedData'] = listPointer(state.BufferedData);
  return encodeStructure(
    'TCP_OFFLOAD_STATE_DELEGATED',
    values as StructureValues<'TCP_OFFLOAD_STATE_DELEGATED'>,
  );
}

/** The structures behind a block, in the order const, cached, delegated. */
export function encodeAttachedState(addresses: AddressSpace, state: AttachedState): EncodedStructure[] {
  const encoded: EncodedStructure[] = [];
  switch (state.layer) {
    case 'neighbor':
      for (const [structure, members] of [
        ['NEIGHBOR_OFFLOAD_STATE_CONST', state.const],
        ['NEIGHBOR_OFFLOAD_STATE_CACHED', state.cached],
        ['NEIGHBOR_OFFLOAD_STATE_DELEGATED', state.delegated],
      ] as const) {
        if (members !== undefined) {
          encoded.push({
            structure,
            bytes: encodeMembers(structure, members),
          });
        }
      }
      break;
    case 'path':
      if (state.const !== undefined) {
        encoded.push({
          structure: 'PATH_OFFLOAD_STATE_CONST',
          bytes: encodeStructure('PATH_OFFLOAD_STATE_CONST', {
            Header: stateHeader('PATH_OFFLOAD_STATE_CONST'),
            SourceAddress: pointerOf(addresses.addressOf(state.const.SourceAddress)),
            DestinationAddress: pointerOf(addresses.addressOf(state.const.DestinationAddress)),
          }),
        });
      }
      if (state.cached !== undefined) {
        encoded.push({
          structure: 'PATH_OFFLOAD_STATE_CACHED',
          bytes: encodeStructure('PATH_OFFLOAD_STATE_CACHED', {
            Header: stateHeader('PATH_OFFLOAD_STATE_CACHED'),
            ...state.cached,
          }),
        });
      }
      if (state.delegated !== undefined) {
        encoded.push({
          structure: 'PATH_OFFLOAD_STATE_DELEGATED',
          bytes: encodeStructure('PATH_OFFLOAD_STATE_DELEGATED', {
            Header: { ...stateHeader('PATH_OFFLOAD_STATE_DELEGATED'), ...state.delegated },
          }),
        });
      }
      break;
    case 'tcp':
      for (const [structure, members] of [
        ['TCP_OFFLOAD_STATE_CONST', state.const],
        ['TCP_OFFLOAD_STATE_CACHED', state.cached],
      ] as const) {
        if (members !== undefined) {
          encoded.push({
            structure,
            bytes: encodeMembers(structure, members),
          });
        }
      }
      if (state.delegated !== undefined) {
        encoded.push({ structure: 'TCP_OFFLOAD_STATE_DELEGATED', bytes: encodeDelegated(state.delegated) });
      }
      break;
  }
  return encoded;
}

/** The handle that names an object, with what the driver below has written into its cell. */
export function encodeHandle(handle: NDIS_OFFLOAD_HANDLE): EncodedStructure {
  return {
    structure: 'NDIS_OFFLOAD_HANDLE',
    bytes: encodeStructure('NDIS_OFFLOAD_HANDLE', {
      NdisReserved: [0n],
      MiniportOffloadContext: listPointer(handle.MiniportOffloadContext.value),
    }),
  };
}

/** The 152 bytes of a block, in the form of its side. */
export function encodeBlock(
  block: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
): Uint8Array {
  const common = {
    NextBlock: listPointer(block.NextBlock),
    DependentBlockList: listPointer(block.DependentBlockList),
    Status: block.Status,
    PortNumber: block.PortNumber,
    ProtocolReserved: block.ProtocolReserved.map(listPointer),
    MiniportReserved: block.MiniportReserved.map(listPointer),
    ImReserved: block.ImReserved.map(listPointer),
    SourceHandle: listPointer(block.SourceHandle),
    NetBufferListChain: listPointer(block.NetBufferListChain),
  };
  if (block instanceof NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST) {
    return encodeStructure('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', {
      Header: {
        ...objectHeader('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', { type: block.type }),
        Revision: block.revision,
      },
      ...common,
      NdisReserved: [...block.NdisReserved.map(listPointer), 0n],
      OffloadHandle: listPointer(block.OffloadHandle),
    });
  }
  return encodeStructure('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', {
    Header: {
      ...objectHeader('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', { type: block.type }),
      Revision: block.revision,
    },
    ...common,
    NdisReserved: block.NdisReserved.map(listPointer),
    MiniportOffloadContext: listPointer(block.MiniportOffloadContext),
    NdisOffloadHandle: listPointer(block.NdisOffloadHandle),
  });
}
