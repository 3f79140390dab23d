/**
 * NDIS: the data path of offloaded connections. Downward, NDIS takes the target's context out of the sender's
 * NDIS_OFFLOAD_HANDLE (CTX-016); upward, it presents that handle as OffloadContext (CTX-019). The NET_BUFFER_LIST pointers are
 * the same on both sides (SND-001).
 */
import type { FunctionName } from '../../../shared/ddi/catalogue';
import type { NdisStatus } from '../../../shared/ddi/status';
import type { CallArgument } from '../../../shared/trace/records';
import { hexOf } from '../wire/hex';
import {
  firstBytesArgument,
  netBufferListsArgument,
  numberArgument,
  pointerArgument,
  receiveRequestArguments,
  statusArgument,
  textArgument,
} from './arguments';
import type {
  NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  NDIS_HANDLE,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
  ReceiveIndicationAnswer,
} from './characteristics';
import type { NdisCore } from './core';
import { adapterContext, bindingFrom, type Binding, type MiniportAdapter } from './drivers';
import { chainToArray, netBufferBytes, netBufferListInfo, type NET_BUFFER_LIST } from './netBufferList';
import type { NDIS_OFFLOAD_HANDLE, PVOID } from './offloadBlockList';

/** A data request's names, and how to enter the handler below. */
interface DataRequest {
  readonly request: FunctionName;
  readonly handler: FunctionName;
  readonly enter: (
    handlers: NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
    adapterContext: PVOID,
    offloadContext: PVOID,
    lists: NET_BUFFER_LIST,
    flags: number,
  ) => NdisStatus;
}

const requests = {
  send: {
    request: 'NdisOffloadTcpSend',
    handler: 'MiniportTcpOffloadSend',
    enter: (handlers, adapter, offload, lists) => handlers.TcpOffloadSendHandler(adapter, offload, lists),
  },
  receive: {
    request: 'NdisOffloadTcpReceive',
    handler: 'MiniportTcpOffloadReceive',
    enter: (handlers, adapter, offload, lists) => handlers.TcpOffloadReceiveHandler(adapter, offload, lists),
  },
  disconnect: {
    request: 'NdisOffloadTcpDisconnect',
    handler: 'MiniportTcpOffloadDisconnect',
    enter: (handlers, adapter, offload, lists, flags) =>
      handlers.TcpOffloadDisconnectHandler(adapter, offload, lists, flags),
  },
  forward: {
    request: 'NdisOffloadTcpForward',
    handler: 'MiniportTcpOffloadForward',
    enter: (handlers, adapter, offload, lists) => handlers.TcpOffloadForwardHandler(adapter, offload, lists),
  },
} as const satisfies Record<string, DataRequest>;

type ClientCompletion = NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS['TcpOffloadSendCompleteHandler'];

/** First bytes of what a completed receive holds. */
function placedData(list: NET_BUFFER_LIST): CallArgument[] {
  const placed = list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] ?? 0;
  return placed > 0 ? firstBytesArgument(list, placed) : [];
}

/** Bytes of a forwarded segment that a trace keeps: its TCP header. */
const segmentSample = 60;

/** `Segment` of each forwarded list: its first bytes in hexadecimal digits (FWD-004). */
function segmentArguments(lists: NET_BUFFER_LIST): CallArgument[] {
  return chainToArray(lists).map(({ FirstNetBuffer }) =>
    textArgument('Segment', hexOf(netBufferBytes(FirstNetBuffer).subarray(0, segmentSample))),
  );
}

/** See the file's head. */
export class TcpDataPlane {
  constructor(private readonly core: NdisCore) {}

  /** Posts data to send; always NDIS_STATUS_PENDING (SND-003). */
  NdisOffloadTcpSend(handle: NDIS_OFFLOAD_HANDLE, lists: NET_BUFFER_LIST): NdisStatus {
    return this.post(requests.send, handle, lists, 0);
  }

  /** Posts buffers to receive into; always NDIS_STATUS_PENDING (RCV-002). */
  NdisOffloadTcpReceive(handle: NDIS_OFFLOAD_HANDLE, lists: NET_BUFFER_LIST): NdisStatus {
    return this.post(requests.receive, handle, lists, 0);
  }

  /** Closes the send half, or the connection at once; always NDIS_STATUS_PENDING (DSC-002). */
  NdisOffloadTcpDisconnect(handle: NDIS_OFFLOAD_HANDLE, list: NET_BUFFER_LIST, Flags: number): NdisStatus {
    return this.post(requests.disconnect, handle, list, Flags);
  }

  /** Hands down a segment that reached the host; always NDIS_STATUS_PENDING. */
  NdisOffloadTcpForward(handle: NDIS_OFFLOAD_HANDLE, lists: NET_BUFFER_LIST): NdisStatus {
    return this.post(requests.forward, handle, lists, 0);
  }

