/** The smallest drivers that NDIS takes, one above and one below it, for tests that look at NDIS alone. */
import { Machine } from '../../electron/emulator/machine/machine';
import type {
  NDIS_HANDLE,
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
} from '../../electron/emulator/ndis/characteristics';
import { writeConnectionOffload } from '../../electron/emulator/ndis/connectionOffload';
import { Ndis } from '../../electron/emulator/ndis/ndis';
import type { NdisSettings } from '../../electron/emulator/ndis/ndisSettings';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { objectHeader } from '../../shared/ddi/structureCodec';
import { silentProbe } from './silentProbe';

/** What a test changes. */
export interface BareDriverChoices {
  readonly miniport?: Partial<NDIS_MINIPORT_DRIVER_CHARACTERISTICS>;
  readonly protocol?: Partial<NDIS_PROTOCOL_DRIVER_CHARACTERISTICS>;
  readonly settings?: Partial<NdisSettings>;
  /** Capabilities that the miniport declares; none if absent. */
  readonly capacity?: number;
  /** Gets NDIS before the drivers are loaded, for handlers that call it while they are. */
  readonly observeNdis?: (ndis: Ndis) => void;
}

/** NDIS with both drivers loaded and the adapter started. */
export interface BareDrivers {
  readonly machine: Machine;
  readonly ndis: Ndis;
  /** NdisMiniportHandle of MiniportInitializeEx. */
  readonly adapter: NDIS_HANDLE;
  /** NdisBindingHandle of NdisOpenAdapterEx. */
  readonly binding: NDIS_HANDLE;
  /** Runs everything that is scheduled. */
  settle(): void;
}

/** Registers the drivers and starts the adapter. */
export function startBareDrivers(choices: BareDriverChoices = {}): BareDrivers {
  const machine = new Machine(silentProbe(), 1);
  const ndis = new Ndis(machine, { enter: 1, leave: 1 }, choices.settings);
  const { registration } = ndis;
  choices.observeNdis?.(ndis);
  let adapter: NDIS_HANDLE | undefined;
  let binding: NDIS_HANDLE | undefined;
  let protocolHandle: NDIS_HANDLE | undefined;
  registration.NdisMRegisterMiniportDriver(
    0,
    'Bare',
    { address: 16 },
    {
      Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: () => NDIS_STATUS.SUCCESS,
      InitializeHandlerEx: (handle) => {
        adapter = handle;
        const attributes = {
          kind: 'registration',
          MiniportAdapterContext: { address: 32 },
          bytes: new Uint8Array(32),
        } as const;
        registration.NdisMSetMiniportAttributes(handle, attributes);
        if (choices.capacity !== undefined) {
          const offload = writeConnectionOffload({
            SupportIPv4: true,
            SupportIPv6: false,
            TcpConnectionOffloadCapacity: choices.capacity,
          });
          registration.NdisMSetMiniportAttributes(handle, {
            kind: 'offload',
            bytes: new Uint8Array(40),
            DefaultTcpConnectionOffloadConfiguration: offload,
            TcpConnectionOffloadHardwareCapabilities: offload,
          });
        }
        return NDIS_STATUS.SUCCESS;
      },
      RestartHandler: () => NDIS_STATUS.SUCCESS,
      OidRequestHandler: () => NDIS_STATUS.NOT_SUPPORTED,
      SendNetBufferListsHandler: () => undefined,
      ReturnNetBufferListsHandler: () => undefined,
      ...choices.miniport,
    },
  );
  registration.NdisRegisterProtocolDriver(
    0,
    { address: 48 },
    {
      Header: objectHeader('NDIS_PROTOCOL_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (handle) => {
        protocolHandle = handle;
        return choices.protocol?.SetOptionsHandler?.(handle, { address: 48 }) ?? NDIS_STATUS.SUCCESS;
      },
      BindAdapterHandlerEx: (context, BindContext, below, BindParameters) => {
        const opened = registration.NdisOpenAdapterEx(protocolHandle!, { address: 64 }, below, BindContext);
        binding = opened.NdisBindingHandle!;
        const { protocol } = choices;
        return (
          protocol?.BindAdapterHandlerEx?.(context, BindContext, binding, BindParameters) ?? opened.status
        );
      },
      ReceiveNetBufferListsHandler: () => undefined,
      SendNetBufferListsCompleteHandler: () => undefined,
      ...without(choices.protocol),
    },
  );
  registration.startAdapters();
  const settle = (): void => {
    while (machine.step());
  };
  settle();
  return { machine, ndis, adapter: adapter!, binding: binding!, settle };
}

/** The handlers that the harness does not wrap. */
function without(
  protocol: Partial<NDIS_PROTOCOL_DRIVER_CHARACTERISTICS> = {},
): Partial<NDIS_PROTOCOL_DRIVER_CHARACTERISTICS> {
  const rest = { ...protocol };
  delete (rest as { SetOptionsHandler?: unknown }).SetOptionsHandler;
  delete (rest as { BindAdapterHandlerEx?: unknown }).BindAdapterHandlerEx;
  return rest;
}
