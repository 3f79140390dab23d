/** Rules about what counters are kept apart: by IP version, and by adapter; and about their width. */
import { rule, type Rule, type RuleContext } from '../../engine/rule';
import {
  counterOf,
  countersOf,
  movedMembers,
  onRecount,
  statisticsNames,
  widthOf,
  type Growth,
} from './answers';
import type { TallyName } from '../../facts/recounts';

/**
 * While nothing passes on offloaded connections of the version at the adapter, and something does elsewhere, no counter moves. Faulty datagrams
 * may be anybody's: where some have come nothing is decided.
 */
function stayApart(
  context: RuleContext,
  elsewhere: (growth: Growth) => number,
  what: (growth: Growth) => string,
): ReturnType<typeof onRecount> {
  const silent: readonly TallyName[] = [
    'offloaded',
    'header',
    'truncated',
    'segment',
    'aborted',
    'pathChanges',
  ];
  return onRecount(context, (growth) => {
    const { before, now, bounds } = growth;
    if (silent.some((name) => bounds(name)?.high !== 0) || elsewhere(growth) === 0) return;
    const moved = movedMembers(growth);
    context.expect(moved.length === 0, () => ({
      events: [before.end.event, now.end.event],
      found: `${statisticsNames.get(now.end.oid)}: ${moved.join(', ')}, while all traffic was ${what(growth)}`,
      expected: 'counters that stay as they are',
      component: now.target,
    }));
  });
}

/** What proves that a counter grew at least by so much. */
const certain: Readonly<Record<string, TallyName>> = {
  OutRequests: 'sent',
  OutOctets: 'sentOctets',
  OutSegments: 'new',
  RetransmittedSegments: 'repeated',
  OutResets: 'resets',
  ResetEstablished: 'aborted',
  InErrors: 'segmentDropped',
  InHeaderErrors: 'headerDropped',
};

/** Counters that move together: while the second moves, the first does. */
const together: Readonly<Record<string, string>> = {
  InReceives: 'InOctets',
  InOctets: 'InReceives',
  OutRequests: 'OutOctets',
  OutOctets: 'OutRequests',
};

/** See the file's head. */
export const separateRules: readonly Rule[] = [
  rule('STT-002', (context) =>
    stayApart(
      context,
      ({ before, now }) => now.tallies![0].otherVersion - before.tallies![1].otherVersion,
      () => 'of the other IP version',
    ),
  ),

  rule('STT-003', (context) =>
    stayApart(
      context,
      ({ before, now }) => now.tallies![0].elsewhere - before.tallies![1].elsewhere,
      () => 'on other adapters',
    ),
  ),

  // Decided is a counter that would have had to pass its maximum, by what has left for certain, or that stands at it while its sibling moves.
  rule('STT-026', (context) =>
    onRecount(context, ({ before, now, grown, bounds }) => {
      for (const member of countersOf(now.end.oid)) {
        const maximum = 2n ** BigInt(widthOf(now.view, member)) - 1n;
        const first = counterOf(before.view, member);
        const second = counterOf(now.view, member);
        const tally = certain[member];
        const low = tally === undefined ? 0 : (bounds(tally)?.low ?? 0);
        const sibling = together[member];
        const stands = first === maximum && sibling !== undefined && grown(sibling) > 0;
        if (first + BigInt(low) <= maximum && !stands) continue;
        context.expect(second < first, () => ({
          events: [before.end.event, now.end.event],
          found: `${member} went from ${first} to ${second}, with at least ${Math.max(1, low)} more to count`,
          expected: `zero behind ${maximum}`,
          component: now.target,
        }));
      }
    }),
  ),
];