  /** Returns indicated lists to the target; names no connection, since lists of several may come together. */
  NdisOffloadTcpReceiveReturn(NdisBindingHandle: NDIS_HANDLE, lists: NET_BUFFER_LIST): void {
    const { door, component } = this.core;
    const binding = bindingFrom(NdisBindingHandle);
    const { adapter } = binding;
    door.void(
      {
        functionName: 'NdisOffloadTcpReceiveReturn',
        caller: binding.protocol.component,
        callee: component,
        arguments: [
          pointerArgument('NdisBindingHandle', binding, binding.label),
          netBufferListsArgument('NetBufferList', lists),
        ],
      },
      () => {
        const context = adapterContext(adapter);
        door.status(
          {
            functionName: 'MiniportTcpOffloadReceiveReturn',
            caller: component,
            callee: adapter.driver.component,
            arguments: [
              pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
              netBufferListsArgument('NetBufferList', lists),
            ],
          },
          () => this.handlersOf(adapter).TcpOffloadReceiveReturnHandler(context, lists),
        );
      },
    );
  }

  /** The table that NdisMGetOffloadHandlers gives to the driver of an adapter. */
  eventHandlersFor(adapter: MiniportAdapter): NDIS_TCP_OFFLOAD_EVENT_HANDLERS {
    return {
      NdisTcpOffloadEventHandler: (handle, EventType, EventSpecificInformation) => {
        this.indicateEvent(adapter, handle, EventType, EventSpecificInformation);
      },
      NdisTcpOffloadReceiveHandler: (handle, list, Status) =>
        this.indicateReceive(adapter, handle, list, Status),
      NdisTcpOffloadSendComplete: (handle, lists) => {
        this.complete(
          'NdisTcpOffloadSendComplete',
          'ProtocolTcpOffloadSendComplete',
          adapter,
          handle,
          lists,
          (handlers) => handlers.TcpOffloadSendCompleteHandler,
        );
      },
      NdisTcpOffloadReceiveComplete: (handle, lists) => {
        this.complete(
          'NdisTcpOffloadReceiveComplete',
          'ProtocolTcpOffloadReceiveComplete',
          adapter,
          handle,
          lists,
          (handlers) => handlers.TcpOffloadReceiveCompleteHandler,
        );
      },
      NdisTcpOffloadDisconnectComplete: (handle, list) => {
        this.complete(
          'NdisTcpOffloadDisconnectComplete',
          'ProtocolTcpOffloadDisconnectComplete',
          adapter,
          handle,
          list,
          (handlers) => handlers.TcpOffloadDisconnectCompleteHandler,
        );
      },
      NdisTcpOffloadForwardComplete: (handle, lists) => {
        this.complete(
          'NdisTcpOffloadForwardComplete',
          'ProtocolTcpOffloadForwardComplete',
          adapter,
          handle,
          lists,
          (handlers) => handlers.TcpOffloadForwardCompleteHandler,
        );
      },
    };
  }

  private post(
    request: DataRequest,
    handle: NDIS_OFFLOAD_HANDLE,
    lists: NET_BUFFER_LIST,
    flags: number,
  ): NdisStatus {
    const { core } = this;
    const { door, component, observer } = core;
    const binding = core.bindingOf(handle);
    const { adapter } = binding;
    const connection = observer.find(handle)?.connection;
    const flagArguments =
      request.request === 'NdisOffloadTcpDisconnect'
        ? [numberArgument('Flags', flags, 'TCP disconnect Flags')]
        : request.request === 'NdisOffloadTcpReceive'
          ? receiveRequestArguments(lists)
          : request.request === 'NdisOffloadTcpForward'
            ? segmentArguments(lists)
            : [];
    return door.status(
      {
        functionName: request.request,
        caller: binding.protocol.component,
        callee: component,
        connection,
        arguments: [
          pointerArgument('NdisOffloadHandle', handle, 'NDIS_OFFLOAD_HANDLE'),
          netBufferListsArgument('NetBufferList', lists),
          ...flagArguments,
        ],
      },
      (ndisCall) => {
        const context = adapterContext(adapter);
        const offloadContext = handle.MiniportOffloadContext.value;
        if (offloadContext === null)
          throw new Error(`${request.request} names an object that is not offloaded`);
        return door.status(
          {
            functionName: request.handler,
            caller: component,
            callee: adapter.driver.component,
            connection,
            arguments: [
              pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
              pointerArgument('MiniportOffloadContext', offloadContext, 'MiniportOffloadContext'),
              netBufferListsArgument('NetBufferList', lists),
              ...flagArguments,
              ...this.dataSent(request, lists),
            ],
          },
          (miniportCall) => {
            core.openLists(binding, lists, connection, ndisCall, miniportCall);
            return request.enter(this.handlersOf(adapter), context, offloadContext, lists, flags);
          },
        );
      },
    );
  }

