/**
 * NDIS: filter drivers, as far as they register chimney functions (REG-006, A12). A filter driver attaches one module to each adapter,
 * and registers for each module from its FilterSetModuleOptions. Packets and requests pass the module untouched: the emulated NDIS
 * dispatches nothing to it. The catalogue has none of the filter functions, so that only the calls of NdisSetOptionalHandlers appear
 * in a trace.
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type {
  NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  NDIS_HANDLE,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  OptionalHandlers,
} from './characteristics';
import type { NdisCore } from './core';
import { adapterFrom, opaqueSize, type MiniportAdapter } from './drivers';
import type { PVOID } from './offloadBlockList';

/** NDIS_FILTER_DRIVER_CHARACTERISTICS, as far as it is used. */
export interface NDIS_FILTER_DRIVER_CHARACTERISTICS {
  readonly MajorNdisVersion: number;
  readonly MinorNdisVersion: number;
  /** FilterSetOptions: NDIS calls it from inside NdisFRegisterFilterDriver. No chimney functions can be registered there. */
  readonly SetOptionsHandler?: (
    NdisFilterDriverHandle: NDIS_HANDLE,
    FilterDriverContext: PVOID,
  ) => NdisStatus;
  /** FilterAttach: a module for one adapter. */
  readonly AttachHandler: (NdisFilterHandle: NDIS_HANDLE, FilterDriverContext: PVOID) => NdisStatus;
  /** FilterSetModuleOptions: the module may register optional handlers; a failure detaches it. */
  readonly SetFilterModuleOptionsHandler?: (NdisFilterHandle: NDIS_HANDLE) => NdisStatus;
  /** FilterDetach: the module goes. */
  readonly DetachHandler: (NdisFilterHandle: NDIS_HANDLE) => void;
}

/** A registered filter driver. Its handle is NdisFilterDriverHandle. */
export class FilterDriver implements NDIS_HANDLE {
  readonly kind = 'filter-driver';
  readonly label = 'NdisFilterDriverHandle';
  readonly modules: FilterModule[] = [];

  constructor(
    readonly address: number,
    readonly component: number,
    readonly context: PVOID,
    readonly characteristics: NDIS_FILTER_DRIVER_CHARACTERISTICS,
  ) {}
}

/** A filter driver's module on one adapter. Its handle is NdisFilterHandle. */
export class FilterModule implements NDIS_HANDLE {
  readonly kind = 'filter-module';
  readonly label = 'NdisFilterHandle';
  /** While FilterSetModuleOptions runs. */
  inModuleOptions = false;
  providerGenericHandlers: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS | undefined;
  providerTcpHandlers: NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS | undefined;
  clientGenericHandlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS | undefined;
  clientTcpHandlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS | undefined;

  constructor(
    readonly address: number,
    readonly driver: FilterDriver,
    readonly adapter: MiniportAdapter,
  ) {}

  /** Keeps handlers of either side: a filter has something above and something below it. */
  install({ structure, value }: OptionalHandlers): void {
    switch (structure) {
      case 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS':
        this.providerGenericHandlers = value;
        break;
      case 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS':
        this.providerTcpHandlers = value;
        break;
      case 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS':
        this.clientGenericHandlers = value;
        break;
      case 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS':
        this.clientTcpHandlers = value;
        break;
    }
  }
}

/** See the file's head. Everything runs at PASSIVE_LEVEL. */
export class FilterPlane {
  constructor(private readonly core: NdisCore) {}

  /** NdisFRegisterFilterDriver: takes a filter driver in and calls its FilterSetOptions before it returns. */
  NdisFRegisterFilterDriver(
    component: number,
    FilterDriverContext: PVOID,
    characteristics: NDIS_FILTER_DRIVER_CHARACTERISTICS,
  ): { readonly status: NdisStatus; readonly NdisFilterDriverHandle: NDIS_HANDLE | null } {
    const driver = new FilterDriver(
      this.core.machine.addresses.allocate(opaqueSize),
      component,
      FilterDriverContext,
      characteristics,
    );
    const status = characteristics.SetOptionsHandler?.(driver, FilterDriverContext) ?? NDIS_STATUS.SUCCESS;
    return { status, NdisFilterDriverHandle: status === NDIS_STATUS.SUCCESS ? driver : null };
  }

  /** Attaches a module to an adapter: FilterAttach, and then FilterSetModuleOptions; a failure of either leaves no module behind. */
  attach(NdisFilterDriverHandle: NDIS_HANDLE, adapterHandle: NDIS_HANDLE): NdisStatus {
    const driver = filterDriverFrom(NdisFilterDriverHandle);
    const { addresses } = this.core.machine;
    const module = new FilterModule(addresses.allocate(opaqueSize), driver, adapterFrom(adapterHandle));
    const { AttachHandler, SetFilterModuleOptionsHandler, DetachHandler } = driver.characteristics;
    const attached = AttachHandler(module, driver.context);
    if (attached !== NDIS_STATUS.SUCCESS) return attached;
    driver.modules.push(module);
    module.inModuleOptions = true;
    const status = SetFilterModuleOptionsHandler?.(module) ?? NDIS_STATUS.SUCCESS;
    module.inModuleOptions = false;
    if (status !== NDIS_STATUS.SUCCESS) this.remove(module, DetachHandler);
    return status;
  }

  /** NdisFDeregisterFilterDriver: every module is detached, and NDIS forgets the driver. */
  NdisFDeregisterFilterDriver(NdisFilterDriverHandle: NDIS_HANDLE): void {
    const driver = filterDriverFrom(NdisFilterDriverHandle);
    for (const module of [...driver.modules]) this.remove(module, driver.characteristics.DetachHandler);
  }

  private remove(module: FilterModule, detach: (NdisFilterHandle: NDIS_HANDLE) => void): void {
    detach(module);
    const { modules } = module.driver;
    modules.splice(modules.indexOf(module), 1);
  }
}

function filterDriverFrom(handle: NDIS_HANDLE): FilterDriver {
  if (handle instanceof FilterDriver) return handle;
  throw new Error(`${handle.label} is no NdisFilterDriverHandle`);
}
