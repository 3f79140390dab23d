/** What each function does with the NET_BUFFER_LISTs that it passes: hands them over, gives them back, or both in one tree. */
import { listPairs, treePairs, type ListPurpose } from '../rules/facts/edges';
import type { CallRecord, NetBufferListSnapshot } from '../trace/records';

/** Why lists change hands. `attached-send`: send data in an initiate. `buffered-data`: received data that a terminate hands up. */
export type LoanPurpose = ListPurpose | 'attached-send' | 'buffered-data';

/** Lists that a call passes for one purpose. */
export interface HandOver {
  readonly purpose: LoanPurpose;
  /** Whether they are lent to the callee, or given back to it. */
  readonly direction: 'lent' | 'given-back';
  readonly lists: readonly NetBufferListSnapshot[];
  /**
   * Returns that undo it: the callee has not taken them. `unless-pending`: any status but NDIS_STATUS_PENDING; `unless-success`: any but
   * NDIS_STATUS_SUCCESS (IND-012); `never`: the function returns nothing that says so.
   */
  readonly undone: 'unless-pending' | 'unless-success' | 'never';
}

const requests = new Map(listPairs.map((pair) => [pair.request as string, pair]));
const completions = new Map(listPairs.map((pair) => [pair.completion as string, pair]));
const initiates = new Set<string>();
const initiated = new Set<string>();
const terminated = new Set<string>();
for (const { verb, request, completion } of treePairs) {
  if (verb === 'initiate') {
    initiates.add(request);
    initiated.add(completion);
  } else if (verb === 'terminate') terminated.add(completion);
}

/** Whether calls of a function may hand lists over or give them back. */
export function movesLists(functionName: string): boolean {
  return (
    requests.has(functionName) ||
    completions.has(functionName) ||
    initiates.has(functionName) ||
    initiated.has(functionName) ||
    terminated.has(functionName)
  );
}

/**
 * What a call does with the lists that it passes. Received data in an initiate stays the host's: the target copies it (INI-027), and nothing
 * changes hands.
 */
export function handOversOf(record: CallRecord): HandOver[] {
  const { functionName } = record;
  const request = requests.get(functionName);
  const completion = completions.get(functionName);
  const found: HandOver[] = [];
  for (const value of record.arguments) {
    if (value.kind !== 'net-buffer-lists' || value.lists.length === 0) continue;
    const { lists, name } = value;
    if (request !== undefined)
      found.push({
        purpose: request.purpose,
        direction: 'lent',
        lists,
        undone: request.onSuccess === true ? 'unless-success' : 'unless-pending',
      });
    else if (completion !== undefined)
      found.push({ purpose: completion.purpose, direction: 'given-back', lists, undone: 'never' });
    else if (name === 'NetBufferListChain' && initiates.has(functionName))
      found.push({ purpose: 'attached-send', direction: 'lent', lists, undone: 'unless-pending' });
    else if (name === 'NetBufferListChain' && (initiated.has(functionName) || terminated.has(functionName)))
      found.push({ purpose: 'send', direction: 'given-back', lists, undone: 'never' });
    else if (name === 'BufferedData' && terminated.has(functionName))
      found.push({ purpose: 'buffered-data', direction: 'lent', lists, undone: 'never' });
  }
  return found;
}
