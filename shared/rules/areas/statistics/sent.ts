/** Rules that count again what a target's engine has sent, and the connections that have ended at once. */
import { rule, type Rule, type RuleContext } from '../../engine/rule';
import type { TallyName } from '../../facts/recounts';
import { growthBetween, isIp, onRecount, type Growth } from './answers';

/** A counter of TCP_OFFLOAD_STATS grows as much as a tally does. */
function follows(
  context: RuleContext,
  member: string,
  name: TallyName,
  what: string,
): ReturnType<typeof onRecount> {
  return onRecount(context, ({ before, now, grown, bounds }) => {
    const tally = bounds(name);
    if (isIp(now.end.oid) || tally === undefined) return;
    const counted = grown(member);
    context.expect(counted >= tally.low && counted <= tally.high, () => ({
      events: [before.end.event, now.end.event],
      found: `${member} grew by ${counted}`,
      expected: `${tally.low === tally.high ? tally.low : `${tally.low} to ${tally.high}`}: so many ${what} left meanwhile`,
      component: now.target,
    }));
  });
}

/** See the file's head. */
export const sentRules: readonly Rule[] = [
  rule('STT-020', (context) =>
    follows(context, 'OutSegments', 'new', 'segments with something else than bytes sent before'),
  ),

  rule('STT-021', (context) =>
    follows(context, 'RetransmittedSegments', 'repeated', 'segments with a byte sent before'),
  ),

  rule('STT-023', (context) => {
    const { expect, facts } = context;
    /** More than has been told so far, by adapter and OID: what has ended a connection may be told shortly after it is counted. */
    const doubtful = new Map<string, Growth>();
    return onRecount(context, (growth) => {
      const { before, now, grown, bounds } = growth;
      const ended = bounds('aborted');
      if (isIp(now.end.oid) || ended === undefined) return;
      const counted = grown('ResetEstablished');
      expect(counted >= ended.low, () => ({
        events: [before.end.event, now.end.event],
        found: `ResetEstablished grew by ${counted}, and ${ended.low} connections were reset by their peers`,
        expected: 'one for each connection that went from ESTABLISHED or CLOSE-WAIT to CLOSED',
        component: now.target,
      }));
      const key = `${now.adapter} ${now.end.oid}`;
      const earlier = doubtful.get(key);
      doubtful.delete(key);
      if (earlier !== undefined) {
        const whole = growthBetween(facts, earlier.before, now);
        const all = whole.bounds('aborted')?.high ?? Infinity;
        expect(whole.grown('ResetEstablished') <= all, () => ({
          events: [earlier.before.end.event, earlier.now.end.event],
          found: `ResetEstablished grew by ${earlier.grown('ResetEstablished')}, and at most ${earlier.bounds('aborted')?.high ?? 0} connections ended at once`,
          expected: 'one for each connection that went from ESTABLISHED or CLOSE-WAIT to CLOSED',
          component: now.target,
        }));
      } else if (counted > ended.high) doubtful.set(key, growth);
    });
  }),

  rule('STT-025', (context) => follows(context, 'OutResets', 'resets', 'segments with RST')),
];
