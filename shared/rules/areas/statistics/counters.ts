/** Rules about the counters of statistics that the answers themselves decide, one beside the other. */
import { structureLayout } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { EventId } from '../../../trace/records';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { bufferOf } from '../../facts/oidRequests';
import { answerOf, isIp, offloadedOf, onGrowth, onStatistics, statisticsNames, versionOf } from './answers';

/** Bytes of an IP header without options. */
const headerLengths = { 4: 20, 6: 40 } as const;

/** See the file's head. */
export const counterRules: readonly Rule[] = [
  rule('STT-001', (context) =>
    onStatistics(context, (end) => {
      if (end.sets) return;
      const structure = isIp(end.oid) ? 'IP_OFFLOAD_STATS' : 'TCP_OFFLOAD_STATS';
      const { size } = structureLayout(structure);
      const written = end.completion?.number('BytesRead') ?? end.request.numberOut('BytesRead');
      const view = bufferOf(end, 'InformationBuffer');
      const right =
        end.status === NDIS_STATUS.SUCCESS &&
        (view === undefined || view.name === structure) &&
        (written === undefined || written === size);
      context.expect(right, () => ({
        events: [end.request.event, end.event],
        found: `${statisticsNames.get(end.oid)} was answered ${statusName(end.status)} with ${written ?? 'no'} bytes`,
        expected: `NDIS_STATUS_SUCCESS with the ${size} bytes of ${structure}`,
        component: end.request.callee,
      }));
    }),
  ),

  rule('STT-004', (context) => onlyOffloaded(context, true)),
  rule('STT-005', (context) => onlyOffloaded(context, false)),

  rule('STT-009', (context) =>
    onGrowth(context, ({ before, now, grown }) => {
      if (!isIp(now.end.oid)) return;
      const header = headerLengths[versionOf(now.end.oid)];
      const datagrams = grown('InReceives');
      const octets = grown('InOctets');
      context.expect(octets >= header * datagrams, () => ({
        events: [before.end.event, now.end.event],
        found: `InReceives grew by ${datagrams} and InOctets by ${octets}`,
        expected: `at least ${header} bytes for each datagram: headers count`,
        component: now.target,
      }));
    }),
  ),

  rule('STT-010', (context) =>
    onGrowth(context, ({ before, now, grown }) => {
      if (!isIp(now.end.oid)) return;
      const received = grown('InReceives') - grown('InHeaderErrors') - grown('InDiscards');
      const delivered = grown('InDelivers');
      context.expect(delivered <= received, () => ({
        events: [before.end.event, now.end.event],
        found: `InDelivers grew by ${delivered}, and only ${received} datagrams came without errors and were not discarded`,
        expected: 'no more delivered than received',
        component: now.target,
      }));
    }),
  ),

  rule('STT-011', (context) =>
    onGrowth(context, ({ before, now, grown }) => {
      if (!isIp(now.end.oid)) return;
      const header = headerLengths[versionOf(now.end.oid)];
      const datagrams = grown('OutRequests');
      const octets = grown('OutOctets');
      context.expect(octets >= header * datagrams, () => ({
        events: [before.end.event, now.end.event],
        found: `OutRequests grew by ${datagrams} and OutOctets by ${octets}`,
        expected: `at least ${header} bytes for each datagram: headers count`,
        component: now.target,
      }));
    }),
  ),

  rule('STT-019', (context) =>
    onGrowth(context, ({ before, now, grown }) => {
      if (isIp(now.end.oid)) return;
      const segments = grown('InSegments');
      const errors = grown('InErrors');
      context.expect(segments >= errors, () => ({
        events: [before.end.event, now.end.event],
        found: `InSegments grew by ${segments} and InErrors by ${errors}`,
        expected: 'segments with errors counted in InSegments, too',
        component: now.target,
      }));
    }),
  ),

  rule('STT-022', (context) =>
    onStatistics(context, (end, adapter) => {
      const answer = answerOf(end, adapter);
      if (answer === undefined || isIp(end.oid) || !context.facts.historyComplete) return;
      const established = answer.view.number('CurrentlyEstablished');
      if (established === undefined) return;
      const offloaded = offloadedOf(context.facts, answer.target, versionOf(end.oid));
      context.expect(established <= offloaded, () => ({
        events: [end.request.event, end.event],
        found: `CurrentlyEstablished is ${established} with ${offloaded} connections offloaded over this IP version`,
        expected: 'no more than there are offloaded connections',
        component: answer.target,
      }));
    }),
  ),
];

/** With nothing offloaded since the last query no counter has moved. */
function onlyOffloaded(context: RuleContext, ip: boolean): Handlers {
  const { facts, expect } = context;
  /** The last record that brought a target something, or took something from it. */
  const changed = new Map<number, EventId>();
  const handlers = onGrowth(context, ({ before, now, grown }) => {
    if (isIp(now.end.oid) !== ip || !facts.historyComplete) return;
    const since = changed.get(now.target);
    if ((since !== undefined && since > before.end.request.event) || offloadedOf(facts, now.target) > 0)
      return;
    const members = ip
      ? ['InReceives', 'InOctets', 'InDelivers', 'OutRequests', 'OutOctets']
      : ['InSegments', 'OutSegments', 'RetransmittedSegments', 'InErrors', 'OutResets'];
    const moved = members.filter((member) => grown(member) !== 0);
    expect(moved.length === 0, () => ({
      events: [before.end.event, now.end.event],
      found: `${moved.join(', ')} of ${statisticsNames.get(now.end.oid)} changed, and no connection was offloaded`,
      expected: 'counters of offloaded connections only',
      component: now.target,
    }));
  });
  return {
    ...handlers,
    call: {
      ...handlers.call,
      MiniportInitiateOffload: (call) => {
        changed.set(call.callee, call.event);
      },
      NdisMTerminateOffloadComplete: (call) => {
        changed.set(call.caller, call.event);
      },
    },
  };
}
