/** What goes wrong with requests between NDIS and a target: refused, wholly or in part, in the driver's place. */
import { statusValue } from '../../../shared/expression/valueNames';
import { faultResources, type FaultyRequest } from '../../../shared/scenario/faults';
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../ndis/offloadBlockList';
import { articled } from './completionFaults';
import { faultsOf, type InjectedFault } from './injectedFault';
import { blocksOf, isNew, TreeCut } from './treeCut';

type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

/** See the file's head. One for each adapter. */
export class RequestFaults {
  private readonly cuts = new Map<Block, TreeCut>();

  constructor(
    private readonly component: () => number,
    private readonly faults: readonly InjectedFault[],
  ) {}

  /** The status with which a request is refused; undefined where the driver gets it. */
  refusalOf(request: FaultyRequest): NdisStatus | undefined {
    for (const fault of faultsOf(this.faults, 'refuse')) {
      const { definition } = fault;
      if (definition.request !== request || !fault.strikes()) continue;
      const status = statusValue(definition.status)!;
      fault.note(`${articled(request)} is refused with ${statusName(status)}`, this.component());
      return status;
    }
    return undefined;
  }

  /** Takes out of a tree what is refused in the driver's place; answers whether there is anything left for the driver. */
  cut(root: Block): boolean {
    const refused = new Map<Block, NdisStatus>();
    this.refuseNew(root, refused);
    this.lackResources(root, refused);
    this.takePart(root, refused);
    if (refused.size === 0) return true;
    const cut = new TreeCut(root, refused);
    if (cut.hasRest) this.cuts.set(root, cut);
    else cut.finish();
    return cut.hasRest;
  }

  /** Puts a tree together again that comes back from the driver. */
  mend(root: Block): void {
    this.cuts.get(root)?.finish();
    this.cuts.delete(root);
  }

  private refuseNew(root: Block, refused: Map<Block, NdisStatus>): void {
    const status = this.refusalOf('initiate');
    const first = blocksOf(root).find(isNew);
    if (status === undefined || first === undefined) return;
    refused.set(first, status);
    // What has not been tried fails without a status of its own (INI-033).
    for (const block of blocksOf(root))
      if (isNew(block) && block !== first) refused.set(block, NDIS_STATUS.FAILURE);
  }

  private lackResources(root: Block, refused: Map<Block, NdisStatus>): void {
    for (const fault of faultsOf(this.faults, 'resource-failure')) {
      const { layer, status: name } = faultResources[fault.definition.resource];
      const blocks = blocksOf(root).filter((block) => block.layer === layer && isNew(block));
      if (blocks.length === 0 || !fault.strikes()) continue;
      const status = statusValue(name)!;
      fault.note(`new ${layer} objects are refused with ${statusName(status)}`, this.component());
      for (const block of blocks) refused.set(block, status);
    }
  }

  private takePart(root: Block, refused: Map<Block, NdisStatus>): void {
    for (const fault of faultsOf(this.faults, 'partial')) {
      const { take, status: name } = fault.definition;
      const blocks = blocksOf(root).filter((block) => block.layer === 'tcp' && isNew(block));
      if (blocks.length <= take || !fault.strikes()) continue;
      const status = statusValue(name)!;
      fault.note(
        `${take} of the ${blocks.length} connections of a tree are taken, the others refused with ${statusName(status)}`,
        this.component(),
      );
      for (const block of blocks.slice(take)) refused.set(block, status);
    }
  }
}
