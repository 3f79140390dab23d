/** Lists that come with the blocks of a tree: send data in NetBufferListChain, received data in BufferedData. */
import type { NetBufferListSnapshot } from '../../trace/records';
import type { Call } from './call';
import type { TreeBlock } from './tree';

const none: readonly NetBufferListSnapshot[] = [];

/** The lists of the chain with a name that begins at an address. */
function chainAt(
  call: Call,
  name: 'NetBufferListChain' | 'BufferedData',
  first: number | undefined,
): readonly NetBufferListSnapshot[] {
  if (first === undefined || first === 0) return none;
  for (const argument of call.record.arguments)
    if (
      argument.kind === 'net-buffer-lists' &&
      argument.name === name &&
      argument.lists[0]?.address === first
    )
      return argument.lists;
  return none;
}

/** Send data that a block of an initiate brings, or one of a terminate gives back; empty if there is none, or none was recorded. */
export function chainOf(call: Call, block: TreeBlock): readonly NetBufferListSnapshot[] {
  return chainAt(call, 'NetBufferListChain', block.structure.pointer('NetBufferListChain'));
}

/** Received data that comes with the delegated state of a TCP block, likewise. */
export function bufferedDataOf(call: Call, block: TreeBlock): readonly NetBufferListSnapshot[] {
  return chainAt(call, 'BufferedData', block.state('TCP_OFFLOAD_STATE_DELEGATED')?.pointer('BufferedData'));
}

/** Whether a call's trace says what hangs on its blocks: a chain that a block names, and that is not among the arguments, was not recorded. */
export function chainIsRecorded(call: Call, block: TreeBlock): boolean {
  const first = block.structure.pointer('NetBufferListChain');
  return first === undefined || first === 0 || chainOf(call, block).length > 0;
}
