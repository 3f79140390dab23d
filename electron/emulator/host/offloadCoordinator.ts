/**
 * Decides what the host stack offers to the target and takes back, and when: objects are named by one initiate or terminate at a
 * time, shared paths and neighbors stay as long as anything depends on them, and go when nothing does (TRM-005 to TRM-007).
 */
import { NDIS_STATUS, statusName } from '../../../shared/ddi/status';
import { isTaken, type AttachedState, type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, type Outstanding } from '../kit';
import type { HostConnection } from './hostConnection';
import type { HostStack } from './hostStack';
import type { NeighborEntry } from './neighborCache';
import type { OffloadRecord } from './offloadRecord';
import {
  blockFor,
  initiateTree,
  terminateTree,
  type NamedTree,
  type Offer,
  type TerminateSelection,
} from './offloadTrees';
import { OffloadUpdates } from './offloadUpdates';
import type { PathEntry } from './pathCache';
import { unfilledState, type StateClasses } from './unfilledState';

/** An object that requests may name. */
export type OffloadableObject = NeighborEntry | PathEntry | HostConnection;

function covers<Item>(chosen: ReadonlySet<Item>, all: Iterable<Item>): boolean {
  for (const item of all) if (!chosen.has(item)) return false;
  return true;
}

/** See the file's head. */
export class OffloadCoordinator {
  readonly updates: OffloadUpdates;
  /** To be offered together as soon as their acknowledgments have left, and their paths and neighbors stand still. */
  private readonly waiting: (readonly HostConnection[])[] = [];
  /** To be taken back together when what runs now has ended. */
  private readonly leaving = new Set<HostConnection>();
  /** While it is set nothing new is offered. */
  suspended = false;
  private settling = false;
  /** How often somebody has asked for a look. */
  private settleWishes = 0;

  constructor(private readonly stack: HostStack) {
    this.updates = new OffloadUpdates(stack, this);
  }

  /** Decisions that are due and have not been carried out. */
  get outstanding(): Outstanding {
    return {
      'groups waiting to be offered': this.waiting.length,
      'connections waiting to be taken back': this.leaving.size,
      ...this.updates.outstanding,
    };
  }

  /** Offers connections to the target in one tree, once nothing of theirs is with NDIS any more. */
  offer(connections: readonly HostConnection[]): void {
    const pending = new Set(connections);
    const ready = new Set<HostConnection>();
    for (const connection of connections) {
      connection.prepareOffload((isReady) => {
        pending.delete(connection);
        if (isReady) ready.add(connection);
        if (pending.size === 0) this.offerReady(connections.filter((one) => ready.has(one)));
      });
    }
  }

  /** Offers a neighbor alone, for paths that are to move to it; `done` hears whether the target has taken it. */
  offerNeighbor(neighbor: NeighborEntry, done: (taken: boolean) => void): void {
    const { stack } = this;
    const { observer } = stack.driver;
    const { record } = neighbor;
    const state = stack.neighborState(neighbor);
    const block = blockFor(stack, record, 'all', state);
    record.place = 'Offloading';
    observer.wrote(record.handle, stack.component, state);
    observer.owner(record.handle, 'offloading');
    stack.whenCompleted(block, () => {
      const taken = isTaken(block.Status);
      record.place = taken ? 'Offloaded' : 'InHost';
      observer.owner(record.handle, taken ? 'target' : 'host');
      done(taken);
      this.settleSoon();
    });
    stack.ndis.NdisInitiateOffload(stack.binding, block);
  }

  /** Takes connections back as soon as what runs now has ended, all in one tree. */
  takeBackSoon(connections: Iterable<HostConnection>): void {
    const before = this.leaving.size;
    for (const connection of connections) {
      const { place } = connection.record;
      if (place === 'Offloaded' || place === 'Offloading') this.leaving.add(connection);
    }
    // Without anything new to take back, looking again at once would be for ever.
    if (this.leaving.size > before) this.settleSoon();
  }

  /** Takes connections back now, and what only they depend on with them; one with a request under way is left for later. */
  takeBack(connections: Iterable<HostConnection>): void {
    const chosen = new Set<HostConnection>();
    for (const connection of connections) {
      const { record } = connection;
      // What is on its way comes back as soon as it has arrived.
      if (record.place === 'Offloading') this.leaving.add(connection);
      if (record.place !== 'Offloaded') continue;
      if (record.openRequests > 0) this.leaving.add(connection);
      else chosen.add(connection);
    }
    if (chosen.size > 0) this.terminate(this.select(chosen));
  }

