/** What a posted receive says of itself besides its length. */
import type { Call } from '../../engine/call';
import type { Facts } from '../../engine/rule';
import type { LentList } from '../../facts/listLedger';

/** A slot of NetBufferListInfo of a list, by its position in the chain of the call that posted it; 0 where none is recorded. */
function slotOf(call: Call, name: string, position: number): number {
  let index = 0;
  for (const argument of call.record.arguments)
    if (argument.kind === 'number' && argument.name === name && index++ === position) return argument.value;
  return 0;
}

/** Whether a request is in nonpush mode (RCV-007). */
export function isNonpush({ call, position }: LentList): boolean {
  return slotOf(call, 'TcpReceiveNoPush', position) !== 0;
}

/** Bytes that the host stack had put into a request before it posted it. */
export function prefilledBytes({
  call,
  position,
}: {
  readonly call: Call;
  readonly position: number;
}): number {
  return slotOf(call, 'TcpReceiveBytesTransferred', position);
}

/** Bytes that a target can place in a request. */
export function roomOf(lent: LentList): number {
  return lent.snapshot.dataLength - prefilledBytes(lent);
}

/** Whether a completion gives receives back in another order than they were posted (RCV-019). */
export function isOutOfOrder({ lists }: Facts, call: Call): boolean {
  const given = lists.givenBack(call).flatMap(({ lent }) => (lent?.purpose === 'receive' ? [lent] : []));
  const oldest = lists.open('miniport', call.caller, given[0]?.connection, 'receive').values();
  return given.some((lent) => oldest.next().value !== lent);
}
