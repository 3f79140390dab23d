/** NDIS: registration of drivers and of their chimney handlers, and bringing up adapters. */
import { configurationArguments, type AdapterConfiguration } from './adapterConfiguration';
import { constantValue, structureLayout, type FunctionName } from '../../../shared/ddi/catalogue';
import { objectHeader } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { EventId } from '../../../shared/trace/records';
import { PASSIVE_LEVEL } from '../machine/machine';
import {
  numberArgument,
  pointerArgument,
  statusArgument,
  structureArgument,
  textArgument,
} from './arguments';
import type {
  NDIS_HANDLE,
  NDIS_OPEN_PARAMETERS,
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
  OptionalHandlers,
} from './characteristics';
import type { AdapterLifePlane } from './adapterLife';
import { bindParametersArguments, bindParametersOf } from './bindParameters';
import { checkDriverCharacteristics } from './characteristicsCheck';
import type { NdisCore } from './core';
import {
  adapterFrom,
  Binding,
  MiniportAdapter,
  MiniportDriver,
  miniportDriverFrom,
  opaqueSize,
  ProtocolDriver,
  protocolFrom,
} from './drivers';
import { FilterModule, type FilterDriver } from './filters';
import { clientHandlers, eventHandlers } from './internalRecords';
import { attributesArguments, keepAttributes, type MiniportAttributes } from './miniportAttributes';
import type { NdisSettings } from './ndisSettings';
import type { PVOID } from './offloadBlockList';
import { encodeCharacteristics } from './structureBytes';
import type { TcpDataPlane } from './tcpData';

const tcpChimney = constantValue('NdisTcpChimneyOffload');
const intermediateDriver = constantValue('NDIS_INTERMEDIATE_DRIVER');

/** Drivers, adapters and bindings that NDIS knows. */
export class RegistrationPlane {
  private readonly configurations = new Map<string, AdapterConfiguration>();
  private readonly adapters: MiniportAdapter[] = [];
  private readonly protocols: ProtocolDriver[] = [];
  /** Binds for which ProtocolBindAdapterEx returned PENDING. */
  private readonly openBinds = new Map<
    NDIS_HANDLE,
    { readonly call: EventId; readonly protocol: ProtocolDriver }
  >();
  /** Structures that NdisSetOptionalHandlers has memory for. */
  private handlersLeft: number;
  /** The driver whose SetOptions runs. */
  private inSetOptions: number | undefined;
  private starting = false;

  constructor(
    private readonly core: NdisCore,
    private readonly tcp: TcpDataPlane,
    private readonly life: AdapterLifePlane,
    private readonly settings: NdisSettings,
  ) {
    this.handlersLeft = settings.optionalHandlersCapacity;
  }

  /**
   * NdisMRegisterMiniportDriver: takes a miniport driver in and calls its MiniportSetOptions before it returns (REG-001).
   * Answers the driver's handle, or the failure of MiniportSetOptions.
   */
  NdisMRegisterMiniportDriver(
    component: number,
    label: string,
    MiniportDriverContext: PVOID,
    characteristics: NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  ): { readonly status: NdisStatus; readonly NdisMiniportDriverHandle: NDIS_HANDLE | null } {
    const { machine } = this.core;
    const driver = new MiniportDriver(
      machine.addresses.allocate(opaqueSize),
      'NdisMiniportDriverHandle',
      component,
      MiniportDriverContext,
      characteristics,
    );
    const status = this.register(
      driver,
      'NdisMRegisterMiniportDriver',
      'MiniportSetOptions',
      'NDIS_MINIPORT_DRIVER_CHARACTERISTICS',
    );
    if (status !== NDIS_STATUS.SUCCESS) return { status, NdisMiniportDriverHandle: null };
    const isIntermediate = ((characteristics.Flags ?? 0) & intermediateDriver) !== 0;
    if (!isIntermediate) this.adapters.push(this.newAdapter(`${label} adapter`, driver, null));
    return { status, NdisMiniportDriverHandle: driver };
  }

