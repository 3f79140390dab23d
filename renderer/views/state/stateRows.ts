/** The offload state tree at an instant, ready to be shown. Pure. */
import type { TraceModel } from '../../../shared/analysis/traceModel';
import type { StateClass } from '../../../shared/ddi/catalogue';
import { formatStateVariable, offloadStateVariables } from '../../../shared/ddi/offloadState';
import type { EventId, StateLayer, StateOwner, StateValue } from '../../../shared/trace/records';
import { componentName } from '../../format/describe';

/** One variable as a row of the tree. */
export interface VariableRow {
  /** Its index in the layer. */
  readonly variable: number;
  readonly name: string;
  readonly text: string;
  /** Meaning and unit. */
  readonly hint: string;
  readonly writer: string;
  readonly writtenBy: EventId;
  readonly writtenAt: number;
  /** Written since the cursor's previous place, or a few events ago. */
  readonly fresh: boolean;
}

/** Variables of one class. */
export interface VariableGroup {
  readonly stateClass: StateClass;
  readonly rows: readonly VariableRow[];
}

/** One state object with what it depends on it. */
export interface StateNode {
  readonly object: number;
  readonly layer: StateLayer;
  readonly label: string;
  /** `gone` objects have no groups. */
  readonly owner: StateOwner;
  readonly ownedSince: EventId | undefined;
  readonly depth: number;
  readonly groups: readonly VariableGroup[];
}

/** Changes of at most so many events ago count as fresh. */
const freshEvents = 12;

const classes: readonly StateClass[] = ['const', 'cached', 'delegated'];

function valueText(layer: StateLayer, variable: number, value: StateValue): string {
  const known = offloadStateVariables(layer)[variable];
  return known === undefined ? String(value) : formatStateVariable(known, value);
}

/** The tree right after `event`, parents before children. `before` is where the cursor was last. */
export function layoutStateTree(model: TraceModel, event: EventId, before: EventId): StateNode[] {
  const objects = model.store?.stateObjects ?? [];
  const children = new Map<number | undefined, number[]>();
  for (const { id } of objects) {
    const parent = model.states.parentAt(id, event);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [id]);
    else siblings.push(id);
  }
  const freshSince =
    before >= 0 && before < event ? Math.min(before, event - freshEvents) : event - freshEvents;
  const nodes: StateNode[] = [];
  const visited = new Set<number>();
  const visit = (id: number, depth: number): void => {
    // A trace that was made up can have objects that depend on each other.
    if (visited.has(id)) return;
    visited.add(id);
    const object = objects[id]!;
    const now = model.states.objectAt(id, event);
    const owned = lastOwner(model, id, event);
    if (now !== undefined || owned === 'gone') {
      nodes.push({
        object: id,
        layer: object.layer,
        label: object.label,
        owner: now?.owner ?? 'gone',
        ownedSince: now?.ownedSince,
        depth,
        groups: now === undefined ? [] : groupsOf(model, object.layer, now.variables, freshSince),
      });
    }
    for (const child of children.get(id) ?? []) visit(child, depth + 1);
  };
  for (const root of children.get(undefined) ?? []) visit(root, 0);
  for (const { id } of objects) visit(id, 0);
  return nodes;
}

function lastOwner(model: TraceModel, object: number, event: EventId): StateOwner | undefined {
  let owner: StateOwner | undefined;
  for (const span of model.states.ownershipSpans(object)) if (span.event <= event) owner = span.owner;
  return owner;
}

function groupsOf(
  model: TraceModel,
  layer: StateLayer,
  variables: readonly {
    readonly variable: number;
    readonly value: StateValue;
    readonly writtenBy: EventId;
    readonly writtenAt: number;
    readonly writer: number;
  }[],
  freshSince: EventId,
): VariableGroup[] {
  const known = offloadStateVariables(layer);
  return classes
    .map((stateClass) => ({
      stateClass,
      rows: variables
        .filter((at) => (known[at.variable]?.class ?? 'delegated') === stateClass)
        .map((at): VariableRow => {
          const variable = known[at.variable];
          const unit = variable?.unit === undefined ? '' : ` (${variable.unit})`;
          return {
            variable: at.variable,
            name: variable?.name ?? `variable ${at.variable}`,
            text: valueText(layer, at.variable, at.value),
            hint: variable === undefined ? '' : `${variable.qualifiedName}: ${variable.meaning}${unit}`,
            writer: componentName(model, at.writer),
            writtenBy: at.writtenBy,
            writtenAt: at.writtenAt,
            fresh: at.writtenBy > freshSince,
          };
        }),
    }))
    .filter((group) => group.rows.length > 0);
}
