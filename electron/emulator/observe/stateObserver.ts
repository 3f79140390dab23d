/**
 * Reports the values and owners of state objects to the probe. It watches from outside: drivers tell it nothing that another
 * driver could read, and it finds objects by the NDIS_OFFLOAD_HANDLE that names them in all calls.
 */
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import type { StateChangeRecord, StateLayer, StateOwner } from '../../../shared/trace/records';
import { timerCounterName, type RecordedTimer } from '../../../shared/trace/timerCounter';
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
  /** The values of the watched variables begin at `lastAt`; undefined before the first. */
  last: Float64Array | undefined;
  lastAt: number;
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

/** Objects whose last values share one piece of memory. */
const objectsInSlab = 32;

function watchedOf(handle: NDIS_OFFLOAD_HANDLE | undefined): WatchedObject | undefined {
  return handle?.observed as WatchedObject | undefined;
}

/** See the file's head. */
export class StateObserver {
  /** Where the last values of the objects to come go; those of several lie together. */
  private slab = new Float64Array(0);
  private slabUsed = 0;
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
    const parentId = watchedOf(parent)?.id;
    const id = machine.probe.stateObject(machine.now, layer, parentId, connection, label);
    handle.observed = { id, layer, connection, last: undefined, lastAt: 0 } satisfies WatchedObject;
    this.owner(handle, 'host');
  }

  /** Another driver names the object of `known` by a handle of its own: an intermediate driver does. */
  alias(handle: NDIS_OFFLOAD_HANDLE, known: NDIS_OFFLOAD_HANDLE): void {
    const object = watchedOf(known);
    if (object !== undefined) handle.observed = object;
  }

  /** The object that a handle names. */
  find(handle: NDIS_OFFLOAD_HANDLE | null): ObservedObject | undefined {
    return handle === null ? undefined : watchedOf(handle);
  }

  /** The object has another owner from now on. */
  owner(handle: NDIS_OFFLOAD_HANDLE, owner: StateOwner): void {
    const object = watchedOf(handle);
    if (object === undefined) return;
    this.machine.probe.ownership(this.machine.now, object.id, owner, this.machine.currentCause);
  }

  /** The object depends on another parent from now on. */
  relinked(handle: NDIS_OFFLOAD_HANDLE, parent: NDIS_OFFLOAD_HANDLE): void {
    const object = watchedOf(handle);
    if (object === undefined) return;
    const { machine } = this;
    machine.probe.relink(machine.now, object.id, watchedOf(parent)?.id, machine.currentCause);
  }

  /** A timer that no variable shows has been started for a time, virtual ns, or has another of the values that `timerCounter.ts` names. */
  timer(handle: NDIS_OFFLOAD_HANDLE, component: number, timer: RecordedTimer, value: number): void {
    const connection = watchedOf(handle)?.connection;
    const { probe, now } = this.machine;
    if (connection === undefined || probe.counter === undefined) return;
    probe.counter(now, component, timerCounterName(timer, connection), Math.round(value));
  }

  /** `writer` has set every variable that `state` holds. */
  wrote(handle: NDIS_OFFLOAD_HANDLE, writer: number, state: AttachedState): void {
    const object = watchedOf(handle);
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
      const last = object.last ?? this.makeRoom(object);
      watched.forEach((name, index) => {
        last[object.lastAt + index] = values.get(`TCP_OFFLOAD_STATE_DELEGATED.${name}`) ?? NaN;
      });
    }
  }

  /** A TCP engine has run: reports the delegated variables that it changed. Allocates nothing. */
  ran(handle: NDIS_OFFLOAD_HANDLE, writer: number, variables: TcpVariables): void {
    const object = watchedOf(handle);
    if (object === undefined) return;
    const { machine } = this;
    const last = object.last ?? this.makeRoom(object);
    const { lastAt } = object;
    this.changes = 0;
    this.compare(last, lastAt, 0, variables.State);
    this.compare(last, lastAt, 1, variables.RcvNxt);
    this.compare(last, lastAt, 2, variables.RcvWnd);
    this.compare(last, lastAt, 3, variables.SndUna);
    this.compare(last, lastAt, 4, variables.SndNxt);
    this.compare(last, lastAt, 5, variables.SndMax);
    this.compare(last, lastAt, 6, variables.SndWnd);
    this.compare(last, lastAt, 7, variables.MaxSndWnd);
    this.compare(last, lastAt, 8, variables.SendWL1);
    this.compare(last, lastAt, 9, variables.CWnd);
    this.compare(last, lastAt, 10, variables.SsThresh);
    this.compare(last, lastAt, 11, variables.SRtt);
    this.compare(last, lastAt, 12, variables.RttVar);
    this.compare(last, lastAt, 13, variables.TsRecent);
    this.compare(last, lastAt, 14, variables.TotalRT);
    this.compare(last, lastAt, 15, variables.DupAckCount);
    this.compare(last, lastAt, 16, variables.SndWndProbeCount);
    this.compare(last, lastAt, 17, variables.RetransmitCount);
    this.compare(last, lastAt, 18, variables.KeepAliveProbeCount);
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

  private makeRoom(object: WatchedObject): Float64Array {
    if (this.slabUsed === this.slab.length) {
      this.slab = new Float64Array(objectsInSlab * watched.length).fill(NaN);
      this.slabUsed = 0;
    }
    object.last = this.slab;
    object.lastAt = this.slabUsed;
    this.slabUsed += watched.length;
    return this.slab;
  }

  private compare(last: Float64Array, lastAt: number, index: number, value: number): void {
    if (value === last[lastAt + index]) return;
    last[lastAt + index] = value;
    this.changedVariables[this.changes] = watchedIndexes[index]!;
    this.changedValues[this.changes++] = value;
  }
}