  /** NdisRegisterProtocolDriver: the same for a protocol driver and its ProtocolSetOptions. */
  NdisRegisterProtocolDriver(
    component: number,
    ProtocolDriverContext: PVOID,
    characteristics: NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  ): { readonly status: NdisStatus; readonly NdisProtocolHandle: NDIS_HANDLE | null } {
    const driver = new ProtocolDriver(
      this.core.machine.addresses.allocate(opaqueSize),
      'NdisProtocolHandle',
      component,
      ProtocolDriverContext,
      characteristics,
    );
    const status = this.register(
      driver,
      'NdisRegisterProtocolDriver',
      'ProtocolSetOptions',
      'NDIS_PROTOCOL_DRIVER_CHARACTERISTICS',
    );
    if (status !== NDIS_STATUS.SUCCESS) return { status, NdisProtocolHandle: null };
    this.protocols.push(driver);
    return { status, NdisProtocolHandle: driver };
  }

  /** NdisMDeregisterMiniportDriver: NDIS forgets a driver, whose adapters have been halted; at PASSIVE_LEVEL. */
  NdisMDeregisterMiniportDriver(NdisMiniportDriverHandle: NDIS_HANDLE): void {
    const driver = miniportDriverFrom(NdisMiniportDriverHandle);
    const left = this.adapters.filter((adapter) => adapter.driver === driver);
    if (left.some((adapter) => adapter.initialized)) throw new Error(`${driver.label} still has an adapter`);
    this.deregister('NdisMDeregisterMiniportDriver', 'NdisMiniportDriverHandle', driver);
    for (const adapter of left) this.adapters.splice(this.adapters.indexOf(adapter), 1);
  }

  /** NdisDeregisterProtocolDriver: the same for a protocol driver, whose bindings have been closed. */
  NdisDeregisterProtocolDriver(NdisProtocolHandle: NDIS_HANDLE): void {
    const driver = protocolFrom(NdisProtocolHandle);
    if (this.adapters.some((adapter) => adapter.binding?.protocol === driver))
      throw new Error(`${driver.label} is still bound to an adapter`);
    this.deregister('NdisDeregisterProtocolDriver', 'NdisProtocolHandle', driver);
    this.protocols.splice(this.protocols.indexOf(driver), 1);
  }

  /** Adapters of a miniport driver that are initialized, or that a protocol driver is bound to. */
  adaptersOf(driver: MiniportDriver | ProtocolDriver): MiniportAdapter[] {
    return this.adapters.filter(
      (adapter) => (adapter.driver === driver && adapter.initialized) || adapter.binding?.protocol === driver,
    );
  }

  private deregister(
    functionName: FunctionName,
    parameter: string,
    driver: MiniportDriver | ProtocolDriver,
  ): void {
    const { door, component } = this.core;
    door.void(
      {
        functionName,
        caller: driver.component,
        callee: component,
        arguments: [pointerArgument(parameter, driver, driver.label)],
      },
      () => {
        driver.genericHandlers = undefined;
        driver.tcpHandlers = undefined;
      },
    );
  }

  /**
   * NdisSetOptionalHandlers: takes a driver's chimney entry points (WDK page "Registering Chimney Offload Functions"). The handle
   * is a driver's, from inside its SetOptions, an opened binding's, from inside the bind calls (REG-005, REG-022), or a filter
   * module's, from inside FilterSetModuleOptions (REG-006). Refuses a
   * driver below NDIS 6.0 with NOT_SUPPORTED, a structure that there is no memory for with RESOURCES, and with FAILURE: a handle
   * at the wrong time, a structure of the other edge, a wrong header, another OffloadType, a missing handler. A later call replaces
   * the handlers (REG-026).
   */
  NdisSetOptionalHandlers(NdisHandle: NDIS_HANDLE, OptionalHandlers: OptionalHandlers): NdisStatus {
    const { machine, door, component } = this.core;
    const { addresses } = machine;
    const { structure, value } = OptionalHandlers;
    const edge = edgeOf(NdisHandle);
    return door.cross(
      {
        functionName: 'NdisSetOptionalHandlers',
        caller: edge?.driver.component ?? this.inSetOptions ?? component,
        callee: component,
        arguments: [
          pointerArgument('NdisHandle', NdisHandle, NdisHandle.label),
          structureArgument(
            'OptionalHandlers',
            structure,
            addresses.addressOf(value),
            encodeCharacteristics(addresses, structure, value),
          ),
        ],
      },
      () => {
        if (edge === undefined) return NDIS_STATUS.FAILURE;
        if (edge.driver.characteristics.MajorNdisVersion < 6) return NDIS_STATUS.NOT_SUPPORTED;
        if (!edge.mayRegister || machine.irql !== PASSIVE_LEVEL) return NDIS_STATUS.FAILURE;
        const expected = objectHeader(structure);
        if (value.Header.Revision !== expected.Revision || value.Header.Size !== expected.Size)
          return NDIS_STATUS.FAILURE;
        if ('OffloadType' in value && value.OffloadType !== tcpChimney) return NDIS_STATUS.FAILURE;
        for (const field of structureLayout(structure).fields) {
          const member = (value as unknown as Readonly<Record<string, unknown>>)[field.name];
          if (field.kind === 'codePointer' && typeof member !== 'function') return NDIS_STATUS.FAILURE;
        }
        const registered = install(edge.holder, OptionalHandlers, this.handlersLeft > 0);
        if (registered === NDIS_STATUS.SUCCESS) this.handlersLeft--;
        return registered;
      },
      (status) => {
        const keeps =
          status === NDIS_STATUS.SUCCESS && structure === 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS';
        return { status, outputs: keeps ? clientHandlers(addresses, value) : [] };
      },
    );
  }

