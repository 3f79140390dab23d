/**
 * What drivers hand to NDIS when they register: characteristics structures with their handlers, spelled as in ndis.h and
 * ndischimney.h. Each handler's comment says who calls it, when, and who owns what.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { objectHeader, type ObjectHeaderValues } from '../../../shared/ddi/structureCodec';
import type { NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_BIND_PARAMETERS } from './bindParameters';
import type { NET_BUFFER_LIST } from './netBufferList';
import type {
  NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  NDIS_OFFLOAD_HANDLE,
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  PVOID,
} from './offloadBlockList';

/** Something that NDIS or a driver hands out to be handed back: an NDIS_HANDLE. */
export interface NDIS_HANDLE {
  readonly address: number;
  /** What it is, for people. */
  readonly label: string;
}

/** NDIS_OPEN_PARAMETERS, as far as it is used. */
export interface NDIS_OPEN_PARAMETERS {
  /** From NDIS_BIND_PARAMETERS. */
  readonly AdapterName: string;
}

/** NDIS_MINIPORT_INIT_PARAMETERS, as far as it is used. */
export interface NDIS_MINIPORT_INIT_PARAMETERS {
  /** DeviceContext of NdisIMInitializeDeviceInstanceEx; null for a physical adapter. */
  readonly IMDeviceInstanceContext: PVOID | null;
}

/** NDIS_OID_REQUEST, as far as chimney offload needs it. */
export interface NDIS_OID_REQUEST {
  readonly address: number;
  readonly RequestType: 'NdisRequestQueryInformation' | 'NdisRequestSetInformation';
  /** An OID_ value. */
  readonly Oid: number;
  /** The structure to set, or room for the answer. */
  readonly InformationBuffer: Uint8Array;
  /** Bytes written by a query or read by a set. */
  bytesProcessed: number;
  /** Size that would have done, where the status is NDIS_STATUS_BUFFER_TOO_SHORT; 0 otherwise. */
  bytesNeeded: number;
}

/** NDIS_STATUS_INDICATION, as far as miniports fill it in. */
export interface NDIS_STATUS_INDICATION {
  readonly address: number;
  /** The NdisMiniportHandle of who indicates. */
  readonly SourceHandle: NDIS_HANDLE;
  /** An NDIS_STATUS_ value that says what has happened. */
  readonly StatusCode: NdisStatus;
  /** The structure that belongs to the code, or NULL. It may be used until the indication returns. */
  readonly StatusBuffer: Uint8Array | null;
}

/** NET_PNP_EVENT_NOTIFICATION: a Plug and Play, power or pause event for one binding. */
export interface NET_PNP_EVENT_NOTIFICATION {
  readonly address: number;
  /** A NET_PNP_EVENT_CODE. */
  readonly NetEvent: number;
  /** The power state that Buffer points to, for NetEventSetPower. */
  readonly powerState: DevicePowerState | undefined;
}

/** Values of NET_PNP_EVENT_CODE that NDIS tells protocol drivers of. */
export const netEvents = {
  setPower: constantValue('NetEventSetPower'),
  pause: constantValue('NetEventPause'),
  restart: constantValue('NetEventRestart'),
} as const;

/** NDIS_DEVICE_POWER_STATE: D0 is full power; in all others an adapter neither sends nor receives. */
export const devicePowerStates = { D0: 1, D1: 2, D2: 3, D3: 4 } as const;

/** A value of NDIS_DEVICE_POWER_STATE. */
export type DevicePowerState = (typeof devicePowerStates)[keyof typeof devicePowerStates];

/** Values of NDIS_DEVICE_PNP_EVENT that NDIS tells miniports of. */
export const devicePnPEvents = { SurpriseRemoved: 2 } as const;

