/** What can be picked for something that is done by hand: the connections that there are where a run stands, and who has their objects. Pure. */
import { editNeeds, type LiveEditKind } from '../../shared/contract/liveEdit';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId, StateLayer, StateOwner } from '../../shared/trace/records';

/** A connection at an instant. */
export interface EditableConnection {
  readonly connection: number;
  readonly local: string;
  readonly remote: string;
  /** Who has each of its state objects; undefined for one that has not been made yet. */
  readonly owners: Readonly<Record<StateLayer, StateOwner | undefined>>;
}

/** Who has a state object right after an event. */
function ownerAt(model: TraceModel, object: number, event: EventId): StateOwner | undefined {
  return model.states.ownershipSpans(object).findLast((span) => span.event <= event)?.owner;
}

/** The connections that exist right after an event, in the order of their ids. */
export function connectionsAt(model: TraceModel, event: EventId): readonly EditableConnection[] {
  const { store } = model;
  if (store === undefined) return [];
  const found: EditableConnection[] = [];
  for (const { id, local, remote } of store.connections) {
    const tcp = store.stateObjects.find(({ layer, connection }) => layer === 'tcp' && connection === id);
    const path = tcp?.parent === undefined ? undefined : store.stateObjects[tcp.parent];
    const neighbor = path?.parent === undefined ? undefined : store.stateObjects[path.parent];
    const owner = (object: { readonly id: number } | undefined): StateOwner | undefined =>
      object === undefined ? undefined : ownerAt(model, object.id, event);
    const owners = { tcp: owner(tcp), path: owner(path), neighbor: owner(neighbor) };
    if (owners.tcp !== undefined && owners.tcp !== 'gone')
      found.push({ connection: id, local, remote, owners });
  }
  return found;
}

/** Those of them for which something can be done by hand, on one of their objects where it is about one. */
export function connectionsFor(
  connections: readonly EditableConnection[],
  kind: LiveEditKind,
  layer: StateLayer = 'tcp',
): readonly EditableConnection[] {
  const needed = editNeeds(kind);
  return needed === undefined ? connections : connections.filter(({ owners }) => owners[layer] === needed);
}