  /**
   * NdisMSetMiniportAttributes: from MiniportInitializeEx. Registration attributes carry MiniportAdapterContext, general ones what
   * NDIS answers OIDs from, offload attributes capabilities and configurations.
   */
  NdisMSetMiniportAttributes(NdisMiniportHandle: NDIS_HANDLE, attributes: MiniportAttributes): NdisStatus {
    const { machine, door, component } = this.core;
    const adapter = adapterFrom(NdisMiniportHandle);
    return door.status(
      {
        functionName: 'NdisMSetMiniportAttributes',
        caller: adapter.driver.component,
        callee: component,
        arguments: [
          pointerArgument('NdisMiniportHandle', adapter, adapter.label),
          ...attributesArguments(machine.addresses, attributes),
        ],
      },
      () => keepAttributes(adapter, attributes),
    );
  }

  /**
   * NdisMGetOffloadHandlers: the table of NDIS's own entry points for an offload target. STATUS_SUCCESS with a table, or
   * STATUS_NOT_SUPPORTED without one (INZ-010).
   */
  NdisMGetOffloadHandlers(
    NdisMiniportHandle: NDIS_HANDLE,
    ChimneyType: number,
  ): { readonly status: NdisStatus; readonly OffloadHandlers: NDIS_TCP_OFFLOAD_EVENT_HANDLERS | null } {
    const { machine, door, component } = this.core;
    const adapter = adapterFrom(NdisMiniportHandle);
    const { addresses } = machine;
    return door.cross(
      {
        functionName: 'NdisMGetOffloadHandlers',
        caller: adapter.driver.component,
        callee: component,
        arguments: [
          pointerArgument('NdisMiniportHandle', adapter, adapter.label),
          numberArgument('ChimneyType', ChimneyType, 'NDIS_CHIMNEY_OFFLOAD_TYPE'),
        ],
      },
      () => {
        const supported = ChimneyType === tcpChimney && adapter.driver.tcpHandlers !== undefined;
        if (!supported) return { status: NDIS_STATUS.NOT_SUPPORTED, OffloadHandlers: null };
        return { status: NDIS_STATUS.SUCCESS, OffloadHandlers: this.tcp.eventHandlersFor(adapter) };
      },
      ({ status, OffloadHandlers }) => {
        if (OffloadHandlers === null) return { status };
        return { status, outputs: eventHandlers(addresses, OffloadHandlers) };
      },
    );
  }

