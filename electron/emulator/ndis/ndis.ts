/** The emulated NDIS library, plane by plane: everything that a driver may call. */
import type { Machine } from '../machine/machine';
import type { Outstanding } from '../observe/outstanding';
import { StateObserver } from '../observe/stateObserver';
import { AdapterLifePlane } from './adapterLife';
import { NdisCore } from './core';
import { Door, type DoorCosts } from './door';
import { FilterPlane } from './filters';
import { defaultNdisSettings, type NdisSettings } from './ndisSettings';
import { OidPlane } from './oidRequests';
import { PacketPlane } from './packets';
import { RegistrationPlane } from './registration';
import { ResetPlane } from './reset';
import { StateManipulationPlane } from './stateManipulation';
import { StatusPlane } from './statusIndications';
import { TcpDataPlane } from './tcpData';
import { UnloadPlane } from './unload';

/** See the file's head. */
export class Ndis {
  readonly observer: StateObserver;
  readonly tcp: TcpDataPlane;
  readonly registration: RegistrationPlane;
  readonly offload: StateManipulationPlane;
  readonly packets: PacketPlane;
  readonly oids: OidPlane;
  readonly status: StatusPlane;
  readonly life: AdapterLifePlane;
  readonly resets: ResetPlane;
  readonly filters: FilterPlane;
  readonly unloading: UnloadPlane;
  private readonly core: NdisCore;

  constructor(machine: Machine, costs: DoorCosts, settings: Partial<NdisSettings> = {}) {
    this.observer = new StateObserver(machine);
    const core = new NdisCore(
      machine,
      new Door(machine, costs),
      this.observer,
      machine.probe.component('ndis', 'NDIS'),
    );
    this.core = core;
    this.tcp = new TcpDataPlane(core);
    this.oids = new OidPlane(core);
    this.life = new AdapterLifePlane(core, this.oids);
    this.registration = new RegistrationPlane(core, this.tcp, this.life, {
      ...defaultNdisSettings,
      ...settings,
    });
    this.offload = new StateManipulationPlane(core);
    this.packets = new PacketPlane(core);
    this.status = new StatusPlane(core);
    this.filters = new FilterPlane(core);
    this.resets = new ResetPlane(core, this.oids, this.status);
    this.unloading = new UnloadPlane(core, this.life, this.oids, this.registration);
  }

  /** Everything that NDIS waits for or remembers of requests and objects. */
  get outstanding(): Outstanding {
    return {
      ...this.core.outstanding,
      ...this.offload.outstanding,
      ...this.oids.outstanding,
      ...this.life.outstanding,
    };
  }
}
