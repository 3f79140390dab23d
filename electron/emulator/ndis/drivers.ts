/** NDIS's own records of drivers, adapters and bindings. */
import type { CallArgument } from '../../../shared/trace/records';
import { AdapterOids } from './adapterOids';
import { pointerArgument } from './arguments';
import { devicePowerStates, type DevicePowerState } from './characteristics';
import type {
  NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  NDIS_HANDLE,
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
} from './characteristics';
import type { OpenRequest } from './core';
import type { PVOID } from './offloadBlockList';

/** Bytes that an opaque NDIS block takes in the address space; drivers never look inside. */
export const opaqueSize = 0x100;

/** A registered miniport driver. Its handle is NdisMiniportDriverHandle. */
export class MiniportDriver implements NDIS_HANDLE {
  readonly kind = 'miniport-driver';
  /** The protocol edge, where this is the miniport edge of an intermediate driver. */
  protocolEdge: ProtocolDriver | undefined;
  genericHandlers: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS | undefined;
  tcpHandlers: NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS | undefined;
  /** While MiniportSetOptions runs. */
  inSetOptions = false;

  constructor(
    readonly address: number,
    readonly label: string,
    readonly component: number,
    readonly context: PVOID,
    readonly characteristics: NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  ) {}
}

/** A registered protocol driver. Its handle is NdisProtocolHandle. */
export class ProtocolDriver implements NDIS_HANDLE {
  readonly kind = 'protocol-driver';
  genericHandlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS | undefined;
  tcpHandlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS | undefined;
  /** While ProtocolSetOptions runs. */
  inSetOptions = false;
  /** The miniport edge, where this is the protocol edge of an intermediate driver. */
  miniportEdge: MiniportDriver | undefined;

  constructor(
    readonly address: number,
    readonly label: string,
    readonly component: number,
    readonly context: PVOID,
    readonly characteristics: NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  ) {}
}

/** One adapter of a miniport driver. Its handle is the NdisMiniportHandle of MiniportInitializeEx. */
export class MiniportAdapter implements NDIS_HANDLE {
  readonly kind = 'adapter';
  /** MiniportAdapterContext, from NdisMSetMiniportAttributes. */
  context: PVOID | undefined;
  initialized = false;
  /** Whether packets may pass; only between MiniportRestart and MiniportPause. */
  running = false;
  powerState: DevicePowerState = devicePowerStates.D0;
  /** Bytes of NDIS_TCP_CONNECTION_OFFLOAD: what the hardware can do, and what is on. */
  hardwareCapabilities: Uint8Array | undefined;
  currentConfiguration: Uint8Array | undefined;
  /** The NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS that was last set with success: what is in force (A23). */
  connectionParameters: Uint8Array | undefined;
  /** What NDIS answers of it by itself. */
  readonly oids = new AdapterOids();
  binding: Binding | undefined;
  private handle: CallArgument | undefined;
  /** For the context that it names. */
  private contextPointer: { readonly of: PVOID; readonly argument: CallArgument } | undefined;

  constructor(
    readonly address: number,
    /** Its AdapterName. */
    readonly label: string,
    readonly driver: MiniportDriver,
    /** What an intermediate driver gave for a virtual miniport; null for hardware. */
    readonly deviceContext: PVOID | null = null,
  ) {}

  /** It as MiniportAdapterHandle of a call. */
  get handleArgument(): CallArgument {
    return (this.handle ??= pointerArgument('MiniportAdapterHandle', this, this.label));
  }

  /** Its MiniportAdapterContext as an argument of a call.
   * @throws Error if the driver never set it. */
  get contextArgument(): CallArgument {
    const context = adapterContext(this);
    if (this.contextPointer?.of !== context) {
      const argument = pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext');
      this.contextPointer = { of: context, argument };
    }
    return this.contextPointer.argument;
  }
}

/** A protocol driver's opening of an adapter. Its handle is NdisBindingHandle. */
export class Binding implements NDIS_HANDLE {
  readonly kind = 'binding';
  /** Handlers registered for this binding alone; they go before the driver's. */
  genericHandlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS | undefined;
  tcpHandlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS | undefined;
  /** Whether the open has been completed: only then the handle is good for anything. */
  opened = false;
  /** While ProtocolBindAdapterEx or ProtocolOpenAdapterCompleteEx runs. */
  inBindCall = false;
  /** State requests under way by the root block list that names them in their completion. */
  readonly openRequests = new Map<object, OpenRequest>();

  private handle: CallArgument | undefined;
  private contextPointer: CallArgument | undefined;

  constructor(
    readonly address: number,
    readonly label: string,
    readonly protocol: ProtocolDriver,
    readonly adapter: MiniportAdapter,
    /** ProtocolBindingContext, from NdisOpenAdapterEx. */
    readonly context: PVOID,
  ) {}

  /** It as NdisBindingHandle of a call. */
  get handleArgument(): CallArgument {
    return (this.handle ??= pointerArgument('NdisBindingHandle', this, this.label));
  }

  /** Its ProtocolBindingContext as an argument of a call. */
  get contextArgument(): CallArgument {
    return (this.contextPointer ??= pointerArgument(
      'ProtocolBindingContext',
      this.context,
      'ProtocolBindingContext',
    ));
  }

  /** The client handlers that NDIS dispatches to (REG-027).
   * @throws Error if none have been registered. */
  get clientGenericHandlers(): NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS {
    const handlers = this.genericHandlers ?? this.protocol.genericHandlers;
    if (handlers === undefined) throw new Error('the protocol driver has registered no chimney handlers');
    return handlers;
  }

  /** As `clientGenericHandlers`, for TCP chimney. */
  get clientTcpHandlers(): NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS {
    const handlers = this.tcpHandlers ?? this.protocol.tcpHandlers;
    if (handlers === undefined) throw new Error('the protocol driver has registered no TCP chimney handlers');
    return handlers;
  }
}

/** An adapter's context.
 * @throws Error if the driver never set it: a handler would be called on an adapter that isn't initialized (INZ-001). */
export function adapterContext(adapter: MiniportAdapter): PVOID {
  if (adapter.context === undefined) throw new Error(`${adapter.label} has no MiniportAdapterContext`);
  return adapter.context;
}

/** Turns a handle that a driver passes back into the record that it was given for.
 * @throws Error for a handle of another kind: in Windows that driver would have crashed the machine. */
export function bindingFrom(handle: NDIS_HANDLE): Binding {
  if (handle instanceof Binding) return handle;
  throw new Error(`${handle.label} is no NdisBindingHandle`);
}

/** As {@link bindingFrom}, for NdisMiniportHandle. */
export function adapterFrom(handle: NDIS_HANDLE): MiniportAdapter {
  if (handle instanceof MiniportAdapter) return handle;
  throw new Error(`${handle.label} is no NdisMiniportHandle`);
}

/** As {@link bindingFrom}, for NdisMiniportDriverHandle. */
export function miniportDriverFrom(handle: NDIS_HANDLE): MiniportDriver {
  if (handle instanceof MiniportDriver) return handle;
  throw new Error(`${handle.label} is no NdisMiniportDriverHandle`);
}

/** As {@link bindingFrom}, for NdisProtocolHandle. */
export function protocolFrom(handle: NDIS_HANDLE): ProtocolDriver {
  if (handle instanceof ProtocolDriver) return handle;
  throw new Error(`${handle.label} is no NdisProtocolHandle`);
}