  /**
   * NdisOpenAdapterEx: binds a protocol driver to an adapter, from ProtocolBindAdapterEx. PENDING: the handle is good from
   * ProtocolOpenAdapterCompleteEx on. ADAPTER_NOT_FOUND: nothing of that name is running; FAILURE: somebody has opened it.
   */
  NdisOpenAdapterEx(
    NdisProtocolHandle: NDIS_HANDLE,
    ProtocolBindingContext: PVOID,
    OpenParameters: NDIS_OPEN_PARAMETERS,
    BindContext: NDIS_HANDLE,
  ): { readonly status: NdisStatus; readonly NdisBindingHandle: NDIS_HANDLE | null } {
    const { machine, door, component } = this.core;
    const protocol = protocolFrom(NdisProtocolHandle);
    const adapter = this.adapters.find((one) => one.initialized && one.label === OpenParameters.AdapterName);
    return door.cross(
      {
        functionName: 'NdisOpenAdapterEx',
        caller: protocol.component,
        callee: component,
        arguments: [
          pointerArgument('NdisProtocolHandle', protocol, protocol.label),
          pointerArgument('ProtocolBindingContext', ProtocolBindingContext, 'ProtocolBindingContext'),
          textArgument('AdapterName', OpenParameters.AdapterName),
          pointerArgument('BindContext', BindContext, BindContext.label),
        ],
      },
      () => {
        if (adapter === undefined) return { status: NDIS_STATUS.ADAPTER_NOT_FOUND, NdisBindingHandle: null };
        if (adapter.binding !== undefined) return { status: NDIS_STATUS.FAILURE, NdisBindingHandle: null };
        const address = machine.addresses.allocate(opaqueSize);
        const binding = new Binding(address, 'NdisBindingHandle', protocol, adapter, ProtocolBindingContext);
        adapter.binding = binding;
        if (this.settings.opensPend) {
          machine.queueWorkItem(0, () => {
            this.completeOpen(binding);
          });
          return { status: NDIS_STATUS.PENDING, NdisBindingHandle: binding };
        }
        binding.opened = true;
        binding.inBindCall = true;
        return { status: NDIS_STATUS.SUCCESS, NdisBindingHandle: binding };
      },
      ({ status, NdisBindingHandle }) => ({
        status,
        outputs: [pointerArgument('NdisBindingHandle', NdisBindingHandle, 'NdisBindingHandle')],
      }),
    );
  }

  /** NdisIMAssociateMiniport: both edges belong to one intermediate driver. */
  NdisIMAssociateMiniport(DriverHandle: NDIS_HANDLE, ProtocolHandle: NDIS_HANDLE): void {
    const { door, component } = this.core;
    const miniport = miniportDriverFrom(DriverHandle);
    const protocol = protocolFrom(ProtocolHandle);
    door.void(
      {
        functionName: 'NdisIMAssociateMiniport',
        caller: miniport.component,
        callee: component,
        arguments: [
          pointerArgument('DriverHandle', miniport, miniport.label),
          pointerArgument('ProtocolHandle', protocol, protocol.label),
        ],
      },
      () => {
        protocol.miniportEdge = miniport;
        miniport.protocolEdge = protocol;
      },
    );
  }

  /**
   * NdisIMInitializeDeviceInstanceEx: an intermediate driver brings up a virtual miniport, usually from ProtocolBindAdapterEx. Its
   * MiniportInitializeEx, and the binding of the drivers above it, follow when the call under way has ended.
   */
  NdisIMInitializeDeviceInstanceEx(
    DriverHandle: NDIS_HANDLE,
    DriverInstance: string,
    DeviceContext: PVOID,
  ): NdisStatus {
    const { door, component, machine } = this.core;
    const driver = miniportDriverFrom(DriverHandle);
    return door.status(
      {
        functionName: 'NdisIMInitializeDeviceInstanceEx',
        caller: driver.component,
        callee: component,
        arguments: [
          pointerArgument('DriverHandle', driver, driver.label),
          textArgument('DriverInstance', DriverInstance),
          pointerArgument('DeviceContext', DeviceContext, 'DeviceContext'),
        ],
      },
      () => {
        if (this.adapters.some((adapter) => adapter.label === DriverInstance)) return NDIS_STATUS.FAILURE;
        this.adapters.push(this.newAdapter(DriverInstance, driver, DeviceContext));
        if (!this.starting)
          machine.queueWorkItem(0, () => {
            this.startAdapters();
          });
        return NDIS_STATUS.SUCCESS;
      },
    );
  }

  /** NdisIMDeInitializeDeviceInstance: takes a virtual miniport down, its bindings first. */
  NdisIMDeInitializeDeviceInstance(NdisMiniportHandle: NDIS_HANDLE): NdisStatus {
    const { door, component, machine } = this.core;
    const adapter = adapterFrom(NdisMiniportHandle);
    return door.status(
      {
        functionName: 'NdisIMDeInitializeDeviceInstance',
        caller: adapter.driver.component,
        callee: component,
        arguments: [pointerArgument('NdisMiniportHandle', adapter, adapter.label)],
      },
      () => {
        if (!adapter.initialized) return NDIS_STATUS.FAILURE;
        machine.queueWorkItem(0, () => {
          this.life.halt(adapter, () => {
            this.adapters.splice(this.adapters.indexOf(adapter), 1);
          });
        });
        return NDIS_STATUS.SUCCESS;
      },
    );
  }

