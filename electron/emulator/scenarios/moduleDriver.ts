/** A driver from a module in the place of a built-in one: what a scenario needs of it, from outside. */
import { statusName, NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { ComponentRole } from '../../../shared/trace/records';
import { AdapterHardware, type AdapterHardwareSettings } from '../kit/adapterHardware';
import { checkedFunctions, type CheckedRegistrations } from '../kit/checkedFunctions';
import { DriverFault } from '../kit/driverFault';
import { DRIVER_OBJECT, type DriverEntry, type RegistryParameters } from '../kit/driverObject';
import type { NdisFunctions } from '../kit/ndisFunctions';
import type { Machine } from '../machine/machine';
import type { NDIS_HANDLE } from '../ndis/characteristics';
import type { Ndis } from '../ndis/ndis';
import type { Outstanding } from '../observe/outstanding';
import type { FaultyOperation } from '../target/hardwareFault';
import type { Frame, FramePool } from '../wire/frame';
import type { Link, LinkEnd } from '../wire/link';

/** A loaded driver module. */
export interface DriverModule {
  /** Name of its file. */
  readonly name: string;
  /** SHA-256 of its source, as hexadecimal digits. */
  readonly sha256: string;
  readonly DriverEntry: DriverEntry;
  /** Holds the names of its handlers that are under way, the innermost last. */
  readonly running?: string[];
}

/** Modules that take the places of built-in drivers. */
export interface DriverModules {
  readonly target?: DriverModule | undefined;
  readonly intermediate?: DriverModule | undefined;
}

/** What a scenario does to the driver of an adapter. */
export interface TargetDriver extends LinkEnd {
  /** DriverEntry. */
  load(): NdisStatus;
  connect(link: Link): void;
  /** Payload bytes that left for the first time through the chimney. */
  readonly newBytesSent: number;
  readonly outstanding: Outstanding;
  /** NdisMiniportHandle of its adapter. */
  readonly miniportHandle: NDIS_HANDLE;
  /** The adapter can't keep connections any more, and can again. */
  uploadAll(): void;
  resumeOffload(tcpCapacity?: number): void;
  /** What else can be made to happen to the built-in target; absent where a module's driver decides. */
  pauseOffload?(): void;
  breakHardwareDuring?(operation: FaultyOperation): void;
  hang?(): void;
}

/** What a scenario does to an intermediate driver. */
export interface IntermediateDriver {
  /** DriverEntry. */
  load(): NdisStatus;
  /** Requests and lists that it holds; undefined where only the driver itself knows. */
  readonly outstanding?: number;
}

/** A driver from a module, with guarded functions. */
export class ModuleDriver implements IntermediateDriver {
  readonly object: DRIVER_OBJECT;
  protected readonly seen: CheckedRegistrations = { miniportRegistered: false, miniportHandle: undefined };

  constructor(
    machine: Machine,
    ndis: Ndis,
    role: ComponentRole,
    name: string,
    private readonly module: DriverModule,
    private readonly parameters: RegistryParameters,
    /** Puts something between the driver and NDIS. */
    guard: (functions: NdisFunctions) => NdisFunctions = (functions) => functions,
  ) {
    this.object = new DRIVER_OBJECT(machine, ndis, role, name, (functions) =>
      checkedFunctions(guard(functions), module.name, this.seen, module.running),
    );
  }

  /** @throws DriverFault where DriverEntry does what no driver may. */
  load(): NdisStatus {
    const { module } = this;
    let status: unknown;
    module.running?.push('DriverEntry');
    try {
      status = module.DriverEntry(this.object, this.parameters);
    } catch (error) {
      if (error instanceof DriverFault) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new DriverFault(module.name, `DriverEntry threw: ${message}`, { cause: error });
    } finally {
      module.running?.pop();
    }
    if (typeof status !== 'number') {
      const answer = status instanceof Promise ? 'a promise' : String(status);
      throw new DriverFault(module.name, `DriverEntry returned ${answer}; it must return an NDIS_STATUS.`);
    }
    if (status !== NDIS_STATUS.SUCCESS) {
      const name = statusName(status);
      throw new DriverFault(
        module.name,
        `DriverEntry returned ${name}: the driver does not want to be loaded.`,
      );
    }
    if (!this.seen.miniportRegistered)
      throw new DriverFault(module.name, 'DriverEntry has not called NdisMRegisterMiniportDriver.');
    return NDIS_STATUS.SUCCESS;
  }
}

/** A target driver from a module, with an adapter. */
export class ModuleTarget extends ModuleDriver implements TargetDriver {
  readonly component: number;
  private readonly hardware: AdapterHardware;

  constructor(
    machine: Machine,
    ndis: Ndis,
    pool: FramePool,
    name: string,
    module: DriverModule,
    settings: AdapterHardwareSettings,
    parameters: RegistryParameters,
    guard?: (functions: NdisFunctions) => NdisFunctions,
  ) {
    super(machine, ndis, 'offload-target', name, module, parameters, guard);
    this.component = this.object.component;
    this.hardware = new AdapterHardware(machine, ndis, pool, this.component, settings);
    this.object.hardware = this.hardware;
  }

  connect(link: Link): void {
    this.hardware.connect({ transmit: (_end, frame) => link.transmit(this, frame) });
  }

  get newBytesSent(): number {
    return this.hardware.newBytesSent;
  }

  get outstanding(): Outstanding {
    return this.hardware.outstanding;
  }

  get miniportHandle(): NDIS_HANDLE {
    if (this.seen.miniportHandle === undefined) throw new Error('the adapter is not initialized');
    return this.seen.miniportHandle;
  }

  uploadAll(): void {
    this.hardware.changeFirmwareMemory(false);
  }

  resumeOffload(): void {
    this.hardware.changeFirmwareMemory(true);
  }

  receive(frame: Frame): void {
    this.hardware.receive(frame);
  }

  processorFor(): number {
    return this.hardware.processorFor();
  }

  linkChanged(up: boolean): void {
    this.hardware.linkChanged(up);
  }
}
