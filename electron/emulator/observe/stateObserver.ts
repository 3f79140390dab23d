/**
 * Reports the values and owners of state objects to the probe. It watches from outside: drivers tell it nothing that another
 * driver could read, and it finds objects by the NDIS_OFFLOAD_HANDLE that names them in all calls.
 */
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import type { StateChangeRecord, StateLayer, StateOwner } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';
import type { NDIS_OFFLOAD_HANDLE } from '../ndis/offloadBlockList';
import type { AttachedState } from '../ndis/offloadState';
import { delegatedValues, stateValues } from '../ndis/structureBytes';
import type { TcpVariables } from '../tcp/tcpVariables';

/** A state object as the trace knows it. */
export interface ObservedObject {
  readonly id: number;
  readonly layer: StateLayer;
  readonly connection: number | undefined;
}

/** An object with what was last reported of it; it goes when nobody holds its handle any more. */
interface WatchedObject extends ObservedObject {
  last: Float64Array | undefined;
}

/** Index of each variable of a layer by its qualified name. */
const indexes: Readonly<Record<StateLayer, ReadonlyMap<string, number>>> = {
  neighbor: new Map(
    offloadStateVariables('neighbor').map((variable) => [variable.qualifiedName, variable.index]),
  ),
  path: new Map(offloadStateVariables('path').map((variable) => [variable.qualifiedName, variable.index])),
  tcp: new Map(offloadStateVariables('tcp').map((variable) => [variable.qualifiedName, variable.index])),
};

/** Delegated variables that are watched at every segment, in the order in which `ran` looks at them. */
const watched = [
  'State',
  'RcvNxt',
  'RcvWnd',
  'SndUna',
  'SndNxt',
  'SndMax',
  'SndWnd',
  'MaxSndWnd',
  'SendWL1',
  'CWnd',
  'SsThresh',
  'SRtt',
  'RttVar',
  'TsRecent',
  'TotalRT',
  'DupAckCount',
  'SndWndProbeCount',
  'Retransmit.Count',
  'KeepAlive.ProbeCount',
] as const;

const watchedIndexes = watched.map((name) => indexes.tcp.get(`TCP_OFFLOAD_STATE_DELEGATED.${name}`)!);

/** See the file's head. */
export class StateObserver {
  private readonly byHandle = new WeakMap<NDIS_OFFLOAD_HANDLE, WatchedObject>();
  private readonly changedVariables = new Float64Array(watched.length);
  private readonly changedValues = new Float64Array(watched.length);
  private changes = 0;

  constructor(private readonly machine: Machine) {}

  /** Declares an object, owned by the host stack. */
  declare(
    handle: NDIS_OFFLOAD_HANDLE,
    layer: StateLayer,
    parent: NDIS_OFFLOAD_HANDLE | undefined,
    connection: number | undefined,
    label: string,
  ): void {
    const { machine } = this;
    const parentId = parent === undefined ? undefined : this.byHandle.get(parent)?.id;
    const id = machine.probe.stateObject(machine.now, layer, parentId, connection, label);
    this.byHandle.set(handle, { id, layer, connection, last: undefined });
    this.owner(handle, 'host');
  }

  /** Another driver names the object of `known` by a handle of its own: an intermediate driver does. */
  alias(handle: NDIS_OFFLOAD_HANDLE, known: NDIS_OFFLOAD_HANDLE): void {
    const object = this.byHandle.get(known);
    if (object !== undefined) this.byHandle.set(handle, object);
  }

  /** The object that a handle names. */
  find(handle: NDIS_OFFLOAD_HANDLE | null): ObservedObject | undefined {
    return handle === null ? undefined : this.byHandle.get(handle);
  }

  /** The object has another owner from now on. */
  owner(handle: NDIS_OFFLOAD_HANDLE, owner: StateOwner): void {
    const object = this.byHandle.get(handle);
    if (object === undefined) return;
    this.machine.probe.ownership(this.machine.now, object.id, owner, this.machine.currentCause);
  }

  /** `writer` has set every variable that `state` holds. */
  wrote(handle: NDIS_OFFLOAD_HANDLE, writer: number, state: AttachedState): void {
    const object = this.byHandle.get(handle);
    if (object === undefined) return;
    const changes: StateChangeRecord['changes'][number][] = [];
    for (const [qualifiedName, value] of stateValues(state)) {
      const variable = indexes[object.layer].get(qualifiedName);
      if (variable !== undefined) changes.push({ variable, value });
    }
    if (changes.length === 0) return;
    this.machine.probe.stateValues(this.machine.now, object.id, writer, this.machine.currentCause, changes);
    if (state.layer === 'tcp' && state.delegated !== undefined) {
      const values = new Map(delegatedValues(state.delegated));
      object.last = Float64Array.from(
        watched,
        (name) => values.get(`TCP_OFFLOAD_STATE_DELEGATED.${name}`) ?? NaN,
      );
    }
  }

  /** A TCP engine has run: reports the delegated variables that it changed. Allocates nothing. */
  ran(handle: NDIS_OFFLOAD_HANDLE, writer: number, variables: TcpVariables): void {
    const object = this.byHandle.get(handle);
    if (object === undefined) return;
    const { machine } = this;
    const last = (object.last ??= new Float64Array(watched.length).fill(NaN));
    this.changes = 0;
    this.compare(last, 0, variables.State);
    this.compare(last, 1, variables.RcvNxt);
    this.compare(last, 2, variables.RcvWnd);
    this.compare(last, 3, variables.SndUna);
    this.compare(last, 4, variables.SndNxt);
    this.compare(last, 5, variables.SndMax);
    this.compare(last, 6, variables.SndWnd);
    this.compare(last, 7, variables.MaxSndWnd);
    this.compare(last, 8, variables.SendWL1);
    this.compare(last, 9, variables.CWnd);
    this.compare(last, 10, variables.SsThresh);
    this.compare(last, 11, variables.SRtt);
    this.compare(last, 12, variables.RttVar);
    this.compare(last, 13, variables.TsRecent);
    this.compare(last, 14, variables.TotalRT);
    this.compare(last, 15, variables.DupAckCount);
    this.compare(last, 16, variables.SndWndProbeCount);
    this.compare(last, 17, variables.RetransmitCount);
    this.compare(last, 18, variables.KeepAliveProbeCount);
    const count = this.changes;
    if (count === 0) return;
    machine.probe.stateNumbers(
      machine.now,
      object.id,
      writer,
      machine.currentCause,
      count,
      this.changedVariables,
      this.changedValues,
    );
  }

  private compare(last: Float64Array, index: number, value: number): void {
    if (value === last[index]) return;
    last[index] = value;
    this.changedVariables[this.changes] = watchedIndexes[index]!;
    this.changedValues[this.changes++] = value;
  }
}
