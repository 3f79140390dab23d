/** NDIS: OID requests. Capability queries are NDIS's own to answer (section 10 of the state-manipulation digest). */
import { constantValue, type FunctionName, type StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { CallArgument, EventId } from '../../../shared/trace/records';
import type { AddressSpace } from '../machine/addressSpace';
import type { Outstanding } from '../observe/outstanding';
import {
  numberArgument,
  pointerArgument,
  statusArgument,
  structureArgument,
  textArgument,
} from './arguments';
import type { NDIS_HANDLE, NDIS_OID_REQUEST } from './characteristics';
import { isBarred } from './chimneyBarrier';
import type { NdisCore } from './core';
import { adapterContext, adapterFrom, bindingFrom, type Binding, type MiniportAdapter } from './drivers';
import { connectionEncapsulation } from './internalRecords';
import { answerOidQuery } from './oidBuffers';
import { readTcpEncapsulation } from './tcpParameters';
import { readOlderTaskOffload } from './olderTaskOffload';
import { readReceiveScaleParameters } from './receiveScale';
import { hexOf } from '../wire/hex';
import { readUnsignedLong } from './unsignedLong';

/** OIDs of chimney offload and of the adapters that do it. */
export const chimneyOids = {
  OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG: constantValue('OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG'),
  OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES: constantValue(
    'OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES',
  ),
  OID_TCP_CONNECTION_OFFLOAD_PARAMETERS: constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS'),
  OID_IP4_OFFLOAD_STATS: constantValue('OID_IP4_OFFLOAD_STATS'),
  OID_IP6_OFFLOAD_STATS: constantValue('OID_IP6_OFFLOAD_STATS'),
  OID_TCP4_OFFLOAD_STATS: constantValue('OID_TCP4_OFFLOAD_STATS'),
  OID_TCP6_OFFLOAD_STATS: constantValue('OID_TCP6_OFFLOAD_STATS'),
  OID_PNP_SET_POWER: constantValue('OID_PNP_SET_POWER'),
  OID_PNP_QUERY_POWER: constantValue('OID_PNP_QUERY_POWER'),
} as const;

const structureOfOid = new Map<number, StructureName>([
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG, 'NDIS_TCP_CONNECTION_OFFLOAD'],
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES, 'NDIS_TCP_CONNECTION_OFFLOAD'],
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS'],
  [chimneyOids.OID_IP4_OFFLOAD_STATS, 'IP_OFFLOAD_STATS'],
  [chimneyOids.OID_IP6_OFFLOAD_STATS, 'IP_OFFLOAD_STATS'],
  [chimneyOids.OID_TCP4_OFFLOAD_STATS, 'TCP_OFFLOAD_STATS'],
  [chimneyOids.OID_TCP6_OFFLOAD_STATS, 'TCP_OFFLOAD_STATS'],
  [constantValue('OID_TCP_OFFLOAD_CURRENT_CONFIG'), 'NDIS_OFFLOAD'],
  [constantValue('OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES'), 'NDIS_OFFLOAD'],
  [constantValue('OID_TCP_OFFLOAD_PARAMETERS'), 'NDIS_OFFLOAD_PARAMETERS'],
  [constantValue('OID_OFFLOAD_ENCAPSULATION'), 'NDIS_OFFLOAD_ENCAPSULATION'],
  [constantValue('OID_GEN_LINK_STATE'), 'NDIS_LINK_STATE'],
]);

/** OIDs of one ULONG, by what it says. */
const numberOfOid = new Map<number, string>([
  [constantValue('OID_GEN_CURRENT_PACKET_FILTER'), 'PacketFilter'],
  [constantValue('OID_GEN_CURRENT_LOOKAHEAD'), 'Lookahead'],
  [constantValue('OID_GEN_MAXIMUM_FRAME_SIZE'), 'MaximumFrameSize'],
  [constantValue('OID_GEN_MEDIA_CONNECT_STATUS'), 'MediaState'],
  [chimneyOids.OID_PNP_SET_POWER, 'PowerState'],
  [chimneyOids.OID_PNP_QUERY_POWER, 'PowerState'],
]);

