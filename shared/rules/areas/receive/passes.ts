/** Which posted receives an indication should have seen. */
import type { EventId } from '../../../trace/records';
import type { Call } from '../../engine/call';
import type { Facts } from '../../engine/rule';
import type { LentList } from '../../facts/listLedger';
import { roomOf } from './posts';

/** The oldest open receive with room on the connection of an indication, of those posted after an event. */
export function firstWithRoom(facts: Facts, indication: Call, after: EventId = -1): LentList | undefined {
  const { caller, connection } = indication;
  for (const lent of facts.lists.open('miniport', caller, connection, 'receive'))
    if (lent.call.event > after && roomOf(lent) > 0) return lent;
  return undefined;
}

/** First event of the pass in which an indication is made, as far as records tell: the outermost call around it, or the frame that led to it. */
function beginningOf(indication: Call): EventId | undefined {
  let { parent } = indication;
  while (parent?.parent !== undefined) ({ parent } = parent);
  return parent?.event ?? indication.record.cause;
}

/** Whether a post was there for certain when the pass of an indication began: it had returned by then, or the indication is made inside it. */
export function isBehind(post: Call, indication: Call): boolean {
  const beginning = beginningOf(indication);
  if (beginning !== undefined && post.returned !== undefined && post.returned.event < beginning) return true;
  return indication.enclosing((outer) => outer === post) !== undefined;
}
