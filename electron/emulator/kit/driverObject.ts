/** What the loader gives to a driver's DriverEntry, and what it expects of a driver module. */
import type { NdisStatus } from '../../../shared/ddi/status';
import type { ComponentRole } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';
import type { StateObserver } from '../observe/stateObserver';
import type { Ndis } from '../ndis/ndis';
import type { PVOID } from '../ndis/offloadBlockList';
import type { HardwarePort } from './hardwarePort';
import { Kernel } from './kernel';
import { ndisFunctionsFor, type NdisFunctions } from './ndisFunctions';
import type { TimerTamper } from './protocolTimer';

/** Bytes of a DRIVER_OBJECT on 64-bit Windows. */
const sizeOfDriverObject = 0x150;

/** A driver's place in the machine, and everything that it may call. */
export class DRIVER_OBJECT implements PVOID {
  /** Its component in the trace. */
  readonly component: number;
  readonly ndis: NdisFunctions;
  readonly kernel: Kernel;
  /** Where a driver that keeps offload state of its own shows it to the trace. */
  readonly observer: StateObserver;
  /** The adapter that Plug and Play has found for it; undefined for drivers without hardware. */
  hardware: HardwarePort | undefined;

  private location: number | undefined;

  constructor(
    private readonly machine: Machine,
    ndis: Ndis,
    role: ComponentRole,
    /** Name of the driver; its adapters are called after it. */
    readonly name: string,
    /** Puts something between the driver and NDIS. */
    guard: (functions: NdisFunctions) => NdisFunctions = (functions) => functions,
    /** What makes its timers go wrong. */
    readonly timerTamper?: TimerTamper,
  ) {
    this.component = machine.probe.component(role, name);
    this.ndis = guard(ndisFunctionsFor(ndis, this.component, name));
    this.kernel = new Kernel(machine, this.component);
    this.observer = ndis.observer;
  }

  /** Where it is in memory. */
  get address(): number {
    // It takes memory only in a trace that shows it, so that adding drivers moves nothing else.
    this.location ??= this.machine.addresses.allocate(sizeOfDriverObject);
    return this.location;
  }
}

/** Values below a driver's Parameters key. */
export type RegistryParameters = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A driver's entry point: registers with NDIS. What it answers but SUCCESS ends the load. */
export type DriverEntry = (DriverObject: DRIVER_OBJECT, parameters: RegistryParameters) => NdisStatus;