/** Statuses that come with the size that would have done. */
const sizeStatuses: readonly NdisStatus[] = [NDIS_STATUS.BUFFER_TOO_SHORT, NDIS_STATUS.INVALID_LENGTH];

/** A request for an OID; a set brings its structure in the buffer, a query room for the answer. */
export function allocateOidRequest(
  addresses: AddressSpace,
  RequestType: NDIS_OID_REQUEST['RequestType'],
  Oid: number,
  InformationBuffer: Uint8Array,
): NDIS_OID_REQUEST {
  const address = addresses.allocate(240);
  return { address, RequestType, Oid, InformationBuffer, bytesProcessed: 0, bytesNeeded: 0 };
}

/** Who waits for a request that a miniport has. */
interface OpenOidRequest {
  readonly adapter: MiniportAdapter;
  readonly miniportCall: EventId;
  /** What to do when it ends later. */
  readonly ended: (status: NdisStatus) => void;
}

/** See the file's head. */
export class OidPlane {
  private readonly open = new Map<NDIS_OID_REQUEST, OpenOidRequest>();

  constructor(private readonly core: NdisCore) {}

  /** Requests that a miniport has. */
  get outstanding(): Outstanding {
    return { 'open OID requests': this.open.size };
  }

  /**
   * NdisOidRequest: answered by NDIS itself, or passed to MiniportOidRequest. PENDING: ProtocolOidRequestComplete tells the end.
   */
  NdisOidRequest(NdisBindingHandle: NDIS_HANDLE, request: NDIS_OID_REQUEST): NdisStatus {
    const { door, component } = this.core;
    const binding = bindingFrom(NdisBindingHandle);
    const { adapter } = binding;
    return door.cross(
      {
        functionName: 'NdisOidRequest',
        caller: binding.protocol.component,
        callee: component,
        arguments: [pointerArgument('NdisBindingHandle', binding, binding.label), ...this.inputs(request)],
      },
      (ndisCall) => {
        request.bytesProcessed = request.bytesNeeded = 0;
        const answered = answerOf(adapter, request);
        if (answered !== undefined) return answered;
        const below = this.requestBelow(adapter, request);
        const status = this.deliver(adapter, below, (ended) => {
          takeResult(request, below);
          this.completeAbove(binding, request, ended, ndisCall);
        });
        takeResult(request, below);
        return status;
      },
      (status) => ({ status, outputs: [...this.outputs(request, status), ...this.keptOf(request, status)] }),
    );
  }

  /** The request that goes to the miniport: the protocol's own, or one of NDIS's where NDIS has put another buffer in its place. */
  private requestBelow(adapter: MiniportAdapter, request: NDIS_OID_REQUEST): NDIS_OID_REQUEST {
    const buffer = adapter.oids.bufferBelow(request);
    if (buffer === request.InformationBuffer) return request;
    return allocateOidRequest(this.core.machine.addresses, request.RequestType, request.Oid, buffer);
  }

  /**
   * Passes a request to MiniportOidRequest and answers its status. `ended` is called if that is PENDING and the miniport completes
   * the request later.
   */
  deliver(
    adapter: MiniportAdapter,
    request: NDIS_OID_REQUEST,
    ended: (status: NdisStatus) => void,
  ): NdisStatus {
    const { door, component } = this.core;
    const context = adapterContext(adapter);
    const status = door.cross(
      {
        functionName: 'MiniportOidRequest',
        caller: component,
        callee: adapter.driver.component,
        arguments: [
          pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
          ...this.inputs(request),
        ],
      },
      (miniportCall) => {
        this.open.set(request, { adapter, miniportCall, ended });
        return adapter.driver.characteristics.OidRequestHandler(context, request);
      },
      (answer) => ({ status: answer, outputs: this.outputs(request, answer) }),
    );
    if (status === NDIS_STATUS.PENDING) return status;
    if (!this.open.delete(request)) throw new Error('an OID request was completed and answered as well');
    settle(adapter, request, status);
    return status;
  }

  /** Sets an OID of an adapter on NDIS's own account. */
  setFromNdis(adapter: MiniportAdapter, oid: number, value: Uint8Array): void {
    const { addresses } = this.core.machine;
    const request = allocateOidRequest(addresses, 'NdisRequestSetInformation', oid, value);
    this.deliver(adapter, request, () => undefined);
  }

