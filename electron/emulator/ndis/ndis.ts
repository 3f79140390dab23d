/** The emulated NDIS library, plane by plane: everything that a driver may call. */
import type { Machine } from '../machine/machine';
import { StateObserver } from '../observe/stateObserver';
import { NdisCore } from './core';
import { Door, type DoorCosts } from './door';
import { OidPlane } from './oidRequests';
import { PacketPlane } from './packets';
import { RegistrationPlane } from './registration';
import { StateManipulationPlane } from './stateManipulation';
import { TcpDataPlane } from './tcpData';

/** See the file's head. */
export class Ndis {
  readonly observer: StateObserver;
  readonly tcp: TcpDataPlane;
  readonly registration: RegistrationPlane;
  readonly offload: StateManipulationPlane;
  readonly packets: PacketPlane;
  readonly oids: OidPlane;

  constructor(machine: Machine, costs: DoorCosts) {
    this.observer = new StateObserver(machine);
    const core = new NdisCore(
      machine,
      new Door(machine, costs),
      this.observer,
      machine.probe.component('ndis', 'NDIS'),
    );
    this.tcp = new TcpDataPlane(core);
    this.registration = new RegistrationPlane(core, this.tcp);
    this.offload = new StateManipulationPlane(core);
    this.packets = new PacketPlane(core);
    this.oids = new OidPlane(core);
  }
}