/** NDIS_MINIPORT_DRIVER_CHARACTERISTICS, as far as it is used. */
export interface NDIS_MINIPORT_DRIVER_CHARACTERISTICS {
  readonly Header: ObjectHeaderValues;
  readonly MajorNdisVersion: number;
  readonly MinorNdisVersion: number;
  /** NDIS_INTERMEDIATE_DRIVER for the miniport edge of an intermediate driver, whose adapters are virtual; 0 if absent. */
  readonly Flags?: number;
  /** MiniportSetOptions: NDIS calls it from inside NdisMRegisterMiniportDriver, at PASSIVE_LEVEL. */
  readonly SetOptionsHandler: (NdisDriverHandle: NDIS_HANDLE, DriverContext: PVOID) => NdisStatus;
  /** MiniportInitializeEx: makes one adapter ready, at PASSIVE_LEVEL. */
  readonly InitializeHandlerEx: (
    NdisMiniportHandle: NDIS_HANDLE,
    MiniportDriverContext: PVOID,
    MiniportInitParameters: NDIS_MINIPORT_INIT_PARAMETERS,
  ) => NdisStatus;
  /** MiniportRestart: the adapter may send and receive from now on. */
  readonly RestartHandler: (MiniportAdapterContext: PVOID) => NdisStatus;
  /** MiniportOidRequest: answers at once or completes later. */
  readonly OidRequestHandler: (MiniportAdapterContext: PVOID, OidRequest: NDIS_OID_REQUEST) => NdisStatus;
  /** MiniportSendNetBufferLists: the driver owns the lists until it completes them. */
  readonly SendNetBufferListsHandler: (
    MiniportAdapterContext: PVOID,
    NetBufferLists: NET_BUFFER_LIST,
  ) => void;
  /** MiniportReturnNetBufferLists: lists that the driver indicated are its own again. */
  readonly ReturnNetBufferListsHandler: (
    MiniportAdapterContext: PVOID,
    NetBufferLists: NET_BUFFER_LIST,
  ) => void;
  /**
   * MiniportPause: nothing may be received or sent from now on, and lists that are out must come back. PENDING: the driver calls
   * NdisMPauseComplete when that is done. NDIS takes an absent handler for success.
   */
  readonly PauseHandler?: (MiniportAdapterContext: PVOID, PauseReason: number) => NdisStatus;
  /** MiniportHaltEx: the adapter goes; `HaltAction` is an NDIS_HALT_ACTION. */
  readonly HaltHandlerEx?: (MiniportAdapterContext: PVOID, HaltAction: number) => void;
  /** MiniportCheckForHangEx: TRUE asks NDIS for a reset. NDIS takes an absent handler for FALSE. */
  readonly CheckForHangHandlerEx?: (MiniportAdapterContext: PVOID) => boolean;
  /**
   * MiniportResetEx: starts the hardware anew. PENDING: the driver calls NdisMResetComplete, with whether NDIS is to set addresses and
   * filters again.
   */
  readonly ResetHandlerEx?: (MiniportAdapterContext: PVOID) => NdisStatus;
  /** MiniportDriverUnload: the last adapter has been halted and the driver goes; it calls NdisMDeregisterMiniportDriver. */
  readonly UnloadHandler?: (DriverObject: PVOID) => void;
  /** MiniportDevicePnPEventNotify: the device is gone, or the power source has changed. */
  readonly DevicePnPEventNotifyHandler?: (MiniportAdapterContext: PVOID, DevicePnPEvent: number) => void;
}

/** NDIS_PROTOCOL_DRIVER_CHARACTERISTICS, as far as it is used. */
export interface NDIS_PROTOCOL_DRIVER_CHARACTERISTICS {
  readonly Header: ObjectHeaderValues;
  readonly MajorNdisVersion: number;
  readonly MinorNdisVersion: number;
  /** ProtocolSetOptions: NDIS calls it from inside NdisRegisterProtocolDriver, at PASSIVE_LEVEL. */
  readonly SetOptionsHandler: (NdisDriverHandle: NDIS_HANDLE, DriverContext: PVOID) => NdisStatus;
  /** ProtocolBindAdapterEx: an adapter is there; the driver opens it with NdisOpenAdapterEx. */
  readonly BindAdapterHandlerEx: (
    ProtocolDriverContext: PVOID,
    BindContext: NDIS_HANDLE,
    BindParameters: NDIS_BIND_PARAMETERS,
  ) => NdisStatus;
  /** ProtocolReceiveNetBufferLists: the driver owns the lists until it returns them. */
  readonly ReceiveNetBufferListsHandler: (
    ProtocolBindingContext: PVOID,
    NetBufferLists: NET_BUFFER_LIST,
  ) => void;
  /** ProtocolSendNetBufferListsComplete: sent lists are the driver's own again. */
  readonly SendNetBufferListsCompleteHandler: (
    ProtocolBindingContext: PVOID,
    NetBufferLists: NET_BUFFER_LIST,
  ) => void;
  /** ProtocolStatusEx: a miniport has indicated a status; at DISPATCH_LEVEL or below. Absent: the driver does not care. */
  readonly StatusHandlerEx?: (
    ProtocolBindingContext: PVOID,
    StatusIndication: NDIS_STATUS_INDICATION,
  ) => void;
  /** ProtocolOidRequestComplete: the end of a request for which NdisOidRequest returned PENDING. */
  readonly OidRequestCompleteHandler?: (
    ProtocolBindingContext: PVOID,
    OidRequest: NDIS_OID_REQUEST,
    Status: NdisStatus,
  ) => void;
  /**
   * ProtocolNetPnPEvent: power, pause and restart of a binding, at PASSIVE_LEVEL. PENDING: the driver calls NdisCompleteNetPnPEvent
   * when it is ready. NDIS takes an absent handler for success.
   */
  readonly NetPnPEventHandler?: (
    ProtocolBindingContext: PVOID,
    NetPnPEventNotification: NET_PNP_EVENT_NOTIFICATION,
  ) => NdisStatus;
  /** ProtocolOpenAdapterCompleteEx: the end of an NdisOpenAdapterEx that returned PENDING. */
  readonly OpenAdapterCompleteHandlerEx?: (ProtocolBindingContext: PVOID, Status: NdisStatus) => void;
  /**
   * ProtocolUnbindAdapterEx: the driver closes the adapter with NdisCloseAdapterEx. PENDING: it calls NdisCompleteUnbindAdapterEx
   * after that.
   */
  readonly UnbindAdapterHandlerEx?: (UnbindContext: NDIS_HANDLE, ProtocolBindingContext: PVOID) => NdisStatus;
  /** ProtocolUninstall: the protocol is being removed from the machine; the driver calls NdisDeregisterProtocolDriver. */
  readonly UninstallHandler?: () => void;
}

