/** What rules about trees ask of their blocks and of the calls that pass them. */
import { constantValue } from '../../ddi/catalogue';
import type { StructureName } from '../../ddi/generated/structures';
import { NDIS_STATUS, statusName, type NdisStatus } from '../../ddi/status';
import type { StateLayer } from '../../trace/records';
import { unwrittenStatus } from '../../trace/unwrittenStatus';
import type { CoreFacts } from '../facts/coreFacts';
import type { Call } from './call';
import type { StructureView } from './structureView';
import { treeOf, type TreeBlock } from './tree';

const firstPathType = constantValue('Ip4OffloadConstState');
const firstIpv6Type = constantValue('Ip6OffloadConstState');
const firstTcpType = constantValue('TcpOffloadConstState');

/** Header.Type of a block, an OFFLOAD_STATE_TYPE. */
export function typeOf(block: TreeBlock): number {
  return block.structure.number('Header.Type') ?? 0;
}

/** Layer that a block's Header.Type names. */
export function layerOf(block: TreeBlock): StateLayer {
  const type = typeOf(block);
  if (type < firstPathType) return 'neighbor';
  return type < firstTcpType ? 'path' : 'tcp';
}

/** Whether a path block's Header.Type is one of IPv6. */
export function isIpv6Type(block: TreeBlock): boolean {
  const type = typeOf(block);
  return type >= firstIpv6Type && type < firstTcpType;
}

/** The state structures that follow a block. */
export function attachedStates(block: TreeBlock): readonly StructureName[] {
  return block.snapshot.states.flatMap(({ structure }) =>
    structure.includes('_OFFLOAD_STATE_') ? structure : [],
  );
}

/** Blocks of an initiate that offer new state. */
export function newBlocks(call: Call): readonly TreeBlock[] {
  return treeOf(call).filter(({ role }) => role === 'new');
}

/** The delegated state behind each new TCP block of an initiate. */
export function* offeredConnections(
  call: Call,
): Generator<{ readonly block: TreeBlock; readonly delegated: StructureView }> {
  for (const block of newBlocks(call)) {
    const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
    if (delegated !== undefined) yield { block, delegated };
  }
}

/** Whether a status that an initiate has written says that the object was not taken. A Status that was never written says nothing (TRE-043). */
export function isRefusal(status: NdisStatus): boolean {
  return (
    status !== NDIS_STATUS.SUCCESS &&
    status !== NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS &&
    status !== unwrittenStatus
  );
}

/** Whether a request is the sender's own: an intermediate driver only passes on what others have made. */
export function isOriginal(facts: CoreFacts, call: Call): boolean {
  return facts.machine.role(call.caller) !== 'intermediate-driver';
}

/** Whether a completion or an indication is of an offload target: an intermediate driver only passes on what others have answered. */
export function isOfTarget(facts: CoreFacts, call: Call): boolean {
  return facts.machine.role(call.caller) !== 'intermediate-driver';
}

/** An object for people: its label, or its number. */
export function nameOf(facts: CoreFacts, object: number | undefined): string {
  return facts.objects.find(object)?.label ?? 'an object that nobody has declared';
}

/** A block's layer and status for people: `path block: NDIS_STATUS_SUCCESS`. */
export function describeStatus(block: TreeBlock): string {
  return `a ${layerOf(block)} block with ${statusName(block.status)}`;
}
