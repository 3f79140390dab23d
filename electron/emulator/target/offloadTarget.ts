/**
 * The offload target: a miniport driver with a TCP engine in its adapter. It registers as the WDK page "Registering Chimney
 * Offload Functions" tells: NdisSetOptionalHandlers twice in MiniportSetOptions, the generic functions first.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { pointerOf } from '../../../shared/base/address';
import {
  devicePnPEvents,
  everyPacketType,
  optionalHandlersHeader,
  writeGeneralAttributes,
  writePnpCapabilities,
  writeReceiveScaleCapabilities,
  writeTaskOffload,
  type DRIVER_OBJECT,
  type NDIS_HANDLE,
  type NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type NET_BUFFER_LIST,
  type Outstanding,
  type PVOID,
} from '../kit';
import type { Frame, FramePool } from '../wire/frame';
import { frameHash } from '../wire/frameHash';
import type { Link, LinkEnd } from '../wire/link';
import type { FaultyOperation } from './hardwareFault';
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

/** It wakes the machine from no power state. */
const noWakeUp = { MinMagicPacketWakeUp: 0, MinPatternWakeUp: 0, MinLinkChangeWakeUp: 0 } as const;

/** Bytes of the largest packet of an Ethernet without jumbo frames. */
const ethernetMtu = 1500;

/** Group addresses that the hardware can filter by. */
const multicastEntries = 32;

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** See the file's head. It drives one adapter. */
export class OffloadTarget implements PVOID, LinkEnd {
  readonly component: number;
  readonly address: number;
  private adapter: TargetAdapter | undefined;
  private driverHandle: NDIS_HANDLE | undefined;
  /** Whether the hardware has stopped answering; NDIS asks now and then. */
  private hung = false;
  /** What adapters that have been halted had sent. */
  private bytesOfHalted = 0;
  private link: Link | undefined;
  private settings: TargetSettings;

  constructor(
    private readonly driver: DRIVER_OBJECT,
    private readonly pool: FramePool,
    settings: TargetSettings,
  ) {
    this.settings = settings;
    this.component = driver.component;
    this.address = driver.kernel.allocate(0x100);
  }