type GenericMiniportHandler = (
  MiniportAdapterContext: PVOID,
  OffloadBlockList: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
) => void;

/** NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS: every handler may be called at any IRQL and completes later. */
export interface NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS {
  readonly Header: ObjectHeaderValues;
  readonly Flags: number;
  /** MiniportInitiateOffload: takes state over; the tree is the target's until NdisMInitiateOffloadComplete. */
  readonly InitiateOffloadHandler: GenericMiniportHandler;
  /** MiniportTerminateOffload: gives state back; ends with NdisMTerminateOffloadComplete. */
  readonly TerminateOffloadHandler: GenericMiniportHandler;
  /** MiniportUpdateOffload: takes new cached variables; ends with NdisMUpdateOffloadComplete. */
  readonly UpdateOffloadHandler: GenericMiniportHandler;
  /** MiniportInvalidateOffload: stops sending on what depends on an object; ends with NdisMInvalidateOffloadComplete. */
  readonly InvalidateOffloadHandler: GenericMiniportHandler;
  /** MiniportQueryOffload: fills attached state with present values; ends with NdisMQueryOffloadStateComplete. */
  readonly QueryOffloadHandler: GenericMiniportHandler;
}

type TcpMiniportHandler = (
  MiniportAdapterContext: PVOID,
  MiniportOffloadContext: PVOID,
  NetBufferLists: NET_BUFFER_LIST,
) => NdisStatus;

/** NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS. */
export interface NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS {
  readonly Header: ObjectHeaderValues;
  readonly Flags: number;
  /** An NDIS_CHIMNEY_OFFLOAD_TYPE: NdisTcpChimneyOffload. */
  readonly OffloadType: number;
  /** MiniportTcpOffloadSend: NDIS_STATUS_PENDING always; completed when the peer has acknowledged the data. */
  readonly TcpOffloadSendHandler: TcpMiniportHandler;
  /** MiniportTcpOffloadReceive: NDIS_STATUS_PENDING always; lists of one NET_BUFFER each, filled in order. */
  readonly TcpOffloadReceiveHandler: TcpMiniportHandler;
  /** MiniportTcpOffloadDisconnect: NDIS_STATUS_PENDING always; Flags say graceful or abortive. */
  readonly TcpOffloadDisconnectHandler: (
    MiniportAdapterContext: PVOID,
    MiniportOffloadContext: PVOID,
    NetBufferList: NET_BUFFER_LIST,
    Flags: number,
  ) => NdisStatus;
  /** MiniportTcpOffloadForward: a segment that reached the host; NDIS_STATUS_PENDING always. */
  readonly TcpOffloadForwardHandler: TcpMiniportHandler;
  /** MiniportTcpOffloadReceiveReturn: indicated lists come back; NDIS_STATUS_SUCCESS always. */
  readonly TcpOffloadReceiveReturnHandler: (
    MiniportAdapterContext: PVOID,
    NetBufferLists: NET_BUFFER_LIST,
  ) => NdisStatus;
}

