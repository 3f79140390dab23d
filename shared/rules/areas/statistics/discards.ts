/**
 * Rules about datagrams that are lost inside the adapter. No record tells that it was short of something: decided is that only good datagrams
 * count on the way in, only what has not left on the way out, and nothing for want of a path while every connection has one.
 */
import { rule, type Rule } from '../../engine/rule';
import { isIp, onRecount } from './answers';

/** See the file's head. */
export const discardRules: readonly Rule[] = [
  rule('STT-014', (context) =>
    onRecount(context, ({ before, now, grown, bounds }) => {
      const good = bounds('good');
      const sent = bounds('sent');
      if (!isIp(now.end.oid) || good === undefined || sent === undefined) return;
      const [inDiscards, outDiscards] = [grown('InDiscards'), grown('OutDiscards')];
      const taken = grown('InDelivers') + inDiscards;
      context.expect(inDiscards === 0 || taken <= good.high, () => ({
        events: [before.end.event, now.end.event],
        found: `InDiscards grew by ${inDiscards} beside ${grown('InDelivers')} delivered, and ${good.high} datagrams came without a fault`,
        expected: 'good datagrams only, each delivered or discarded',
        component: now.target,
      }));
      const missing = grown('OutRequests') - sent.low;
      context.expect(outDiscards === 0 || outDiscards <= missing, () => ({
        events: [before.end.event, now.end.event],
        found: `OutDiscards grew by ${outDiscards}; of ${grown('OutRequests')} datagrams to be sent ${sent.low} left`,
        expected: 'datagrams that were to be sent and did not leave',
        component: now.target,
      }));
    }),
  ),

  rule('STT-015', (context) =>
    onRecount(context, ({ before, now, grown, bounds }) => {
      if (!isIp(now.end.oid) || bounds('pathChanges')?.high !== 0) return;
      const counted = grown('OutNoRoutes');
      context.expect(counted === 0, () => ({
        events: [before.end.event, now.end.event],
        found: `OutNoRoutes grew by ${counted}, and no connection has lost its path`,
        expected: 'OutNoRoutes that stays: every connection depends on a path object',
        component: now.target,
      }));
    }),
  ),
];