  /** DriverEntry: registers with NDIS. */
  load(): NdisStatus {
    const { ndis } = this.driver;
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
      CheckForHangHandlerEx: (context) => {
        this.adapterOf(context);
        const { hung } = this;
        this.hung = false;
        return hung;
      },
      ResetHandlerEx: (context) => this.adapterOf(context).reset(),
      UnloadHandler: () => {
        // DriverEntry is undone: NDIS forgets the driver (REG-029).
        if (this.driverHandle !== undefined) ndis.NdisMDeregisterMiniportDriver(this.driverHandle);
        this.driverHandle = undefined;
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
    const { status, NdisMiniportDriverHandle } = ndis.NdisMRegisterMiniportDriver(this, characteristics);
    this.driverHandle = NdisMiniportDriverHandle ?? undefined;
    return status;
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

  /** What its adapter holds of others, has lent to them, or owes them. */
  get outstanding(): Outstanding {
    return this.adapter?.outstanding ?? {};
  }

  /** Asks the host stack for no more offloads. */
  pauseOffload(): void {
    this.adapter?.gate.pauseOffload();
  }

  /** Asks the host stack to take everything back. */
  uploadAll(): void {
    this.adapter?.gate.uploadAll();
  }

  /**
   * Takes offloads again, as soon as it has given everything back if it has asked for that; `tcpCapacity` is its new capacity, which
   * it reports even if it takes offloads already (CAP-015).
   */
  resumeOffload(tcpCapacity?: number): void {
    const { adapter } = this;
    if (tcpCapacity !== undefined)
      adapter?.gate.capabilitiesChanged(() => {
        adapter.changeCapacity(tcpCapacity);
      });
    adapter?.gate.resumeOffload();
  }

  /** Its hardware loses the state of the connections that the next request of this kind concerns. */
  breakHardwareDuring(operation: FaultyOperation): void {
    this.adapter?.fault.breakDuring(operation);
  }

  /** Its hardware has changed: indicates what it could do now, and what it does. */
  changeHardware(tcpCapacity: number, transmitTcpChecksum = this.settings.transmitTcpChecksum): void {
    this.adapter?.changeHardware(tcpCapacity, transmitTcpChecksum);
  }

  /** Its cable leads to a link of another speed, bits per second, which it names from now on. */
  changeLinkSpeed(bitsPerSecond: number): void {
    this.settings = { ...this.settings, linkSpeed: bitsPerSecond };
    this.adapter?.changeLinkSpeed(bitsPerSecond);
  }

  /** Its hardware stops answering: the next MiniportCheckForHangEx asks for a reset. */
  hang(): void {
    this.hung = true;
  }

  /** NdisMiniportDriverHandle, for whoever unloads the driver.
   * @throws Error before DriverEntry and after the driver has been unloaded. */
  get miniportDriverHandle(): NDIS_HANDLE {
    if (this.driverHandle === undefined) throw new Error('the driver is not loaded');
    return this.driverHandle;
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

  frameDamaged(): void {
    this.adapter?.frames.damagedIncoming();
  }

  receive(frame: Frame): void {
    this.adapter?.receive(frame);
  }

  processorFor(frame: Frame): number {
    return this.adapter?.processorFor(frameHash(frame.bytes, frame.length)) ?? 0;
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
    const { ndis } = this.driver;
    const status = ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: generic,
    });
    if (status !== NDIS_STATUS.SUCCESS) return status;
    return ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
      value: tcp,
    });
  }

  private MiniportInitializeEx(NdisMiniportHandle: NDIS_HANDLE): NdisStatus {
    const { driver, pool } = this;
    const { kernel, ndis } = driver;
    const adapter = new TargetAdapter(driver, pool, this, NdisMiniportHandle, this.settings);
    ndis.NdisMSetMiniportAttributes(NdisMiniportHandle, {
      kind: 'registration',
      MiniportAdapterContext: adapter,
      bytes: encodeStructure('NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES', {
        Header: objectHeader('NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES'),
        MiniportAdapterContext: pointerOf(adapter.address),
        AttributeFlags: attributeFlags,
      }),
    });
    const { addresses } = kernel;
    const wakeUp = writePnpCapabilities(noWakeUp);
    const { linkSpeed, limits } = this.settings;
    ndis.NdisMSetMiniportAttributes(NdisMiniportHandle, {
      kind: 'general',
      PowerManagementCapabilities: wakeUp,
      bytes: writeGeneralAttributes(addresses, {
        MtuSize: ethernetMtu,
        linkSpeed: adapter.gate.isUnplugged ? 0 : linkSpeed,
        maximumLinkSpeed: linkSpeed,
        LookaheadSize: Math.min(limits.pathMtu, ethernetMtu),
        SupportedPacketFilters: everyPacketType,
        MaxMulticastListSize: multicastEntries,
        macAddress: this.settings.mac,
        tags: this.settings.supportsPriority ? 'vlan and priority' : 'vlan',
        PowerManagementCapabilities: wakeUp,
        RecvScaleCapabilities: writeReceiveScaleCapabilities(kernel.processorCount),
      }),
    });
    const capabilities = adapter.capabilities();
    const hardwareCapabilities = adapter.hardwareCapabilities();
    const taskOffload = writeTaskOffload(adapter.tasks.configuration);
    const taskCapabilities = writeTaskOffload(adapter.tasks.capabilities);
    ndis.NdisMSetMiniportAttributes(NdisMiniportHandle, {
      kind: 'offload',
      DefaultTcpConnectionOffloadConfiguration: capabilities,
      TcpConnectionOffloadHardwareCapabilities: hardwareCapabilities,
      DefaultOffloadConfiguration: taskOffload,
      HardwareOffloadCapabilities: taskCapabilities,
      bytes: encodeStructure('NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES', {
        Header: objectHeader('NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES'),
        DefaultTcpConnectionOffloadConfiguration: pointerOf(addresses.addressOf(capabilities)),
        TcpConnectionOffloadHardwareCapabilities: pointerOf(addresses.addressOf(hardwareCapabilities)),
        DefaultOffloadConfiguration: pointerOf(addresses.addressOf(taskOffload)),
        HardwareOffloadCapabilities: pointerOf(addresses.addressOf(taskCapabilities)),
      }),
    });
    const { status, OffloadHandlers } = ndis.NdisMGetOffloadHandlers(NdisMiniportHandle, tcpChimney);
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
