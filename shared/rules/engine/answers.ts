/** What a query can be answered with: rules about answers look away where the question was none. */
import { NDIS_STATUS } from '../../ddi/status';
import type { CoreFacts } from '../facts/coreFacts';
import { layerOf } from './blocks';
import type { TreeBlock } from './tree';

/**
 * Whether a driver could answer a block of a query: its cell holds what the driver wrote when it took the object (CTX-010), the object is of
 * the layer that the type says (CTX-009), and there is something to be filled (QRY-001). Where a trace doesn't tell, it could.
 */
export function isAnswerable({ objects }: CoreFacts, driver: number, block: TreeBlock): boolean {
  const held = objects.at('miniport', driver, block.object);
  const layer = objects.find(block.object)?.layer;
  return (
    block.attached.length > 0 &&
    (layer === undefined || layerOf(block) === layer) &&
    (held?.context === undefined || block.context === undefined || block.context === held.context)
  );
}

/** Whether a block comes back from a query with an answer. One whose cell is NULL names nothing: nothing is written behind it (CTX-008). */
export function isAnswered(block: TreeBlock): boolean {
  return block.status === NDIS_STATUS.SUCCESS && block.context !== 0;
}