  /** Notes what the registry says of an adapter; its MiniportInitializeEx is recorded with it. */
  configure(adapterName: string, configuration: AdapterConfiguration): void {
    this.configurations.set(adapterName, configuration);
  }

  /**
   * Plug and Play starts the machine: every adapter that is not up yet is initialized and restarted, then bound. What comes up
   * meanwhile, such as a virtual miniport above them, follows.
   */
  startAdapters(): void {
    this.starting = true;
    for (const adapter of this.adapters) if (!adapter.initialized) this.start(adapter);
    this.starting = false;
  }

  private start(adapter: MiniportAdapter): void {
    const { door, component } = this.core;
    const { driver } = adapter;
    const parameters = { IMDeviceInstanceContext: adapter.deviceContext };
    const status = door.status(
      {
        functionName: 'MiniportInitializeEx',
        caller: component,
        callee: driver.component,
        arguments: [
          pointerArgument('NdisMiniportHandle', adapter, adapter.label),
          pointerArgument('MiniportDriverContext', driver.context, 'MiniportDriverContext'),
          ...configurationArguments(this.configurations.get(adapter.label)),
        ],
      },
      () => driver.characteristics.InitializeHandlerEx(adapter, driver.context, parameters),
    );
    adapter.initialized = status === NDIS_STATUS.SUCCESS;
    if (!adapter.initialized) return;
    this.core.machine.probe.packetInterface?.(adapter.label);
    for (const protocol of this.bindingOrder()) {
      // An adapter that an intermediate driver has taken is out of reach for everybody else.
      if (adapter.binding?.protocol.miniportEdge !== undefined) break;
      if (protocol.miniportEdge !== driver) this.bind(protocol, adapter);
    }
    this.life.restartMiniport(adapter, () => undefined);
  }

  /** Intermediate drivers come first, as their notify objects see to. */
  private bindingOrder(): readonly ProtocolDriver[] {
    const isIntermediate = (protocol: ProtocolDriver): boolean => protocol.miniportEdge !== undefined;
    return [
      ...this.protocols.filter(isIntermediate),
      ...this.protocols.filter((protocol) => !isIntermediate(protocol)),
    ];
  }

  private bind(protocol: ProtocolDriver, adapter: MiniportAdapter): void {
    const { machine, door, component } = this.core;
    const BindContext: NDIS_HANDLE = {
      address: machine.addresses.allocate(opaqueSize),
      label: 'BindContext',
    };
    const BindParameters = bindParametersOf(machine.addresses, adapter);
    const bound = door.status(
      {
        functionName: 'ProtocolBindAdapterEx',
        caller: component,
        callee: protocol.component,
        arguments: [
          pointerArgument('ProtocolDriverContext', protocol.context, 'ProtocolDriverContext'),
          pointerArgument('BindContext', BindContext, BindContext.label),
          ...bindParametersArguments(machine.addresses, BindParameters),
        ],
      },
      (call) => {
        this.openBinds.set(BindContext, { call, protocol });
        return protocol.characteristics.BindAdapterHandlerEx(protocol.context, BindContext, BindParameters);
      },
    );
    if (adapter.binding !== undefined) adapter.binding.inBindCall = false;
    if (bound !== NDIS_STATUS.PENDING) this.openBinds.delete(BindContext);
  }

  private newAdapter(name: string, driver: MiniportDriver, deviceContext: PVOID | null): MiniportAdapter {
    return new MiniportAdapter(this.core.machine.addresses.allocate(opaqueSize), name, driver, deviceContext);
  }

  /** NdisCompleteBindAdapterEx: ends a ProtocolBindAdapterEx that returned PENDING. */
  NdisCompleteBindAdapterEx(BindAdapterContext: NDIS_HANDLE, Status: NdisStatus): void {
    const { door, component } = this.core;
    const open = this.openBinds.get(BindAdapterContext);
    if (open === undefined) throw new Error('NdisCompleteBindAdapterEx: no bind is under way');
    this.openBinds.delete(BindAdapterContext);
    door.void(
      {
        functionName: 'NdisCompleteBindAdapterEx',
        caller: open.protocol.component,
        callee: component,
        completes: [open.call],
        arguments: [
          pointerArgument('BindAdapterContext', BindAdapterContext, BindAdapterContext.label),
          statusArgument('Status', Status),
        ],
      },
      () => undefined,
    );
  }