  /** Declares an object invalid: nothing may be sent that depends on it (section 5.5 of the state digest). */
  invalidate(object: OffloadableObject): void {
    const { stack } = this;
    const { record } = object;
    if (record.place !== 'Offloaded' || record.updating || record.invalid) return;
    const affected = [record, ...this.connectionsBehind(object).map((connection) => connection.record)];
    const records = new Set(affected);
    record.invalid = true;
    for (const one of records) one.openRequests++;
    const block = blockFor(stack, record, 'all', undefined);
    stack.whenCompleted(block, () => {
      for (const one of records) one.openRequests--;
      this.settleSoon();
    });
    stack.ndis.NdisInvalidateOffload(stack.binding, block);
  }

  /** Reads variables of an offloaded object; `done` gets them, or undefined where the target has failed (section 5.3). */
  query(
    object: OffloadableObject,
    classes: StateClasses,
    done: (state: AttachedState | undefined) => void,
  ): void {
    const { stack } = this;
    const { record } = object;
    if (record.place !== 'Offloaded') {
      done(undefined);
      return;
    }
    const state = unfilledState(record, classes);
    const block = blockFor(stack, record, classes, state);
    record.openRequests++;
    stack.whenCompleted(block, () => {
      record.openRequests--;
      const succeeded = block.Status === NDIS_STATUS.SUCCESS;
      if (!succeeded) this.giveUp(object);
      else if (state.layer === 'tcp' && state.delegated?.SendBacklogSize !== undefined)
        (object as HostConnection).onSendBacklog(state.delegated.SendBacklogSize);
      done(succeeded ? state : undefined);
      this.settleSoon();
    });
    stack.ndis.NdisQueryOffloadState(stack.binding, block);
  }

  /** The target has failed with an object: everything that depends on it comes back, and then the object (UPD-007, QRY-010). */
  giveUp(object: OffloadableObject): void {
    this.takeBackSoon(this.connectionsBehind(object));
  }

  /** Looks, once what runs now has ended, what can go on. */
  settleSoon(): void {
    this.settleWishes++;
    if (this.settling) return;
    this.settling = true;
    this.stack.whenIdle(() => {
      const { settleWishes } = this;
      this.settle();
      this.settling = false;
      // What became possible while the requests were being made, maybe on another processor.
      if (this.settleWishes !== settleWishes) this.settleSoon();
    });
  }

  /** A data request has returned: a terminate may have waited for that. */
  requestReturned(): void {
    if (this.leaving.size > 0) this.settleSoon();
  }

  /** The connections that depend on an object and are with the target, or on their way. */
  connectionsBehind(object: OffloadableObject): HostConnection[] {
    switch (object.record.layer) {
      case 'tcp':
        return [object as HostConnection];
      case 'path':
        return [...(object as PathEntry).dependents];
      case 'neighbor':
        return [...(object as NeighborEntry).dependents].flatMap((path) => [...path.dependents]);
    }
  }

  private settle(): void {
    const leaving = [...this.leaving];
    this.leaving.clear();
    this.takeBack(leaving);
    this.updates.flush();
    for (const group of this.waiting.splice(0)) this.offerReady(group);
    this.releaseUnused();
  }

  private offerReady(group: readonly HostConnection[]): void {
    // Acknowledgments may have followed the last data; the target must not send while they are on their way.
    if (group.some((connection) => connection.hasFramesUnderWay)) {
      this.waiting.push(group);
      return;
    }
    const offers: Offer[] = [];
    const later: HostConnection[] = [];
    for (const connection of group) {
      const { path } = connection;
      if (this.suspended || path.record.invalid || path.neighbor.record.invalid) connection.declineOffload();
      else if (!path.record.isSettled || !path.neighbor.record.isSettled) later.push(connection);
      else {
        const offer = connection.offer();
        if (offer !== undefined) offers.push(offer);
      }
    }
    if (later.length > 0) this.waiting.push(later);
    if (offers.length > 0) this.initiate(offers);
  }

