/**
 * The offload target: a miniport driver with a TCP engine in its adapter. It registers as the WDK page "Registering Chimney
 * Offload Functions" tells: NdisSetOptionalHandlers twice in MiniportSetOptions, the generic functions first.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { pointerOf } from '../../../shared/base/address';
import type { Machine } from '../machine/machine';
import {
  devicePnPEvents,
  optionalHandlersHeader,
  type NDIS_HANDLE,
  type NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
} from '../ndis/characteristics';
import type { Ndis } from '../ndis/ndis';
import type { NET_BUFFER_LIST } from '../ndis/netBufferList';
import type { PVOID } from '../ndis/offloadBlockList';
import type { Frame, FramePool } from '../wire/frame';
import type { Link, LinkEnd } from '../wire/link';
import { InitiateOffload } from './initiateOffload';
import { OffloadedConnection } from './offloadedConnection';
import { invalidateOffload, queryOffload, updateOffload } from './stateRequests';
import { TargetAdapter } from './targetAdapter';
import { serveOidRequest } from './targetOids';
import type { TargetSettings } from './targetSettings';
import { terminateOffload } from './terminateOffload';

/** A bus master on a bus with hot plug that keeps its registers while it sleeps. */
const attributeFlags =
  constantValue('NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE') |
  constantValue('NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER') |
  constantValue('NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK') |
  constantValue('NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND');

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** See the file's head. It drives one adapter. */
export class OffloadTarget implements PVOID, LinkEnd {
  readonly component: number;
  readonly address: number;
  private adapter: TargetAdapter | undefined;
  /** What adapters that have been halted had sent. */
  private bytesOfHalted = 0;
  private link: Link | undefined;
  private settings: TargetSettings;

  constructor(
    private readonly machine: Machine,
    private readonly ndis: Ndis,
    private readonly pool: FramePool,
    settings: TargetSettings,
    private readonly name = 'Offload target',
  ) {
    this.settings = settings;
    this.component = machine.probe.component('offload-target', name);
    this.address = machine.addresses.allocate(0x100);
  }

  /** DriverEntry: registers with NDIS. */
  load(): NdisStatus {
    const characteristics: NDIS_MINIPORT_DRIVER_CHARACTERISTICS = {
      Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (NdisDriverHandle) => this.MiniportSetOptions(NdisDriverHandle),
      InitializeHandlerEx: (NdisMiniportHandle) => this.MiniportInitializeEx(NdisMiniportHandle),
      RestartHandler: (context) => this.adapterOf(context).gate.restart(),
      PauseHandler: (context) => this.adapterOf(context).gate.pause(),
      HaltHandlerEx: (context) => {
        const adapter = this.adapterOf(context);
        adapter.gate.halt();
        this.bytesOfHalted += adapter.newBytesSent;
        this.adapter = undefined;
      },
      DevicePnPEventNotifyHandler: (context, event) => {
        if (event === devicePnPEvents.SurpriseRemoved) this.adapterOf(context).gate.remove();
      },
      OidRequestHandler: (context, request) => serveOidRequest(this.adapterOf(context), request),
      SendNetBufferListsHandler: (context, lists) => {
        this.adapterOf(context).send(lists);
      },
      ReturnNetBufferListsHandler: (context, lists) => {
        this.adapterOf(context).takeBackReceived(lists);
      },
    };
    const { registration } = this.ndis;
    return registration.NdisMRegisterMiniportDriver(this.component, this.name, this, characteristics).status;
  }

  /** Plugs the cable in. */
  connect(link: Link): void {
    this.link = link;
  }

  /** Payload bytes that left for the first time through the chimney. */
  get newBytesSent(): number {
    return this.bytesOfHalted + (this.adapter?.newBytesSent ?? 0);
  }

  /** Objects that are offloaded to it. */
  get offloadedObjects(): number {
    return this.adapter?.objects.size ?? 0;
  }

  /** Objects that are offloaded to it, and lists of its own that the host stack has. */
  get outstanding(): number {
    return this.offloadedObjects + (this.adapter?.outstandingLists ?? 0);
  }

  /** Asks the host stack for no more offloads. */
  pauseOffload(): void {
    this.adapter?.gate.pauseOffload();
  }

  /** Asks the host stack to take everything back. */
  uploadAll(): void {
    this.adapter?.gate.uploadAll();
  }

  /** Takes offloads again, as soon as it has given everything back if it has asked for that; `tcpCapacity` is its new capacity. */
  resumeOffload(tcpCapacity?: number): void {
    if (tcpCapacity !== undefined) this.adapter?.changeCapacity(tcpCapacity);
    this.adapter?.gate.resumeOffload();
  }

