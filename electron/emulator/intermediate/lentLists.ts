/** Which member has lent which lists to the drivers above: they come back together, whoever lent them. */
import { chainToArray, linkChain, type NET_BUFFER_LIST } from '../kit';
import type { TeamMember } from './teamMember';

/** See the file's head. */
export class LentLists {
  private readonly lenders = new Map<NET_BUFFER_LIST, TeamMember>();

  /** Lists that are out. */
  get size(): number {
    return this.lenders.size;
  }

  /** Whether a member waits for lists. */
  anyOf(member: TeamMember): boolean {
    for (const lender of this.lenders.values()) if (lender === member) return true;
    return false;
  }

  /** A chain goes up. */
  lend(member: TeamMember, chain: NET_BUFFER_LIST | null): void {
    for (const list of chainToArray(chain)) this.lenders.set(list, member);
  }

  /** A chain was not taken after all. */
  forget(chain: NET_BUFFER_LIST): void {
    for (const list of chainToArray(chain)) this.lenders.delete(list);
  }

  /** A chain comes back: answers the chain of each lender. */
  takeBack(chain: NET_BUFFER_LIST): Map<TeamMember, NET_BUFFER_LIST> {
    return splitChain(chain, (list) => {
      const lender = this.lenders.get(list);
      if (lender === undefined) throw new Error('a list comes back that no member has lent');
      this.lenders.delete(list);
      return lender;
    });
  }
}

/** Takes a chain apart: lists of the same key, in their order, make a chain each. */
export function splitChain<Key>(
  chain: NET_BUFFER_LIST,
  keyOf: (list: NET_BUFFER_LIST) => Key,
): Map<Key, NET_BUFFER_LIST> {
  const groups = new Map<Key, NET_BUFFER_LIST[]>();
  for (const list of chainToArray(chain)) {
    const key = keyOf(list);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [list]);
    else group.push(list);
  }
  const chains = new Map<Key, NET_BUFFER_LIST>();
  for (const [key, lists] of groups) chains.set(key, linkChain(lists)!);
  return chains;
}
