/** Drivers that have registered with NDIS, and the chimney handlers that they gave it. */
import { NDIS_STATUS } from '../../ddi/status';
import type { Call } from '../engine/call';
import type { FactDefinition, Handlers } from '../engine/rule';
import type { StructureView } from '../engine/structureView';
import type { Edge } from './edges';

/** Structures of handlers that NdisSetOptionalHandlers takes. */
export const chimneyStructures = [
  'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
  'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
  'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
  'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
] as const;

/** One of them. */
export type ChimneyStructure = (typeof chimneyStructures)[number];

/** Whether a name is one of them. */
export function isChimneyStructure(name: string): name is ChimneyStructure {
  return chimneyStructures.some((one) => one === name);
}

/** Edge that a structure belongs to: PROVIDER at the miniport edge, CLIENT at the protocol edge (REG-009). */
export function edgeOfStructure(name: ChimneyStructure): Edge {
  return name.startsWith('NDIS_PROVIDER') ? 'miniport' : 'protocol';
}

/** A driver at one of its edges. */
export interface RegisteredDriver {
  /** NdisMiniportDriverHandle or NdisProtocolHandle, which SetOptions was given; 0 where that was never called. */
  handle: number;
  readonly component: number;
  readonly edge: Edge;
  /** NdisMRegisterMiniportDriver or NdisRegisterProtocolDriver. */
  readonly register: Call;
  /** Its SetOptions; undefined before it has begun. */
  setOptions: Call | undefined;
  /** What it registered; undefined where the trace lacks it. */
  readonly characteristics: StructureView | undefined;
}

/** A call of NdisSetOptionalHandlers that has succeeded. */
export interface HandlerRegistration {
  readonly structure: ChimneyStructure;
  readonly table: StructureView;
  /** The handle that they are kept with: a driver's, a binding's or a filter module's. */
  readonly handle: number;
  readonly component: number;
  readonly call: Call;
}

/** See the file's head. */
export class Registrations implements Handlers {
  private readonly known: RegisteredDriver[] = [];
  private readonly handlers: HandlerRegistration[] = [];

  readonly call = {
    NdisMRegisterMiniportDriver: (call: Call): void => {
      this.begin(call, 'miniport', 'MiniportDriverCharacteristics');
    },
    NdisRegisterProtocolDriver: (call: Call): void => {
      this.begin(call, 'protocol', 'ProtocolCharacteristics');
    },
    MiniportSetOptions: (call: Call): void => {
      this.setOptions(call, 'miniport');
    },
    ProtocolSetOptions: (call: Call): void => {
      this.setOptions(call, 'protocol');
    },
  };

  readonly returned = {
    NdisSetOptionalHandlers: (call: Call): void => {
      const table = call.structure('OptionalHandlers');
      const handle = call.number('NdisHandle');
      if (table === undefined || handle === undefined || call.status !== NDIS_STATUS.SUCCESS) return;
      const { name: structure } = table;
      if (!isChimneyStructure(structure)) return;
      const registration = { structure, table, handle, component: call.caller, call };
      const before = this.handlers.findIndex(
        (one) => one.handle === handle && one.structure === structure && one.component === call.caller,
      );
      if (before >= 0) this.handlers[before] = registration;
      else this.handlers.push(registration);
    },
  };

  /** Drivers that have called a registration function, the last one first; whether it succeeded `register.status` tells. */
  drivers(component: number, edge: Edge): RegisteredDriver[] {
    return this.known.filter((one) => one.component === component && one.edge === edge).reverse();
  }

  /** The driver that a handle stands for. */
  withHandle(handle: number | undefined): RegisteredDriver | undefined {
    return handle === undefined ? undefined : this.known.findLast((one) => one.handle === handle);
  }

  /** The structures of a kind that are in force for a component: the last one for each handle (REG-026). */
  inForce(component: number, structure: ChimneyStructure): HandlerRegistration[] {
    return this.handlers.filter((one) => one.component === component && one.structure === structure);
  }

  /** Whether a component has both structures of an edge in force. */
  offersChimney(component: number, edge: Edge): boolean {
    return chimneyStructures
      .filter((structure) => edgeOfStructure(structure) === edge)
      .every((structure) => this.inForce(component, structure).length > 0);
  }

  private begin(call: Call, edge: Edge, argument: string): void {
    this.known.push({
      handle: 0,
      component: call.caller,
      edge,
      register: call,
      setOptions: undefined,
      characteristics: call.structure(argument),
    });
  }

  private setOptions(call: Call, edge: Edge): void {
    const driver = this.drivers(call.callee, edge)[0];
    if (driver === undefined) return;
    driver.setOptions = call;
    driver.handle = call.number('NdisDriverHandle') ?? 0;
  }
}

/** The drivers of a trace. */
export const registrationFacts: FactDefinition<Registrations> = { start: () => new Registrations() };
