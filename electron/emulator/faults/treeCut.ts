/**
 * A tree of MiniportInitiateOffload of which a part is refused in the driver's place: the driver gets the tree without that part, and what
 * it answers is put together again as if it had refused it itself (status algebra of section 5.1 of the state digest, INI-029 to INI-034).
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  isTaken,
  summarizeStatuses,
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
} from '../ndis/offloadBlockList';

type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

/** How a block was linked. */
interface Links {
  readonly block: Block;
  readonly parent: Block | null;
  readonly NextBlock: Block | null;
  readonly DependentBlockList: Block | null;
}

/** Whether a block offers an object that the target does not have. */
export function isNew({ MiniportOffloadContext: cell }: Block): boolean {
  return cell !== null && cell.value === null;
}

/** The blocks of a tree in the order of the walk. */
export function blocksOf(root: Block): Block[] {
  const blocks: Block[] = [];
  walkBlocks(root, (block) => blocks.push(block));
  return blocks;
}

function dependentsOf(block: Block): Block[] {
  const blocks: Block[] = [];
  for (let child = block.DependentBlockList; child !== null; child = child.NextBlock) blocks.push(child);
  return blocks;
}

/** See the file's head. */
export class TreeCut {
  /** In the order of the walk, as the tree was. */
  private readonly links: Links[] = [];
  /** What the driver is to see; none where nothing is left for it to take. */
  readonly hasRest: boolean;

  /** @param refused the blocks that are refused, each with its status; what depends on them goes with them */
  constructor(
    private readonly root: Block,
    private readonly refused: ReadonlyMap<Block, NdisStatus>,
  ) {
    const parents = new Map<Block, Block>();
    walkBlocks(root, (block) => {
      for (const child of dependentsOf(block)) parents.set(child, block);
      const { NextBlock, DependentBlockList } = block;
      this.links.push({ block, parent: parents.get(block) ?? null, NextBlock, DependentBlockList });
    });
    if (refused.has(root)) {
      this.hasRest = false;
      return;
    }
    for (const { block } of this.links) {
      block.DependentBlockList = this.firstLeft(block.DependentBlockList);
      block.NextBlock = this.firstLeft(block.NextBlock);
    }
    this.hasRest = blocksOf(root).some(isNew);
    if (!this.hasRest) this.restore();
  }

  /** Makes the tree what it was and writes the statuses; those that the driver has written count, where it has seen the tree. */
  finish(): void {
    const { links, root, refused, hasRest } = this;
    if (hasRest) this.restore();
    const hasFailed = refused.has(root) || (hasRest && isFailed(root));
    for (const { block, parent } of links) {
      if (block.MiniportOffloadContext === null) block.Status = NDIS_STATUS.SUCCESS;
      else if (parent !== null && parent.MiniportOffloadContext !== null && isFailed(parent))
        block.Status = NDIS_STATUS.FAILURE;
      else if (hasFailed && block !== root) block.Status = NDIS_STATUS.FAILURE;
      else if (refused.has(block)) block.Status = refused.get(block)!;
      else if (!hasRest) block.Status = NDIS_STATUS.SUCCESS;
    }
    for (const { block } of [...links].reverse()) {
      const children = dependentsOf(block).map(({ Status }) => Status);
      if (children.length === 0 || isFailed(block) || block.MiniportOffloadContext === null) continue;
      const summary = summarizeStatuses(children);
      // A linker without a single taken dependent has failed; a new object has still been taken itself (TRE-028, INI-029).
      const isLinker = block.state === undefined;
      block.Status =
        summary === NDIS_STATUS.FAILURE && !isLinker ? NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS : summary;
    }
  }

  private firstLeft(first: Block | null): Block | null {
    let block = first;
    while (block !== null && this.refused.has(block)) block = block.NextBlock;
    return block;
  }

  private restore(): void {
    for (const { block, NextBlock, DependentBlockList } of this.links) {
      block.NextBlock = NextBlock;
      block.DependentBlockList = DependentBlockList;
    }
  }
}

function isFailed(block: Block): boolean {
  return block.MiniportOffloadContext !== null && !isTaken(block.Status);
}
