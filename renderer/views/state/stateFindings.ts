/** Which objects of the state tree are shown, and how many findings each carries: those about it, and at a closed one those below it. Pure. */
import { noCounts, severities, type SeverityCounts } from '../../stores/sortedFindings';
import type { StateNode } from './stateRows';

/** An object of the tree that no closed one hides. */
export interface ShownNode {
  readonly node: StateNode;
  /** Findings about it up to the cursor. */
  readonly own: SeverityCounts;
  /** What its heading tells: the same, and what is below it where that is closed. */
  readonly told: SeverityCounts;
}

/** Adds to counts. */
function addCounts(to: SeverityCounts, more: SeverityCounts): void {
  for (const severity of severities) to[severity] += more[severity];
}

/**
 * @param nodes parents before children, as `layoutStateTree` answers them
 * @param isClosed whether what depends on an object is hidden
 */
export function showNodes(
  nodes: readonly StateNode[],
  isClosed: (object: number) => boolean,
  countsOf: (object: number) => SeverityCounts,
): ShownNode[] {
  const shown: ShownNode[] = [];
  let closed: ShownNode | undefined;
  for (const node of nodes) {
    const own = countsOf(node.object);
    if (closed !== undefined && node.depth > closed.node.depth) {
      addCounts(closed.told, own);
      continue;
    }
    const told = noCounts();
    addCounts(told, own);
    const one: ShownNode = { node, own, told };
    shown.push(one);
    closed = isClosed(node.object) ? one : undefined;
  }
  return shown;
}
