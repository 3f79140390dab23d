/**
 * MiniportInitiateOffload in the target: walks the tree depth first, one object at a time as its firmware gets to it, writes every
 * Status, and completes (WDK "Offloading TCP Chimney State").
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { isTaken, summarizeStatuses, walkBlocks, type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../kit';
import { Admission } from './admission';
import { NeighborContext, PathContext, contextSize, type TargetContext } from './contexts';
import { NeighborReachability } from './neighborReachability';
import { OffloadedConnection } from './offloadedConnection';
import type { TargetAdapter } from './targetAdapter';

type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

function dependents(block: Block): Block[] {
  const blocks: Block[] = [];
  for (let child = block.DependentBlockList; child !== null; child = child.NextBlock) blocks.push(child);
  return blocks;
}

/** One initiate request under way. */
export class InitiateOffload {
  /** Blocks in the order of the walk, each with the block that it depends on. */
  private readonly order: { readonly block: Block; readonly parent: Block | null }[] = [];
  private readonly objects = new Map<Block, TargetContext>();
  private readonly started: OffloadedConnection[] = [];
  private admission: Admission;
  private readonly processor: number;

  constructor(
    private readonly adapter: TargetAdapter,
    private readonly root: Block,
  ) {
    this.admission = new Admission(adapter.objects, adapter.settings);
    this.processor = adapter.anyProcessor();
    const parents = new Map<Block, Block>();
    walkBlocks(root, (block) => {
      for (const child of dependents(block)) parents.set(child, block);
      this.order.push({ block, parent: parents.get(block) ?? null });
    });
  }

  /** Starts the walk; the request is completed when it has ended. */
  begin(): void {
    const { adapter } = this;
    adapter.operationBegins();
    // A pause in which the request was held may have changed what the target takes.
    this.admission = new Admission(adapter.objects, adapter.settings);
    this.next(0);
  }

  /** Completes the request without having taken anything: placeholders alone succeed (TRE-018). */
  refuse(status: NdisStatus = NDIS_STATUS.FAILURE): void {
    for (const { block } of this.order)
      block.Status = block.MiniportOffloadContext === null ? NDIS_STATUS.SUCCESS : status;
    const { ndis, handle } = this.adapter;
    ndis.NdisMInitiateOffloadComplete(handle, this.root);
  }

  private next(index: number): void {
    const { kernel, settings } = this.adapter;
    const step = (): void => {
      const item = this.order[index];
      if (item === undefined) {
        this.complete();
        return;
      }
      item.block.Status = this.take(item.block, item.parent);
      if (index === 0 && item.block.Status !== NDIS_STATUS.SUCCESS) {
        this.abandon();
        this.complete();
      } else this.next(index + 1);
    };
    kernel.queueDeferredCall(step, settings.objectTime, this.processor);
  }

  /** Takes one object over and answers its own result; dependents are summarized at the end. */
  private take(block: Block, parent: Block | null): NdisStatus {
    const cell = block.MiniportOffloadContext;
    // A placeholder stands for nothing and so can't fail (TRE-018).
    if (cell === null) return NDIS_STATUS.SUCCESS;
    if (parent !== null && parent.MiniportOffloadContext !== null && !this.objects.has(parent))
      return NDIS_STATUS.FAILURE;
    if (cell.value !== null) {
      const object = cell.value as TargetContext;
      if (!this.adapter.objects.has(object)) return NDIS_STATUS.FAILURE;
      this.objects.set(block, object);
      return NDIS_STATUS.SUCCESS;
    }
    const taken = this.makeObject(block, parent === null ? undefined : this.objects.get(parent));
    if (typeof taken === 'number') return taken;
    cell.value = taken;
    this.adapter.objects.add(taken);
    this.objects.set(block, taken);
    return NDIS_STATUS.SUCCESS;
  }

  private makeObject(block: Block, parent: TargetContext | undefined): TargetContext | NdisStatus {
    const { adapter, admission } = this;
    const { kernel } = adapter;
    const { state, NdisOffloadHandle: handle } = block;
    if (
      handle === null ||
      state?.const === undefined ||
      state.cached === undefined ||
      state.delegated === undefined
    ) {
      return NDIS_STATUS.FAILURE;
    }
    // State is copied: the tree is the host's again once the request has been completed (CTX-005).
    switch (state.layer) {
      case 'neighbor': {
        const refusal = admission.neighbor(state.const);
        if (refusal !== undefined) return refusal;
        const reachability = new NeighborReachability(
          adapter.clock,
          () => adapter.settings.tcp.ticksPerSecond,
          state.cached.HostReachabilityDelta,
          state.delegated.NicReachabilityDelta,
        );
        const address = kernel.allocate(contextSize);
        return new NeighborContext(address, handle, { ...state.const }, { ...state.cached }, reachability);
      }
      case 'path': {
        if (parent?.layer !== 'neighbor') return NDIS_STATUS.FAILURE;
        const refusal = admission.path(state.const, state.cached);
        if (refusal !== undefined) return refusal;
        const address = kernel.allocate(contextSize);
        return new PathContext(address, handle, { ...state.const }, { ...state.cached }, parent);
      }
      case 'tcp': {
        if (parent?.layer !== 'path') return NDIS_STATUS.FAILURE;
        const refusal =
          admission.candidate(state.const) ??
          admission.tcp(state.const, state.cached, state.delegated, block.NetBufferListChain);
        if (refusal !== undefined) return refusal;
        const connection = new OffloadedConnection(
          kernel.allocate(contextSize),
          handle,
          parent,
          adapter,
          { ...state.const },
          { ...state.cached },
          state.delegated,
          block.NetBufferListChain,
        );
        this.started.push(connection);
        // The host stack may have invalidated what the tree links to after it had made the tree.
        if (parent.invalid || parent.neighbor.invalid) connection.invalidate();
        return connection;
      }
    }
  }

  /** The root has failed: nothing else is tried (INI-033, INI-034). */
  private abandon(): void {
    for (const { block } of this.order.slice(1)) {
      block.Status = block.MiniportOffloadContext === null ? NDIS_STATUS.SUCCESS : NDIS_STATUS.FAILURE;
    }
  }

  private complete(): void {
    for (const { block } of [...this.order].reverse()) {
      const children = dependents(block).map((child) => child.Status);
      if (children.length === 0 || !isTaken(block.Status) || block.MiniportOffloadContext === null) continue;
      const summary = summarizeStatuses(children);
      // A linker without a single taken dependent has failed; a new object has still been taken itself (TRE-028, INI-029).
      const isLinker = block.state === undefined;
      block.Status =
        summary === NDIS_STATUS.FAILURE && !isLinker ? NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS : summary;
    }
    const { ndis, handle, kernel } = this.adapter;
    ndis.NdisMInitiateOffloadComplete(handle, this.root);
    for (const connection of this.started) {
      kernel.runOn(connection.processor, () => {
        connection.start();
      });
    }
    this.adapter.operationEnds();
  }
}