type GenericClientHandler = (
  ProtocolBindingContext: PVOID,
  OffloadBlockList: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
) => void;

/** NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS: the tree is the sender's again with each completion. */
export interface NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS {
  readonly Header: ObjectHeaderValues;
  readonly Flags: number;
  readonly InitiateOffloadCompleteHandler: GenericClientHandler;
  readonly TerminateOffloadCompleteHandler: GenericClientHandler;
  readonly UpdateOffloadCompleteHandler: GenericClientHandler;
  readonly InvalidateOffloadCompleteHandler: GenericClientHandler;
  readonly QueryOffloadCompleteHandler: GenericClientHandler;
  /** ProtocolIndicateOffloadEvent: a neighbor reachability query to be answered in place. */
  readonly IndicateOffloadEventHandler: (
    ProtocolBindingContext: PVOID,
    OffloadBlockList: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
    IndicationCode: number,
  ) => void;
}

type TcpClientCompletion = (ProtocolBindingContext: PVOID, NetBufferLists: NET_BUFFER_LIST) => void;

/** What a receive indication answers: a status, and the bytes that the client took. */
export interface ReceiveIndicationAnswer {
  readonly status: NdisStatus;
  readonly BytesConsumed: number;
}

/** NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS. */
export interface NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS {
  readonly Header: ObjectHeaderValues;
  readonly Flags: number;
  readonly OffloadType: number;
  readonly TcpOffloadSendCompleteHandler: TcpClientCompletion;
  readonly TcpOffloadReceiveCompleteHandler: TcpClientCompletion;
  readonly TcpOffloadDisconnectCompleteHandler: TcpClientCompletion;
  readonly TcpOffloadForwardCompleteHandler: TcpClientCompletion;
  /** ProtocolTcpOffloadEvent: something happened to the connection. */
  readonly TcpOffloadEventHandler: (
    OffloadContext: NDIS_OFFLOAD_HANDLE,
    EventType: number,
    EventSpecificInformation: number,
  ) => void;
  /** ProtocolTcpOffloadReceiveIndicate: data for which no receive was posted; taken whole, in part or not at all. */
  readonly TcpOffloadReceiveIndicateHandler: (
    OffloadContext: NDIS_OFFLOAD_HANDLE,
    NetBufferList: NET_BUFFER_LIST,
    Status: NdisStatus,
  ) => ReceiveIndicationAnswer;
}

/** A structure for NdisSetOptionalHandlers, told apart by name (in C by Header.Type). */
export type OptionalHandlers =
  | {
      readonly structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS';
      readonly value: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;
    }
  | {
      readonly structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS';
      readonly value: NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS;
    }
  | {
      readonly structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS';
      readonly value: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;
    }
  | {
      readonly structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS';
      readonly value: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS;
    };

/** The header that a correct driver writes into an optional-handlers structure. */
export function optionalHandlersHeader(structure: OptionalHandlers['structure']): ObjectHeaderValues {
  return objectHeader(structure);
}

/** NDIS_TCP_OFFLOAD_EVENT_HANDLERS: the entry points that NdisMGetOffloadHandlers gives to an offload target. */
export interface NDIS_TCP_OFFLOAD_EVENT_HANDLERS {
  readonly NdisTcpOffloadEventHandler: (
    NdisOffloadHandle: NDIS_OFFLOAD_HANDLE,
    EventType: number,
    EventSpecificInformation: number,
  ) => void;
  readonly NdisTcpOffloadReceiveHandler: (
    NdisOffloadHandle: NDIS_OFFLOAD_HANDLE,
    NetBufferList: NET_BUFFER_LIST,
    Status: NdisStatus,
  ) => ReceiveIndicationAnswer;
  readonly NdisTcpOffloadSendComplete: (
    NdisMiniportHandle: NDIS_HANDLE,
    NetBufferLists: NET_BUFFER_LIST,
  ) => void;
  readonly NdisTcpOffloadReceiveComplete: (
    NdisMiniportHandle: NDIS_HANDLE,
    NetBufferLists: NET_BUFFER_LIST,
  ) => void;
  readonly NdisTcpOffloadDisconnectComplete: (
    NdisMiniportHandle: NDIS_HANDLE,
    NetBufferList: NET_BUFFER_LIST,
  ) => void;
  readonly NdisTcpOffloadForwardComplete: (
    NdisMiniportHandle: NDIS_HANDLE,
    NetBufferLists: NET_BUFFER_LIST,
  ) => void;
}
