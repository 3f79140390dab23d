/** Status codes that a call passes: as arguments, and in completions in NET_BUFFER_LISTs and in the blocks of trees. */
import { StructureView } from '../rules/engine/structureView';
import type { CallRecord } from '../trace/records';

/** Whether a call passes a status code. What is in lists and trees that are not completed has no meaning yet. */
export function passesStatus(call: CallRecord, status: number): boolean {
  const isCompletion = call.completes.length > 0;
  return call.arguments.some((argument) => {
    switch (argument.kind) {
      case 'status':
        return argument.value >>> 0 === status;
      case 'net-buffer-lists':
        return isCompletion && argument.lists.some((list) => list.status >>> 0 === status);
      case 'block-list': {
        if (!isCompletion) return false;
        const structure =
          argument.form === 'protocol'
            ? 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST'
            : 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST';
        return argument.blocks.some(
          ({ bytes }) => new StructureView(structure, bytes).number('Status') === status,
        );
      }
      default:
        return false;
    }
  });
}