  /** NdisMOidRequestComplete: ends a request for which MiniportOidRequest returned PENDING.
   * @throws Error for a request that is not under way on the adapter. */
  NdisMOidRequestComplete(
    MiniportAdapterHandle: NDIS_HANDLE,
    request: NDIS_OID_REQUEST,
    Status: NdisStatus,
  ): void {
    const { door, component } = this.core;
    const adapter = adapterFrom(MiniportAdapterHandle);
    const open = this.open.get(request);
    if (open?.adapter !== adapter) throw new Error('the OID request is not under way');
    this.open.delete(request);
    door.void(
      {
        functionName: 'NdisMOidRequestComplete',
        caller: adapter.driver.component,
        callee: component,
        completes: [open.miniportCall],
        arguments: [
          pointerArgument('MiniportAdapterHandle', adapter, adapter.label),
          ...this.completed(request, Status),
        ],
      },
      () => {
        settle(adapter, request, Status);
        open.ended(Status);
      },
    );
  }

  private completeAbove(
    binding: Binding,
    request: NDIS_OID_REQUEST,
    Status: NdisStatus,
    ndisCall: EventId,
  ): void {
    const { door, component } = this.core;
    const { protocol } = binding;
    const handler = protocol.characteristics.OidRequestCompleteHandler;
    if (handler === undefined) throw new Error('the protocol driver has no ProtocolOidRequestComplete');
    const functionName: FunctionName = 'ProtocolOidRequestComplete';
    door.void(
      {
        functionName,
        caller: component,
        callee: protocol.component,
        completes: [ndisCall],
        arguments: [
          pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
          ...this.completed(request, Status),
        ],
      },
      () => {
        handler(binding.context, request, Status);
      },
    );
  }

  private inputs(request: NDIS_OID_REQUEST): CallArgument[] {
    const sets = request.RequestType === 'NdisRequestSetInformation';
    return [
      textArgument('RequestType', request.RequestType),
      numberArgument('Oid', request.Oid, 'OID'),
      ...(sets ? this.buffer(request) : []),
    ];
  }

  private outputs(request: NDIS_OID_REQUEST, status: NdisStatus): CallArgument[] {
    if (sizeStatuses.includes(status)) return [numberArgument('BytesNeeded', request.bytesNeeded)];
    if (status !== NDIS_STATUS.SUCCESS) return [];
    if (request.RequestType === 'NdisRequestSetInformation')
      return [numberArgument('BytesRead', request.bytesProcessed)];
    return [...this.buffer(request), numberArgument('BytesWritten', request.bytesProcessed)];
  }

  private completed(request: NDIS_OID_REQUEST, Status: NdisStatus): CallArgument[] {
    return [
      textArgument('RequestType', request.RequestType),
      numberArgument('Oid', request.Oid, 'OID'),
      ...this.outputs(request, Status),
      statusArgument('Status', Status),
    ];
  }

  private buffer({ Oid, InformationBuffer }: NDIS_OID_REQUEST): CallArgument[] {
    const address = this.core.machine.addresses.addressOf(InformationBuffer);
    const structure = structureOfOid.get(Oid);
    if (structure !== undefined)
      return [structureArgument('InformationBuffer', structure, address, InformationBuffer.slice())];
    if (Oid === constantValue('OID_TCP_TASK_OFFLOAD'))
      return this.olderTaskOffload(InformationBuffer, address);
    if (Oid === constantValue('OID_GEN_RECEIVE_SCALE_PARAMETERS'))
      return receiveScale(InformationBuffer, address);
    if (Oid === constantValue('OID_802_3_MULTICAST_LIST'))
      return [
        pointerArgument('InformationBuffer', { address }, `${InformationBuffer.length} bytes`),
        textArgument('MulticastList', hexOf(InformationBuffer)),
      ];
    const number = numberOfOid.get(Oid);
    const value = readUnsignedLong(InformationBuffer.subarray(0, 4));
    if (number !== undefined && value !== undefined) return [numberArgument(number, value)];
    return [pointerArgument('InformationBuffer', { address }, `${InformationBuffer.length} bytes`)];
  }