  /** NdisMiniportHandle of its adapter, for Plug and Play.
   * @throws Error before MiniportInitializeEx and after MiniportHaltEx. */
  get miniportHandle(): NDIS_HANDLE {
    if (this.adapter === undefined) throw new Error('the adapter is not initialized');
    return this.adapter.handle;
  }

  linkChanged(up: boolean): void {
    this.adapter?.gate.linkChanged(up);
  }

  receive(frame: Frame): void {
    this.adapter?.receive(frame);
  }

  private MiniportSetOptions(NdisDriverHandle: NDIS_HANDLE): NdisStatus {
    const generic: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS = {
      Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
      Flags: 0,
      InitiateOffloadHandler: (context, root) => {
        const adapter = this.adapterOf(context);
        adapter.gate.admit(new InitiateOffload(adapter, root));
      },
      TerminateOffloadHandler: (context, root) => {
        terminateOffload(this.adapterOf(context), root);
      },
      UpdateOffloadHandler: (context, root) => {
        updateOffload(this.adapterOf(context), root);
      },
      InvalidateOffloadHandler: (context, root) => {
        invalidateOffload(this.adapterOf(context), root);
      },
      QueryOffloadHandler: (context, root) => {
        queryOffload(this.adapterOf(context), root);
      },
    };
    const tcp: NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS = {
      Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
      Flags: 0,
      OffloadType: tcpChimney,
      TcpOffloadSendHandler: (_adapter, connection, lists) => {
        connectionOf(connection).postSend(lists);
        return NDIS_STATUS.PENDING;
      },
      TcpOffloadReceiveHandler: (_adapter, connection, lists) => {
        connectionOf(connection).postReceive(lists);
        return NDIS_STATUS.PENDING;
      },
      TcpOffloadDisconnectHandler: (_adapter, connection, list, Flags) => {
        connectionOf(connection).postDisconnect(list, Flags);
        return NDIS_STATUS.PENDING;
      },
      TcpOffloadForwardHandler: (context, connection, lists) => {
        this.adapterOf(context).forward(connectionOf(connection), lists);
        return NDIS_STATUS.PENDING;
      },
      TcpOffloadReceiveReturnHandler: (context, lists: NET_BUFFER_LIST) => {
        this.adapterOf(context).takeBackReceived(lists);
        return NDIS_STATUS.SUCCESS;
      },
    };
    const { registration } = this.ndis;
    const status = registration.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: generic,
    });
    if (status !== NDIS_STATUS.SUCCESS) return status;
    return registration.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
      value: tcp,
    });
  }

  private MiniportInitializeEx(NdisMiniportHandle: NDIS_HANDLE): NdisStatus {
    const { machine, ndis, pool } = this;
    const { registration } = ndis;
    const adapter = new TargetAdapter(machine, ndis, pool, this, NdisMiniportHandle, this.settings);
    registration.NdisMSetMiniportAttributes(NdisMiniportHandle, {
      kind: 'registration',
      MiniportAdapterContext: adapter,
      bytes: encodeStructure('NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES', {
        Header: objectHeader('NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES'),
        MiniportAdapterContext: pointerOf(adapter.address),
        AttributeFlags: attributeFlags,
      }),
    });
    const capabilities = adapter.capabilities();
    const { addresses } = machine;
    registration.NdisMSetMiniportAttributes(NdisMiniportHandle, {
      kind: 'offload',
      DefaultTcpConnectionOffloadConfiguration: capabilities,
      TcpConnectionOffloadHardwareCapabilities: capabilities,
      bytes: encodeStructure('NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES', {
        Header: objectHeader('NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES'),
        DefaultTcpConnectionOffloadConfiguration: pointerOf(addresses.addressOf(capabilities)),
        TcpConnectionOffloadHardwareCapabilities: pointerOf(addresses.addressOf(capabilities)),
      }),
    });
    const { status, OffloadHandlers } = registration.NdisMGetOffloadHandlers(NdisMiniportHandle, tcpChimney);
    if (OffloadHandlers === null) return status;
    adapter.useUpcalls(OffloadHandlers);
    if (this.link !== undefined) adapter.connect(this.link);
    this.adapter = adapter;
    return NDIS_STATUS.SUCCESS;
  }

  private adapterOf(context: PVOID): TargetAdapter {
    if (context !== this.adapter) throw new Error('a foreign MiniportAdapterContext');
    return this.adapter;
  }
}

function connectionOf(context: PVOID): OffloadedConnection {
  if (context instanceof OffloadedConnection) return context;
  throw new Error('MiniportOffloadContext names no TCP connection');
}
