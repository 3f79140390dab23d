/** Trees that NDIS gets wrong on their way from one driver to the other: changed in the records of its calls. */
import { structureLayout } from '../../../shared/ddi/catalogue';
import type { BlockSnapshot, CallRecord } from '../../../shared/trace/records';

type Recorded = Omit<CallRecord, 'kind'>;

/** Changes each block of the tree that a call passes; `number` counts from 0 in the order of the walk. */
export function withBlocks(
  change: (block: BlockSnapshot, number: number) => BlockSnapshot,
): (call: Recorded) => Recorded {
  return (call) => ({
    ...call,
    arguments: call.arguments.map((argument) =>
      argument.kind === 'block-list' ? { ...argument, blocks: argument.blocks.map(change) } : argument,
    ),
  });
}

/** A block with other bytes. */
export function edited(block: BlockSnapshot, edit: (view: DataView) => void): BlockSnapshot {
  const bytes = block.bytes.slice();
  edit(new DataView(bytes.buffer));
  return { ...block, bytes };
}

/** Where a member of the miniport form of a block stands. */
export function memberAt(
  name: string,
  form:
    | 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST'
    | 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST' = 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST',
): number {
  return structureLayout(form).fields.find((field) => field.name === name)!.offset;
}

/** A block with other bytes in the structures behind it. */
export function editedStates(block: BlockSnapshot, edit: (view: DataView) => void): BlockSnapshot {
  return {
    ...block,
    states: block.states.map((state) => {
      if (!state.structure.includes('_OFFLOAD_STATE_')) return state;
      const bytes = state.bytes.slice();
      edit(new DataView(bytes.buffer));
      return { ...state, bytes };
    }),
  };
}