  /** What NDIS notes for itself of a set that has ended with success at once. */
  private keptOf(
    { Oid, RequestType, InformationBuffer }: NDIS_OID_REQUEST,
    status: NdisStatus,
  ): CallArgument[] {
    const sets = RequestType === 'NdisRequestSetInformation' && status === NDIS_STATUS.SUCCESS;
    if (!sets || Oid !== chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS) return [];
    const encapsulation = readTcpEncapsulation(InformationBuffer);
    if (encapsulation === undefined) return [];
    return [connectionEncapsulation(this.core.machine.addresses, encapsulation)];
  }

  /** The buffer of OID_TCP_TASK_OFFLOAD, with the structures of the catalogue that lie in it. */
  private olderTaskOffload(buffer: Uint8Array, address: number): CallArgument[] {
    const offload = readOlderTaskOffload(buffer);
    const found: CallArgument[] = [
      pointerArgument('InformationBuffer', { address }, 'NDIS_TASK_OFFLOAD_HEADER'),
    ];
    if (offload?.connection !== undefined)
      found.push(
        structureArgument('TaskBuffer', 'NDIS_TCP_CONNECTION_OFFLOAD', address + 48, offload.connection),
      );
    if (offload?.parameters !== undefined)
      found.push(
        structureArgument(
          'TcpParameters',
          'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS',
          address + 68,
          offload.parameters,
        ),
      );
    return found;
  }
}

/** The buffer of OID_GEN_RECEIVE_SCALE_PARAMETERS, whose structure the catalogue lacks, with what rules ask about. */
function receiveScale(buffer: Uint8Array, address: number): CallArgument[] {
  const parameters = readReceiveScaleParameters(buffer);
  const label = `${buffer.length} bytes`;
  if (parameters === undefined) return [pointerArgument('InformationBuffer', { address }, label)];
  return [
    pointerArgument('InformationBuffer', { address }, label),
    numberArgument('RssEnabled', Number(parameters.enabled)),
    textArgument('HashSecretKey', hexOf(parameters.secretKey)),
    textArgument('IndirectionTable', hexOf(parameters.indirectionTable)),
  ];
}

/** Tells the protocol how its request went, where NDIS has sent another in its place. */
function takeResult(request: NDIS_OID_REQUEST, below: NDIS_OID_REQUEST): void {
  if (request === below) return;
  request.bytesProcessed = below.bytesProcessed === 0 ? 0 : request.InformationBuffer.length;
  request.bytesNeeded = below.bytesNeeded;
}

/** What NDIS answers without asking the miniport (CAP-010, A23); undefined if the request is the miniport's. */
function answerOf(adapter: MiniportAdapter, request: NDIS_OID_REQUEST): NdisStatus | undefined {
  const queries = request.RequestType === 'NdisRequestQueryInformation';
  if (isAboutChimney(request.Oid) && isBarred(adapter)) return NDIS_STATUS.NOT_SUPPORTED;
  switch (request.Oid) {
    case chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG:
      return answerOwn(queries, request, adapter.currentConfiguration);
    case chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES:
      return answerOwn(queries, request, adapter.hardwareCapabilities);
    case chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS:
      return queries ? answerOwn(true, request, adapter.connectionParameters) : undefined;
    case chimneyOids.OID_PNP_SET_POWER:
    case chimneyOids.OID_PNP_QUERY_POWER:
      // Power is NDIS's to set; a protocol driver has no say in it.
      return NDIS_STATUS.NOT_SUPPORTED;
    default:
      return adapter.oids.answer(request);
  }
}

function isAboutChimney(oid: number): boolean {
  return (
    oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG ||
    oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES ||
    oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS
  );
}

function answerOwn(queries: boolean, request: NDIS_OID_REQUEST, answer: Uint8Array | undefined): NdisStatus {
  return queries && answer !== undefined ? answerOidQuery(request, answer) : NDIS_STATUS.NOT_SUPPORTED;
}

/** Keeps what a request that has ended leaves in force. */
function settle(adapter: MiniportAdapter, request: NDIS_OID_REQUEST, status: NdisStatus): void {
  if (status !== NDIS_STATUS.SUCCESS || request.RequestType !== 'NdisRequestSetInformation') return;
  if (request.Oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS)
    adapter.connectionParameters = request.InformationBuffer.slice();
  else adapter.oids.keep(request);
}
