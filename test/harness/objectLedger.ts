/**
 * The objects that the target holds at each moment, told from the records of a trace alone: what each initiate and terminate
 * named, and how it was answered. The checks of the tree rules look at it.
 */
import type { Call } from '../../shared/analysis/callIndex';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { NDIS_STATUS } from '../../shared/ddi/status';
import type { BlockSnapshot } from '../../shared/trace/records';
import { blockMember, blocksOf } from './traceQueries';

/** A block with its place in the tree. */
export interface TreeBlock extends BlockSnapshot {
  readonly parent: TreeBlock | undefined;
  readonly children: TreeBlock[];
}

/** Blocks of a call as a tree, in the order of the walk. */
export function treeOf(model: TraceModel, call: Call): TreeBlock[] {
  const path: TreeBlock[] = [];
  return blocksOf(model, call).map((block) => {
    path.length = block.depth;
    const parent = path[block.depth - 1];
    const placed: TreeBlock = { ...block, parent, children: [] };
    parent?.children.push(placed);
    path[block.depth] = placed;
    return placed;
  });
}

/** Status of a miniport block. */
export function statusOf(block: BlockSnapshot): number {
  return Number(blockMember('miniport', block, 'Status'));
}

/** Whether an initiate has taken a block's object. */
export function wasTaken(block: BlockSnapshot): boolean {
  const status = statusOf(block);
  return status === NDIS_STATUS.SUCCESS || status === NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
}

/** See the file's head. */
export class ObjectLedger {
  /** Objects that the target holds, with the object that each depends on. */
  readonly held = new Map<number, number | undefined>();
  /** Objects that are being offered, with the object that each is to depend on. */
  readonly offloading = new Map<number, number | undefined>();
  readonly terminating = new Set<number>();
  readonly updating = new Set<number>();
  readonly invalid = new Set<number>();

  /** Objects that depend on one. */
  dependentsOf(object: number): number[] {
    return [...this.held].filter(([, parent]) => parent === object).map(([dependent]) => dependent);
  }
}

/** Operations in the order in which the calls happen; `visit` sees the ledger as it was before the call. */
export function walkOperations(
  model: TraceModel,
  visit: (call: Call, blocks: readonly TreeBlock[], ledger: ObjectLedger) => void,
  edge?: number,
): ObjectLedger {
  const ledger = new ObjectLedger();
  const trees = new Map<number, readonly TreeBlock[]>();
  const follow: Readonly<Record<string, (blocks: readonly TreeBlock[]) => void>> = {
    MiniportInitiateOffload: (blocks) => {
      for (const block of blocks)
        if (block.role === 'new') ledger.offloading.set(block.object!, block.parent?.object);
    },
    NdisMInitiateOffloadComplete: (blocks) => {
      for (const block of blocks) {
        if (block.object === undefined || !ledger.offloading.delete(block.object)) continue;
        if (wasTaken(block)) ledger.held.set(block.object, block.parent?.object);
      }
    },
    MiniportTerminateOffload: (blocks) => {
      for (const { object } of blocks) if (object !== undefined) ledger.terminating.add(object);
    },
    NdisMTerminateOffloadComplete: (blocks) => {
      for (const block of blocks) {
        const { object } = block;
        if (object === undefined) continue;
        ledger.terminating.delete(object);
        ledger.invalid.delete(object);
        if (statusOf(block) === NDIS_STATUS.SUCCESS) ledger.held.delete(object);
      }
    },
    MiniportUpdateOffload: (blocks) => {
      for (const { object } of blocks) if (object !== undefined) ledger.updating.add(object);
    },
    NdisMUpdateOffloadComplete: (blocks) => {
      for (const block of blocks) {
        const { object, parent } = block;
        if (object === undefined) continue;
        ledger.updating.delete(object);
        const moved = parent?.object !== undefined && statusOf(block) === NDIS_STATUS.SUCCESS;
        if (moved && ledger.held.has(object)) ledger.held.set(object, parent.object);
      }
    },
    MiniportInvalidateOffload: (blocks) => {
      for (const { object } of blocks) if (object !== undefined) ledger.invalid.add(object);
    },
  };
  for (const call of model.calls.calls) {
    const step = follow[call.functionName];
    const names = [
      'MiniportQueryOffload',
      'NdisMQueryOffloadStateComplete',
      'NdisMInvalidateOffloadComplete',
    ];
    if (step === undefined && !names.includes(call.functionName)) continue;
    if (edge !== undefined && call.callee !== edge && call.caller !== edge) continue;
    const blocks = treeOf(model, call);
    trees.set(call.event, blocks);
    visit(call, blocks, ledger);
    step?.(blocks);
  }
  return ledger;
}
