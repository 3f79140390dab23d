/** Rules of the area "statistics" (STT): the four sets of counters that a target keeps of offloaded connections. */
import { constantValue, structureLayout } from '../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../ddi/status';
import type { EventId } from '../../trace/records';
import type { RuleId } from '../catalogue';
import type { Call } from '../engine/call';
import { rule, type Facts, type Handlers, type Rule, type RuleContext } from '../engine/rule';
import type { StructureView } from '../engine/structureView';
import { adapterFacts } from '../facts/adapters';
import { bufferOf, oidOf, oidRequestFacts, type EndedOidRequest } from '../facts/oidRequests';

const oids = {
  ip4: constantValue('OID_IP4_OFFLOAD_STATS'),
  ip6: constantValue('OID_IP6_OFFLOAD_STATS'),
  tcp4: constantValue('OID_TCP4_OFFLOAD_STATS'),
  tcp6: constantValue('OID_TCP6_OFFLOAD_STATS'),
} as const;

const names = new Map<number, string>([
  [oids.ip4, 'OID_IP4_OFFLOAD_STATS'],
  [oids.ip6, 'OID_IP6_OFFLOAD_STATS'],
  [oids.tcp4, 'OID_TCP4_OFFLOAD_STATS'],
  [oids.tcp6, 'OID_TCP6_OFFLOAD_STATS'],
]);

function isIp(oid: number): boolean {
  return oid === oids.ip4 || oid === oids.ip6;
}

function versionOf(oid: number): 4 | 6 {
  return oid === oids.ip4 || oid === oids.tcp4 ? 4 : 6;
}

/** Bytes of an IP header without options. */
const headerLengths = { 4: 20, 6: 40 } as const;

/** An answer of a target to a query. */
interface Answer {
  readonly end: EndedOidRequest;
  readonly target: number;
  /** Adapter by its handle. */
  readonly adapter: number;
  readonly view: StructureView;
}

/** Hears of every query and set of statistics that a target has ended. */
function onStatistics(
  { facts }: RuleContext,
  take: (end: EndedOidRequest, adapter: number) => void,
): Handlers {
  const requests = facts.of(oidRequestFacts);
  const adapters = facts.of(adapterFacts);
  const ended = (call: Call): void => {
    if (!names.has(oidOf(call) ?? -1)) return;
    const end = requests.endedBy(call);
    if (end?.request.functionName !== 'MiniportOidRequest') return;
    if (facts.machine.role(end.request.callee) !== 'offload-target') return;
    take(end, adapters.of(end.request)?.handle ?? -1);
  };
  return { call: { NdisMOidRequestComplete: ended }, returned: { MiniportOidRequest: ended } };
}

function answerOf(end: EndedOidRequest, adapter: number): Answer | undefined {
  if (end.sets || end.status !== NDIS_STATUS.SUCCESS) return undefined;
  const view = bufferOf(end, 'InformationBuffer');
  return view === undefined ? undefined : { end, target: end.request.callee, adapter, view };
}

/** Says for each pair of answers to the same OID of an adapter, without a set between them, how much each counter grew. */
function growth(
  context: RuleContext,
  take: (before: Answer, now: Answer, grown: (member: string) => number) => void,
): Handlers {
  const last = new Map<string, Answer>();
  return onStatistics(context, (end, adapter) => {
    const key = `${adapter} ${end.oid}`;
    if (end.sets) {
      last.delete(key);
      return;
    }
    const now = answerOf(end, adapter);
    const before = last.get(key);
    if (now === undefined) return;
    last.set(key, now);
    if (before !== undefined) take(before, now, (member) => difference(before.view, now.view, member));
  });
}

function difference(before: StructureView, now: StructureView, member: string): number {
  const width = now.slice(member).length;
  const grown = (now.number(member) ?? 0) - (before.number(member) ?? 0);
  // Counters wrap at their width (STT-026).
  return grown < 0 ? grown + (width === 4 ? 2 ** 32 : 2 ** 64) : grown;
}

/** Offloaded connections of an adapter's driver, of one IP version if it is given. */
function offloadedOf(facts: Facts, driver: number, version?: 4 | 6): number {
  let count = 0;
  for (const { object } of facts.objects.allAt('miniport', driver)) {
    const known = facts.objects.find(object);
    if (known?.layer !== 'tcp') continue;
    const isIpv6 = facts.machine.ends(known.connection ?? -1)?.local.startsWith('[') === true;
    if (version === undefined || isIpv6 === (version === 6)) count++;
  }
  return count;
}

/** See the file's head. */
export const statisticsRules: readonly Rule[] = [
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
        found: `${names.get(end.oid)} was answered ${statusName(end.status)} with ${written ?? 'no'} bytes`,
        expected: `NDIS_STATUS_SUCCESS with the ${size} bytes of ${structure}`,
        component: end.request.callee,
      }));
    }),
  ),

  rule('STT-004', (context) => onlyOffloaded(context, true)),
  rule('STT-005', (context) => onlyOffloaded(context, false)),

  rule('STT-009', (context) =>
    growth(context, (before, now, grown) => {
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
    growth(context, (before, now, grown) => {
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
    growth(context, (before, now, grown) => {
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
    growth(context, (before, now, grown) => {
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
  const handlers = growth(context, (before, now, grown) => {
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
      found: `${moved.join(', ')} of ${names.get(now.end.oid)} changed, and no connection was offloaded`,
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

/** Rules of the area that records can't decide, each with the reason. */
export const statisticsUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'STT-027':
    'What a host stack reports to its own users crosses no NDIS function: no record tells its totals.',
};
