/**
 * Rules about datagrams and segments with faults. What is at fault is seen in the recorded bytes and in the bits that flipped on the way; what a
 * recording of the first bytes only doesn't show is nothing that a finding rests on.
 */
import { rule, type Rule, type RuleContext } from '../../engine/rule';
import { recounts, type TallyName } from '../../facts/recounts';
import { isIp, onRecount, type Growth } from './answers';

/** A counter is not larger than what can be counted in it. */
function atMost(
  { before, now, grown }: Growth,
  context: RuleContext,
  member: string,
  most: number,
  what: string,
): void {
  const growth = grown(member);
  context.expect(growth <= most, () => ({
    events: [before.end.event, now.end.event],
    found: `${member} grew by ${growth}, and ${most === 0 ? 'none' : `only ${most}`} came of ${what}`,
    expected: `one for each of ${what}, and nothing else`,
    component: now.target,
  }));
}

/** Faulty datagrams are passed up or counted, and never both. */
function upOrCounted(
  context: RuleContext,
  growth: Growth,
  member: string,
  fault: TallyName,
  besides = 0,
): void {
  const { before, now, grown, bounds } = growth;
  const dropped = bounds(`${fault}Dropped` as TallyName);
  const all = bounds(fault);
  if (dropped === undefined || all === undefined || all.high === 0) return;
  const counted = grown(member);
  const holds = counted >= dropped.low && counted <= dropped.high + besides;
  context.expect(holds, () => ({
    events: [before.end.event, now.end.event],
    found: `of ${all.high} with a corrupt ${fault === 'header' ? 'IP' : 'TCP'} header ${all.high - dropped.high} were passed up, and ${member} grew by ${counted}`,
    expected: `${dropped.low === dropped.high ? dropped.low : `${dropped.low} to ${dropped.high}`}: each is passed up or counted`,
    component: now.target,
  }));
}

/** See the file's head. */
export const faultRules: readonly Rule[] = [
  rule('STT-012', (context) =>
    onRecount(context, (growth) => {
      const all = growth.bounds('header');
      if (!isIp(growth.now.end.oid) || all === undefined) return;
      atMost(growth, context, 'InHeaderErrors', all.high, 'datagrams with a corrupt IP header');
    }),
  ),

  rule('STT-013', (context) =>
    onRecount(context, (growth) => {
      const { before, now, grown, bounds } = growth;
      const all = bounds('truncated');
      const dropped = bounds('truncatedDropped');
      if (!isIp(now.end.oid) || all === undefined || dropped === undefined) return;
      atMost(
        growth,
        context,
        'InTruncatedPackets',
        all.high,
        'frames with a valid header and too little data',
      );
      if (dropped.low === 0) return;
      context.expect(grown('InTruncatedPackets') >= dropped.low, () => ({
        events: [before.end.event, now.end.event],
        found: `${dropped.low} frames with a valid header and too little data were dropped, and InTruncatedPackets grew by ${grown('InTruncatedPackets')}`,
        expected: 'one for each',
        component: now.target,
      }));
    }),
  ),

  rule('STT-016', (context) =>
    onRecount(context, (growth) => {
      if (isIp(growth.now.end.oid)) upOrCounted(context, growth, 'InHeaderErrors', 'header');
    }),
  ),

  rule('STT-017', (context) =>
    onRecount(context, (growth) => {
      if (isIp(growth.now.end.oid)) return;
      // What is out of place, and what is forwarded, may be counted as well: no records tell.
      upOrCounted(context, growth, 'InErrors', 'segment', growth.bounds('odd')?.high ?? 0);
    }),
  ),

  rule('STT-018', (context) => {
    const { expect, facts } = context;
    const known = facts.of(recounts);
    known.onFaulty.push(({ frame, target, fault, holding, indicated }) => {
      if (fault !== 'segment' || holding || known.isHolding(target) || !facts.historyComplete) return;
      expect(indicated !== undefined, () => ({
        events: [frame.event, facts.event],
        found: 'a segment with a corrupt TCP header was not passed up, with no path offloaded',
        expected: 'NdisMIndicateReceiveNetBufferLists',
        component: target,
        connection: frame.connection,
      }));
    });
    return onRecount(context, ({ before, now, grown, bounds }) => {
      if (isIp(now.end.oid) || bounds('pathChanges')?.high !== 0 || now.tallies![1].holding) return;
      const counted = grown('InErrors');
      expect(counted === 0, () => ({
        events: [before.end.event, now.end.event],
        found: `InErrors grew by ${counted}, with no path offloaded`,
        expected: 'InErrors that stays: corrupt segments are passed up and not counted',
        component: now.target,
      }));
    });
  }),

  rule('STT-024', (context) =>
    onRecount(context, (growth) => {
      const all = growth.bounds('segment');
      const odd = growth.bounds('odd');
      if (isIp(growth.now.end.oid) || all === undefined || odd === undefined) return;
      atMost(growth, context, 'InErrors', all.high + odd.high, 'segments with TCP errors');
    }),
  ),
];