  /** First bytes of a send, and of what a receive has in it already. */
  private dataSent({ request }: DataRequest, lists: NET_BUFFER_LIST): CallArgument[] {
    const shows =
      request === 'NdisOffloadTcpSend' ||
      (request === 'NdisOffloadTcpReceive' &&
        (lists.NetBufferListInfo[netBufferListInfo.TcpReceiveBytesTransferred] ?? 0) > 0);
    return shows ? firstBytesArgument(lists) : [];
  }

  private complete(
    functionName: FunctionName,
    handlerName: FunctionName,
    adapter: MiniportAdapter,
    handle: NDIS_HANDLE,
    lists: NET_BUFFER_LIST,
    select: (handlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS) => ClientCompletion,
  ): void {
    const { core } = this;
    const { door, component } = core;
    const binding = core.bindingAbove(adapter);
    const { connection, ndisCalls, miniportCalls } = core.closeLists(binding, lists);
    const firstBytes =
      functionName === 'NdisTcpOffloadReceiveComplete'
        ? core.firstDeliveries.ofReceives(binding, connection, lists)
        : [];
    door.void(
      {
        functionName,
        caller: adapter.driver.component,
        callee: component,
        connection,
        completes: miniportCalls,
        arguments: [
          pointerArgument('NdisMiniportHandle', handle, handle.label),
          netBufferListsArgument('NetBufferList', lists),
          ...firstBytes,
          ...(functionName === 'NdisTcpOffloadReceiveComplete' ? placedData(lists) : []),
        ],
      },
      () => {
        door.void(
          {
            functionName: handlerName,
            caller: component,
            callee: binding.protocol.component,
            connection,
            completes: ndisCalls,
            arguments: [
              pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
              netBufferListsArgument('NetBufferList', lists),
            ],
          },
          () => select(this.clientsOf(binding))(binding.context, lists),
        );
      },
    );
  }

  private indicateEvent(
    adapter: MiniportAdapter,
    handle: NDIS_OFFLOAD_HANDLE,
    EventType: number,
    EventSpecificInformation: number,
  ): void {
    const { core } = this;
    const { door, component, observer } = core;
    const binding = core.bindingAbove(adapter);
    const connection = observer.find(handle)?.connection;
    const details = [
      numberArgument('EventType', EventType, 'TCP_OFFLOAD_EVENT_TYPE'),
      numberArgument('EventSpecificInformation', EventSpecificInformation, 'TCP_UPLOAD_REASON'),
    ];
    door.void(
      {
        functionName: 'NdisTcpOffloadEventHandler',
        caller: adapter.driver.component,
        callee: component,
        connection,
        arguments: [pointerArgument('NdisOffloadHandle', handle, 'NDIS_OFFLOAD_HANDLE'), ...details],
      },
      () => {
        door.void(
          {
            functionName: 'ProtocolTcpOffloadEvent',
            caller: component,
            callee: binding.protocol.component,
            connection,
            arguments: [pointerArgument('OffloadContext', handle, 'NDIS_OFFLOAD_HANDLE'), ...details],
          },
          () => {
            this.clientsOf(binding).TcpOffloadEventHandler(handle, EventType, EventSpecificInformation);
          },
        );
      },
    );
  }

  private indicateReceive(
    adapter: MiniportAdapter,
    handle: NDIS_OFFLOAD_HANDLE,
    list: NET_BUFFER_LIST,
    Status: NdisStatus,
  ): ReceiveIndicationAnswer {
    const { core } = this;
    const { door, component, observer } = core;
    const binding = core.bindingAbove(adapter);
    const connection = observer.find(handle)?.connection;
    const details = [
      netBufferListsArgument('NetBufferList', list),
      statusArgument('Status', Status),
      ...core.firstDeliveries.ofIndication(binding, connection, list),
    ];
    const describe = (answer: ReceiveIndicationAnswer) => ({
      status: answer.status,
      outputs: [numberArgument('BytesConsumed', answer.BytesConsumed)],
    });
    return door.cross(
      {
        functionName: 'NdisTcpOffloadReceiveHandler',
        caller: adapter.driver.component,
        callee: component,
        connection,
        arguments: [
          pointerArgument('NdisOffloadHandle', handle, 'NDIS_OFFLOAD_HANDLE'),
          ...details,
          ...firstBytesArgument(list),
        ],
      },
      () =>
        door.cross(
          {
            functionName: 'ProtocolTcpOffloadReceiveIndicate',
            caller: component,
            callee: binding.protocol.component,
            connection,
            arguments: [pointerArgument('OffloadContext', handle, 'NDIS_OFFLOAD_HANDLE'), ...details],
          },
          () => this.clientsOf(binding).TcpOffloadReceiveIndicateHandler(handle, list, Status),
          describe,
        ),
      describe,
    );
  }

  private handlersOf(adapter: MiniportAdapter): NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS {
    const handlers = adapter.driver.tcpHandlers;
    if (handlers === undefined) throw new Error(`${adapter.label} has registered no TCP chimney handlers`);
    return handlers;
  }

  private clientsOf(binding: Binding): NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS {
    return binding.clientTcpHandlers;
  }
}
