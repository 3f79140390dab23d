/** Checks of completions of posted lists that sends and receives have in common. */
import type { ListPurpose } from '../facts/edges';
import type { Call } from './call';
import type { RuleContext } from './rule';

/** How a list is named in a finding. */
export function listName({ address }: { readonly address: number }): string {
  return `0x${address.toString(16)}`;
}

/**
 * What is completed as a `purpose` was handed over for that.
 * @param expected what a finding says that the rule demands
 */
export function onlyPosted(
  { facts, expect }: RuleContext,
  call: Call,
  purpose: ListPurpose,
  expected: string,
): void {
  for (const { list, lent } of facts.lists.givenBack(call)) {
    const past = lent === undefined ? facts.lists.past('miniport', call.caller, list.address) : undefined;
    // Completed twice is another matter (SND-018, RCV-020).
    if (past?.purpose === purpose) continue;
    const was = lent?.purpose ?? past?.purpose;
    if (was === undefined && !facts.historyComplete) continue;
    expect(was === purpose, () => ({
      events: [(lent ?? past)?.call.event, call.event],
      found:
        was === undefined
          ? `list ${listName(list)} was completed as a ${purpose}, and nobody had posted it`
          : `list ${listName(list)} was completed as a ${purpose}, and was handed over for: ${was}`,
      expected,
      component: call.caller,
      connection: lent?.connection ?? call.connection,
    }));
  }
}