  private initiate(offers: readonly Offer[]): void {
    const { stack } = this;
    const { observer } = stack.driver;
    const tree = initiateTree(stack, offers);
    const isNew = new Set<OffloadRecord>();
    for (const [record, block] of tree.blocks) {
      // A linker stays where it is until the target has seen what is to be linked to it.
      record.openRequests++;
      if (block.state === undefined) continue;
      isNew.add(record);
      record.place = 'Offloading';
      observer.wrote(record.handle, stack.component, block.state);
      observer.owner(record.handle, 'offloading');
    }
    for (const { connection } of offers) {
      connection.path.dependents.add(connection);
      connection.path.neighbor.dependents.add(connection.path);
    }
    stack.whenCompleted(tree.root, () => {
      const settle = (record: OffloadRecord): boolean => {
        const taken = isTaken(tree.blocks.get(record)!.Status);
        record.place = taken ? 'Offloaded' : 'InHost';
        observer.owner(record.handle, taken ? 'target' : 'host');
        return taken;
      };
      for (const record of tree.blocks.keys()) record.openRequests--;
      for (const record of isNew) if (record.layer !== 'tcp') settle(record);
      for (const { connection } of offers) {
        const { path } = connection;
        if (!isTaken(tree.blocks.get(connection.record)!.Status)) path.dependents.delete(connection);
        if (path.record.place !== 'Offloaded') path.neighbor.dependents.delete(path);
      }
      // Each connection goes on before the next one is free to: another processor may want it at once.
      for (const { connection } of offers) {
        const { Status, NetBufferListChain } = tree.blocks.get(connection.record)!;
        if (settle(connection.record)) connection.onOffloaded();
        else connection.onOffloadFailed(statusName(Status), NetBufferListChain);
      }
      this.settleSoon();
    });
    stack.ndis.NdisInitiateOffload(stack.binding, tree.root);
  }

  /** Adds to connections the paths and neighbors that nothing else depends on. */
  private select(connections: ReadonlySet<HostConnection>): TerminateSelection {
    const paths = new Set<PathEntry>();
    const neighbors = new Set<NeighborEntry>();
    for (const { path } of connections)
      if (this.mayGo(path.record) && covers(connections, path.dependents)) paths.add(path);
    for (const { neighbor } of paths)
      if (this.mayGo(neighbor.record) && covers(paths, neighbor.dependents)) neighbors.add(neighbor);
    return { connections, paths, neighbors };
  }

  /** Takes back what nothing depends on: it is of no use to the target (TRM-007). */
  private releaseUnused(): void {
    const paths = new Set<PathEntry>();
    const neighbors = new Set<NeighborEntry>();
    for (const path of this.stack.paths.all)
      if (this.mayGo(path.record) && path.dependents.size === 0) paths.add(path);
    for (const neighbor of this.stack.neighbors.all)
      if (this.mayGo(neighbor.record) && covers(paths, neighbor.dependents)) neighbors.add(neighbor);
    if (paths.size + neighbors.size > 0) this.terminate({ connections: new Set(), paths, neighbors });
  }

  private mayGo(record: OffloadRecord): boolean {
    return record.place === 'Offloaded' && record.openRequests === 0;
  }

  private terminate(selection: TerminateSelection): void {
    const { stack } = this;
    const { observer } = stack.driver;
    const tree = terminateTree(stack, selection);
    for (const connection of selection.connections) connection.noteTerminate();
    for (const record of tree.blocks.keys()) {
      record.place = 'Uploading';
      observer.owner(record.handle, 'uploading');
    }
    stack.whenCompleted(tree.root, () => {
      this.takeAnswers(selection, tree);
      this.settleSoon();
    });
    stack.ndis.NdisTerminateOffload(stack.binding, tree.root);
  }

  private takeAnswers(selection: TerminateSelection, tree: NamedTree): void {
    const { stack } = this;
    const { observer } = stack.driver;
    const settle = (record: OffloadRecord, block: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): boolean => {
      // After a failure the object is still the target's, which asks for another terminate (A26, TRM-038).
      if (block.Status !== NDIS_STATUS.SUCCESS) {
        record.place = 'Offloaded';
        observer.owner(record.handle, 'target');
        return false;
      }
      record.place = 'InHost';
      record.invalid = false;
      record.handle.MiniportOffloadContext.value = null;
      observer.owner(record.handle, 'host');
      if (block.state !== undefined) observer.wrote(record.handle, stack.component, block.state);
      return true;
    };
    for (const [record, block] of tree.blocks) if (record.layer !== 'tcp') settle(record, block);
    for (const neighbor of selection.neighbors) {
      const state = tree.blocks.get(neighbor.record)?.state;
      if (neighbor.record.place !== 'InHost' || state?.layer !== 'neighbor' || state.delegated === undefined)
        continue;
      const seenByTarget = stack.kernel.now - stack.ticksToTime(state.delegated.NicReachabilityDelta);
      neighbor.confirmedAt = Math.max(neighbor.confirmedAt, seenByTarget);
    }
    for (const path of selection.paths)
      if (path.record.place === 'InHost') path.neighbor.dependents.delete(path);
    for (const connection of selection.connections) {
      const block = tree.blocks.get(connection.record)!;
      if (block.Status === NDIS_STATUS.SUCCESS) connection.path.dependents.delete(connection);
    }
    for (const connection of selection.connections) {
      const block = tree.blocks.get(connection.record)!;
      if (!settle(connection.record, block)) continue;
      if (block.state?.layer === 'tcp' && block.state.delegated !== undefined)
        connection.onUploaded(block.state.delegated, block.NetBufferListChain);
    }
  }
}
