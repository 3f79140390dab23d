/** NDIS: OID requests. Capability queries are NDIS's own to answer (section 10 of the state-manipulation digest). */
import { constantValue, type FunctionName, type StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { CallArgument, EventId } from '../../../shared/trace/records';
import type { AddressSpace } from '../machine/addressSpace';
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
} as const;

const structureOfOid = new Map<number, StructureName>([
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG, 'NDIS_TCP_CONNECTION_OFFLOAD'],
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES, 'NDIS_TCP_CONNECTION_OFFLOAD'],
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS'],
  [chimneyOids.OID_IP4_OFFLOAD_STATS, 'IP_OFFLOAD_STATS'],
  [chimneyOids.OID_IP6_OFFLOAD_STATS, 'IP_OFFLOAD_STATS'],
  [chimneyOids.OID_TCP4_OFFLOAD_STATS, 'TCP_OFFLOAD_STATS'],
  [chimneyOids.OID_TCP6_OFFLOAD_STATS, 'TCP_OFFLOAD_STATS'],
]);

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

/** Answers a query with bytes: SUCCESS, or BUFFER_TOO_SHORT with the size that is needed. */
export function answerQuery(request: NDIS_OID_REQUEST, answer: Uint8Array): NdisStatus {
  if (request.InformationBuffer.length < answer.length) {
    request.bytesNeeded = answer.length;
    return NDIS_STATUS.BUFFER_TOO_SHORT;
  }
  request.InformationBuffer.set(answer);
  request.bytesProcessed = answer.length;
  return NDIS_STATUS.SUCCESS;
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
        return (
          answerOf(adapter, request) ??
          this.deliver(adapter, request, (status) => {
            this.completeAbove(binding, request, status, ndisCall);
          })
        );
      },
      (status) => ({ status, outputs: this.outputs(request, status) }),
    );
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
    if (status === NDIS_STATUS.BUFFER_TOO_SHORT) return [numberArgument('BytesNeeded', request.bytesNeeded)];
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
    if (Oid === chimneyOids.OID_PNP_SET_POWER)
      return [numberArgument('PowerState', InformationBuffer[0] ?? 0)];
    return [pointerArgument('InformationBuffer', { address }, `${InformationBuffer.length} bytes`)];
  }
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
      // Power is NDIS's to set; a protocol driver has no say in it.
      return NDIS_STATUS.NOT_SUPPORTED;
    default:
      return undefined;
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
  return queries && answer !== undefined ? answerQuery(request, answer) : NDIS_STATUS.NOT_SUPPORTED;
}

/** Keeps what a request that has ended leaves in force. */
function settle(adapter: MiniportAdapter, request: NDIS_OID_REQUEST, status: NdisStatus): void {
  if (
    status === NDIS_STATUS.SUCCESS &&
    request.RequestType === 'NdisRequestSetInformation' &&
    request.Oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS
  ) {
    adapter.connectionParameters = request.InformationBuffer.slice();
  }
}
