/** The functions of NDIS that a driver may call, under their names in ndis.h and ndischimney.h, for one driver. */
import type { NdisStatus } from '../../../shared/ddi/status';
import type {
  NDIS_HANDLE,
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
} from '../ndis/characteristics';
import type { AdapterLifePlane } from '../ndis/adapterLife';
import type { FilterPlane, NDIS_FILTER_DRIVER_CHARACTERISTICS } from '../ndis/filters';
import type { Ndis } from '../ndis/ndis';
import type { NET_BUFFER_LIST } from '../ndis/netBufferList';
import type { PVOID } from '../ndis/offloadBlockList';
import type { OidPlane } from '../ndis/oidRequests';
import type { RegistrationPlane } from '../ndis/registration';
import type { ResetPlane } from '../ndis/reset';
import type { StateManipulationPlane } from '../ndis/stateManipulation';
import type { StatusPlane } from '../ndis/statusIndications';
import type { TcpDataPlane } from '../ndis/tcpData';

/** Functions whose arguments are the WDK's, by plane. */
const shared = {
  registration: [
    'NdisMDeregisterMiniportDriver',
    'NdisDeregisterProtocolDriver',
    'NdisSetOptionalHandlers',
    'NdisMSetMiniportAttributes',
    'NdisMGetOffloadHandlers',
    'NdisOpenAdapterEx',
    'NdisCompleteBindAdapterEx',
    'NdisIMAssociateMiniport',
    'NdisIMInitializeDeviceInstanceEx',
    'NdisIMDeInitializeDeviceInstance',
  ],
  offload: [
    'NdisInitiateOffload',
    'NdisTerminateOffload',
    'NdisUpdateOffload',
    'NdisQueryOffloadState',
    'NdisInvalidateOffload',
    'NdisMInitiateOffloadComplete',
    'NdisMTerminateOffloadComplete',
    'NdisMUpdateOffloadComplete',
    'NdisMQueryOffloadStateComplete',
    'NdisMInvalidateOffloadComplete',
    'NdisMOffloadEventIndicate',
  ],
  tcp: [
    'NdisOffloadTcpSend',
    'NdisOffloadTcpReceive',
    'NdisOffloadTcpDisconnect',
    'NdisOffloadTcpForward',
    'NdisOffloadTcpReceiveReturn',
  ],
  oids: ['NdisOidRequest', 'NdisMOidRequestComplete'],
  status: ['NdisMIndicateStatusEx'],
  resets: ['NdisMResetComplete'],
  filters: ['NdisFDeregisterFilterDriver'],
  life: ['NdisMRestartComplete', 'NdisMPauseComplete', 'NdisCompleteNetPnPEvent', 'NdisCloseAdapterEx'],
} as const;

type SharedFunctions = Pick<RegistrationPlane, (typeof shared.registration)[number]> &
  Pick<StateManipulationPlane, (typeof shared.offload)[number]> &
  Pick<TcpDataPlane, (typeof shared.tcp)[number]> &
  Pick<OidPlane, (typeof shared.oids)[number]> &
  Pick<StatusPlane, (typeof shared.status)[number]> &
  Pick<ResetPlane, (typeof shared.resets)[number]> &
  Pick<FilterPlane, (typeof shared.filters)[number]> &
  Pick<AdapterLifePlane, (typeof shared.life)[number]>;

/** See the file's head. A function that has an output parameter in C answers it. */
export interface NdisFunctions extends SharedFunctions {
  /** Takes the driver's miniport edge in; its MiniportSetOptions runs before this returns. */
  NdisMRegisterMiniportDriver(
    MiniportDriverContext: PVOID,
    MiniportDriverCharacteristics: NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  ): { readonly status: NdisStatus; readonly NdisMiniportDriverHandle: NDIS_HANDLE | null };
  /** Takes the driver's protocol edge in; its ProtocolSetOptions runs before this returns. */
  NdisRegisterProtocolDriver(
    ProtocolDriverContext: PVOID,
    ProtocolCharacteristics: NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  ): { readonly status: NdisStatus; readonly NdisProtocolHandle: NDIS_HANDLE | null };
  /** Takes a filter driver in; its FilterSetOptions runs before this returns. */
  NdisFRegisterFilterDriver(
    FilterDriverContext: PVOID,
    FilterDriverCharacteristics: NDIS_FILTER_DRIVER_CHARACTERISTICS,
  ): { readonly status: NdisStatus; readonly NdisFilterDriverHandle: NDIS_HANDLE | null };
  /** Ends a ProtocolUnbindAdapterEx that returned PENDING. */
  NdisCompleteUnbindAdapterEx(UnbindContext: NDIS_HANDLE): void;
  /** Sends packets; ends with ProtocolSendNetBufferListsComplete. `connection` is for the trace. */
  NdisSendNetBufferLists(
    NdisBindingHandle: NDIS_HANDLE,
    NetBufferLists: NET_BUFFER_LIST,
    connection?: number,
  ): void;
  /** Gives received packets back. */
  NdisReturnNetBufferLists(NdisBindingHandle: NDIS_HANDLE, NetBufferLists: NET_BUFFER_LIST): void;
  /** Gives sent packets back. */
  NdisMSendNetBufferListsComplete(MiniportAdapterHandle: NDIS_HANDLE, NetBufferLists: NET_BUFFER_LIST): void;
  /** Hands received packets up; they come back to MiniportReturnNetBufferLists. `connection` is for the trace. */
  NdisMIndicateReceiveNetBufferLists(
    MiniportAdapterHandle: NDIS_HANDLE,
    NetBufferLists: NET_BUFFER_LIST,
    connection?: number,
  ): void;
}

/** The functions for the driver with this component and name. */
export function ndisFunctionsFor(ndis: Ndis, component: number, name: string): NdisFunctions {
  const functions: Record<string, unknown> = {};
  for (const [plane, names] of Object.entries(shared)) {
    const source = ndis[plane as keyof typeof shared] as unknown as Readonly<
      Record<string, (...values: unknown[]) => unknown>
    >;
    for (const functionName of names) functions[functionName] = source[functionName]!.bind(source);
  }
  const { registration, packets, life, filters } = ndis;
  return {
    ...(functions as unknown as SharedFunctions),
    NdisMRegisterMiniportDriver: (context, characteristics) =>
      registration.NdisMRegisterMiniportDriver(component, name, context, characteristics),
    NdisRegisterProtocolDriver: (context, characteristics) =>
      registration.NdisRegisterProtocolDriver(component, context, characteristics),
    NdisFRegisterFilterDriver: (context, characteristics) =>
      filters.NdisFRegisterFilterDriver(component, context, characteristics),
    NdisCompleteUnbindAdapterEx: (UnbindContext) => {
      life.NdisCompleteUnbindAdapterEx(UnbindContext, component);
    },
    NdisSendNetBufferLists: (binding, lists, connection) => {
      packets.NdisSendNetBufferLists(binding, lists, connection);
    },
    NdisReturnNetBufferLists: (binding, lists) => {
      packets.NdisReturnNetBufferLists(binding, lists);
    },
    NdisMSendNetBufferListsComplete: (adapter, lists) => {
      packets.NdisMSendNetBufferListsComplete(adapter, lists);
    },
    NdisMIndicateReceiveNetBufferLists: (adapter, lists, connection) => {
      packets.NdisMIndicateReceiveNetBufferLists(adapter, lists, connection);
    },
  };
}