  /** ProtocolOpenAdapterCompleteEx: an open that was PENDING has succeeded. */
  private completeOpen(binding: Binding): void {
    const { door, component } = this.core;
    binding.opened = true;
    binding.inBindCall = true;
    door.void(
      {
        functionName: 'ProtocolOpenAdapterCompleteEx',
        caller: component,
        callee: binding.protocol.component,
        arguments: [
          pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
          statusArgument('Status', NDIS_STATUS.SUCCESS),
        ],
      },
      () =>
        binding.protocol.characteristics.OpenAdapterCompleteHandlerEx?.(binding.context, NDIS_STATUS.SUCCESS),
    );
    binding.inBindCall = false;
  }

  private register(
    driver: MiniportDriver | ProtocolDriver,
    functionName: FunctionName,
    setOptions: FunctionName,
    structure: 'NDIS_MINIPORT_DRIVER_CHARACTERISTICS' | 'NDIS_PROTOCOL_DRIVER_CHARACTERISTICS',
  ): NdisStatus {
    const { machine, door, component } = this.core;
    const { characteristics } = driver;
    const { addresses } = machine;
    return door.status(
      {
        functionName,
        caller: driver.component,
        callee: component,
        arguments: [
          structureArgument(
            driver instanceof MiniportDriver ? 'MiniportDriverCharacteristics' : 'ProtocolCharacteristics',
            structure,
            addresses.addressOf(characteristics),
            encodeCharacteristics(addresses, structure, characteristics),
          ),
        ],
      },
      () => {
        const checked = checkDriverCharacteristics(structure, characteristics);
        if (checked !== NDIS_STATUS.SUCCESS) return checked;
        driver.inSetOptions = true;
        this.inSetOptions = driver.component;
        const status = door.status(
          {
            functionName: setOptions,
            caller: component,
            callee: driver.component,
            arguments: [
              pointerArgument('NdisDriverHandle', driver, driver.label),
              pointerArgument('DriverContext', driver.context, 'DriverContext'),
            ],
          },
          () => characteristics.SetOptionsHandler(driver, driver.context),
        );
        driver.inSetOptions = false;
        this.inSetOptions = undefined;
        return status;
      },
    );
  }
}

/** Who holds the handlers that are registered with a handle, and whether this is the time to register them. */
interface Edge {
  readonly driver: MiniportDriver | ProtocolDriver | FilterDriver;
  readonly holder: MiniportDriver | ProtocolDriver | Binding | FilterModule;
  readonly mayRegister: boolean;
}

function edgeOf(handle: NDIS_HANDLE): Edge | undefined {
  if (handle instanceof Binding)
    return { driver: handle.protocol, holder: handle, mayRegister: handle.opened && handle.inBindCall };
  if (handle instanceof MiniportDriver || handle instanceof ProtocolDriver)
    return { driver: handle, holder: handle, mayRegister: handle.inSetOptions };
  if (handle instanceof FilterModule)
    return { driver: handle.driver, holder: handle, mayRegister: handle.inModuleOptions };
  return undefined;
}

/** Stores handlers with their holder: provider structures at the miniport edge, client structures at the other (REG-009). */
function install(holder: Edge['holder'], handlers: OptionalHandlers, hasMemory: boolean): NdisStatus {
  const { structure, value } = handlers;
  if (holder instanceof FilterModule) {
    if (hasMemory) holder.install(handlers);
    return hasMemory ? NDIS_STATUS.SUCCESS : NDIS_STATUS.RESOURCES;
  }
  const atMiniportEdge = holder instanceof MiniportDriver;
  if (structure.startsWith('NDIS_PROVIDER_') !== atMiniportEdge) return NDIS_STATUS.FAILURE;
  if (!hasMemory) return NDIS_STATUS.RESOURCES;
  if (holder instanceof MiniportDriver) {
    if (structure === 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS') holder.genericHandlers = value;
    if (structure === 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS') holder.tcpHandlers = value;
  } else {
    if (structure === 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS') holder.genericHandlers = value;
    if (structure === 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS') holder.tcpHandlers = value;
  }
  return NDIS_STATUS.SUCCESS;
}
