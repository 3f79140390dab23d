/**
 * Tells the target of every change of a cached variable, one update per object at a time, and moves paths to another neighbor
 * (section 5.4 of the state digest, UPD rules).
 */
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { StateLayer } from '../../../shared/trace/records';
import type { AttachedState, Outstanding } from '../kit';
import type { HostConnection } from './hostConnection';
import type { HostStack } from './hostStack';
import type { NeighborEntry } from './neighborCache';
import type { OffloadableObject, OffloadCoordinator } from './offloadCoordinator';
import { blockFor, linkBlocks } from './offloadTrees';
import { pathState, type PathEntry } from './pathCache';

const layers: readonly StateLayer[] = ['neighbor', 'path', 'tcp'];

/** See the file's head. */
export class OffloadUpdates {
  /** Objects whose cached variables differ from what the target was told. */
  private readonly stale = new Set<OffloadableObject>();
  /** Paths with the neighbor that they are to be linked to. */
  private readonly moves = new Map<PathEntry, NeighborEntry>();
  /** Paths that are being linked to another neighbor, with that. */
  private readonly relinking = new Map<PathEntry, NeighborEntry>();
  /** Paths that the target would not link to another neighbor: they must come back before they move. */
  private readonly refused = new Set<PathEntry>();

  constructor(
    private readonly stack: HostStack,
    private readonly coordinator: OffloadCoordinator,
  ) {}

  /** Changes that the target has not been told of. */
  get outstanding(): Outstanding {
    return { 'objects to update': this.stale.size, 'paths to relink': this.moves.size };
  }

  /** Cached variables of an object have changed; the target hears of it if it has the object. */
  changed(object: OffloadableObject): void {
    this.stack.driver.observer.wrote(object.handle, this.stack.component, this.cachedState(object));
    if (object.record.place === 'InHost') return;
    this.stale.add(object);
    this.coordinator.settleSoon();
  }

  /** Everything on a path goes through another neighbor from now on, whose Ethernet address is known. */
  move(path: PathEntry, neighbor: NeighborEntry): void {
    // A relink under way counts as done: what it brings must not be asked for again, and what it takes away must (UPD-009).
    if ((this.relinking.get(path) ?? path.neighbor) === neighbor) {
      this.moves.delete(path);
      this.refused.delete(path);
      return;
    }
    this.moves.set(path, neighbor);
    this.coordinator.settleSoon();
  }

  /** Whether a path is to be linked to another neighbor. */
  isMoving(path: PathEntry): boolean {
    return this.moves.has(path);
  }

  /** Whether a path is to be linked to a neighbor. */
  awaits(neighbor: NeighborEntry): boolean {
    for (const target of this.moves.values()) if (target === neighbor) return true;
    return false;
  }

  /** Sends the updates that nothing stands in the way of. */
  flush(): void {
    for (const layer of layers) this.updateLayer(layer);
    const byNeighbor = new Map<NeighborEntry, PathEntry[]>();
    for (const [path, neighbor] of this.moves) {
      if (path.record.place === 'InHost') {
        this.moves.delete(path);
        this.refused.delete(path);
        path.neighbor = neighbor;
        this.stack.driver.observer.relinked(path.handle, neighbor.handle);
      } else if (
        !this.refused.has(path) &&
        path.dependents.size > 0 &&
        path.record.openRequests === 0 &&
        path.record.isSettled &&
        !path.record.invalid
      ) {
        byNeighbor.set(neighbor, [...(byNeighbor.get(neighbor) ?? []), path]);
      }
    }
    for (const [neighbor, paths] of byNeighbor) this.relink(neighbor, paths);
  }

  private updateLayer(layer: StateLayer): void {
    const ready: OffloadableObject[] = [];
    for (const object of this.stale) {
      const { record } = object;
      if (record.layer !== layer || record.updating || record.place === 'Offloading') continue;
      if (record.place === 'Offloaded' && !record.invalid) ready.push(object);
      else this.stale.delete(object);
    }
    if (ready.length === 0) return;
    const { stack } = this;
    const blocks = ready.map((object) => {
      this.stale.delete(object);
      object.record.updating = true;
      object.record.openRequests++;
      const state = this.cachedState(object);
      if (state.layer === 'tcp' && state.cached !== undefined) {
        const actions = (object as HostConnection).takeUpdateActions();
        state.cached = { ...state.cached, Flags: state.cached.Flags | actions };
      }
      return blockFor(stack, object.record, 'cached', state);
    });
    const root = linkBlocks(blocks)!;
    stack.whenCompleted(root, () => {
      ready.forEach((object, index) => {
        object.record.updating = false;
        object.record.openRequests--;
        if (blocks[index]!.Status !== NDIS_STATUS.SUCCESS) this.coordinator.giveUp(object);
      });
      this.coordinator.settleSoon();
    });
    stack.ndis.NdisUpdateOffload(stack.binding, root);
  }

  /** Offloads the neighbor if the target hasn't got it, and then moves the paths below it (UPD-009, UPD-010). */
  private relink(neighbor: NeighborEntry, paths: readonly PathEntry[]): void {
    const { record } = neighbor;
    if (record.invalid || !record.isSettled) return;
    if (record.place === 'InHost') {
      // Without the new neighbor the target can do nothing for these paths; they move once they are back.
      const giveUp = (): void => {
        for (const path of paths) this.coordinator.giveUp(path);
      };
      // A neighbor is a new offload, too: a target that has asked for a pause gets none (PWR-002, PWR-007).
      if (!this.stack.chimney.mayOffload) giveUp();
      else
        this.coordinator.offerNeighbor(neighbor, (taken) => {
          if (!taken) giveUp();
        });
      return;
    }
    const { stack } = this;
    const root = blockFor(stack, record, 'all', undefined);
    const blocks = paths.map((path) => blockFor(stack, path.record, 'all', undefined));
    root.DependentBlockList = linkBlocks(blocks);
    const records = [record, ...paths.map((path) => path.record)];
    for (const one of records) {
      one.updating = true;
      one.openRequests++;
    }
    for (const path of paths) {
      this.moves.delete(path);
      this.relinking.set(path, neighbor);
    }
    stack.whenCompleted(root, () => {
      for (const one of records) {
        one.updating = false;
        one.openRequests--;
      }
      paths.forEach((path, index) => {
        this.relinking.delete(path);
        if (blocks[index]!.Status === NDIS_STATUS.SUCCESS) {
          path.neighbor.dependents.delete(path);
          neighbor.dependents.add(path);
          path.neighbor = neighbor;
          stack.driver.observer.relinked(path.handle, neighbor.handle);
        } else {
          if (!this.moves.has(path)) this.moves.set(path, neighbor);
          else if (this.moves.get(path) === path.neighbor) this.moves.delete(path);
          if (this.moves.has(path)) this.refused.add(path);
          this.coordinator.giveUp(path);
        }
      });
      this.coordinator.settleSoon();
    });
    stack.ndis.NdisUpdateOffload(stack.binding, root);
  }

  private cachedState(object: OffloadableObject): AttachedState {
    switch (object.record.layer) {
      case 'neighbor': {
        const { layer, cached } = this.stack.neighborState(object as NeighborEntry);
        return { layer, cached };
      }
      case 'path': {
        const { layer, cached } = pathState(object as PathEntry);
        return { layer, cached };
      }
      case 'tcp':
        return { layer: 'tcp', cached: (object as HostConnection).cachedState };
    }
  }
}
