/** What rules about statistics have in common: the answers of targets, and how much counters have grown from one to the next. */
import { constantValue, structureLayout } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import type { Facts, Handlers, RuleContext } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { adapterFacts } from '../../facts/adapters';
import { bufferOf, oidRequestFacts, oidOf, type EndedOidRequest } from '../../facts/oidRequests';
import {
  boundsBetween,
  recounts,
  type Bounds,
  type Recounts,
  type TallyName,
  type TallySnapshot,
} from '../../facts/recounts';

const oids = {
  ip4: constantValue('OID_IP4_OFFLOAD_STATS'),
  ip6: constantValue('OID_IP6_OFFLOAD_STATS'),
  tcp4: constantValue('OID_TCP4_OFFLOAD_STATS'),
  tcp6: constantValue('OID_TCP6_OFFLOAD_STATS'),
} as const;

/** OIDs of statistics, by number. */
export const statisticsNames: ReadonlyMap<number, string> = new Map([
  [oids.ip4, 'OID_IP4_OFFLOAD_STATS'],
  [oids.ip6, 'OID_IP6_OFFLOAD_STATS'],
  [oids.tcp4, 'OID_TCP4_OFFLOAD_STATS'],
  [oids.tcp6, 'OID_TCP6_OFFLOAD_STATS'],
]);

/** Whether an OID is about IP_OFFLOAD_STATS; else about TCP_OFFLOAD_STATS. */
export function isIp(oid: number): boolean {
  return oid === oids.ip4 || oid === oids.ip6;
}

/** The IP version of an OID. */
export function versionOf(oid: number): 4 | 6 {
  return oid === oids.ip4 || oid === oids.tcp4 ? 4 : 6;
}

/** The OID of the same structure for the other IP version. */
export function otherVersionOf(oid: number): number {
  if (isIp(oid)) return oid === oids.ip4 ? oids.ip6 : oids.ip4;
  return oid === oids.tcp4 ? oids.tcp6 : oids.tcp4;
}

/** Members that are counters; CurrentlyEstablished is none. */
const members = {
  ip: structureLayout('IP_OFFLOAD_STATS').fields.map(({ name }) => name),
  tcp: structureLayout('TCP_OFFLOAD_STATS')
    .fields.map(({ name }) => name)
    .filter((name) => name !== 'CurrentlyEstablished'),
} as const;

/** The counters of the structure of an OID. */
export function countersOf(oid: number): readonly string[] {
  return isIp(oid) ? members.ip : members.tcp;
}

/** An answer of a target to a query. */
export interface Answer {
  readonly end: EndedOidRequest;
  readonly target: number;
  /** Adapter by its handle. */
  readonly adapter: number;
  readonly view: StructureView;
  /** What the target must have counted when the request began, and when it had ended. */
  readonly tallies: readonly [start: TallySnapshot, end: TallySnapshot] | undefined;
}

/** Hears of every query and set of statistics that a target has ended. */
export function onStatistics(
  { facts }: RuleContext,
  take: (end: EndedOidRequest, adapter: number) => void,
): { readonly call: NonNullable<Handlers['call']>; readonly returned: NonNullable<Handlers['returned']> } {
  const requests = facts.of(oidRequestFacts);
  const adapters = facts.of(adapterFacts);
  const ended = (call: Call): void => {
    if (!statisticsNames.has(oidOf(call) ?? -1)) return;
    const end = requests.endedBy(call);
    if (end?.request.functionName !== 'MiniportOidRequest') return;
    if (facts.machine.role(end.request.callee) !== 'offload-target') return;
    take(end, adapters.of(end.request)?.handle ?? -1);
  };
  return { call: { NdisMOidRequestComplete: ended }, returned: { MiniportOidRequest: ended } };
}

/** The answer that a query has ended with, with tallies if `known` counts; undefined for a set, and for a query that failed. */
export function answerOf(end: EndedOidRequest, adapter: number, known?: Recounts): Answer | undefined {
  if (end.sets || end.status !== NDIS_STATUS.SUCCESS) return undefined;
  const view = bufferOf(end, 'InformationBuffer');
  if (view === undefined) return undefined;
  const target = end.request.callee;
  const version = versionOf(end.oid);
  const start = known?.startOf(end.request, version);
  const tallies = start && ([start, known!.snapshot(target, version)] as const);
  return { end, target, adapter, view, tallies };
}

/** Two answers to the same OID of an adapter, without a set between them. */
export interface Growth {
  readonly before: Answer;
  readonly now: Answer;
  /** How much a counter grew, modulo its width (STT-026). */
  readonly grown: (member: string) => number;
  /** What a tally can have grown by; undefined where the trace can't tell: it was cut, or the adapter was out of service in between. */
  readonly bounds: (name: TallyName) => Bounds | undefined;
}

/**
 * Hears of every pair of answers to the same OID of an adapter, one after the other, without a set between them; but not of counters that go
 * back, which is STT-006's and STT-007's business.
 */
export function onGrowth(
  context: RuleContext,
  take: (growth: Growth) => void,
): ReturnType<typeof onStatistics> {
  const { facts } = context;
  const known = facts.of(recounts);
  const last = new Map<string, Answer>();
  return onStatistics(context, (end, adapter) => {
    const key = `${adapter} ${end.oid}`;
    if (end.sets) {
      last.delete(key);
      return;
    }
    const now = answerOf(end, adapter, known);
    const before = last.get(key);
    if (now === undefined) return;
    last.set(key, now);
    if (before === undefined || goesBack(before, now)) return;
    take(growthBetween(facts, before, now));
  });
}

/** As {@link onGrowth}, once everything is known that `bounds` rests on: shortly after the second answer. */
export function onRecount(
  context: RuleContext,
  take: (growth: Growth) => void,
): ReturnType<typeof onStatistics> {
  const known = context.facts.of(recounts);
  return onGrowth(context, (growth) => {
    known.afterwards(() => {
      take(growth);
    });
  });
}

/** What has grown between two answers. */
export function growthBetween(facts: Facts, before: Answer, now: Answer): Growth {
  const isClear =
    facts.historyComplete &&
    before.tallies !== undefined &&
    now.tallies !== undefined &&
    before.tallies[0].blurs >= 0 &&
    before.tallies[0].blurs === now.tallies[1].blurs;
  return {
    before,
    now,
    grown: (member) => difference(before.view, now.view, member),
    bounds: (name) => (isClear ? boundsBetween(before.tallies, now.tallies, name) : undefined),
  };
}

/** A counter as it was answered. */
export function counterOf(view: StructureView, member: string): bigint {
  const bytes = view.slice(member);
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) return 0n;
  return bytes.length < 8 ? BigInt(data.getUint32(0, true)) : data.getBigUint64(0, true);
}

/** Bits of a counter. */
export function widthOf(view: StructureView, member: string): number {
  return view.slice(member).length * 8;
}

/** Whether a counter is smaller than before, and has not wrapped: nothing counts so much. */
function goesBack(before: Answer, now: Answer): boolean {
  return countersOf(now.end.oid).some(
    (member) => difference(before.view, now.view, member) >= 2 ** (widthOf(now.view, member) - 1),
  );
}

function difference(before: StructureView, now: StructureView, member: string): number {
  return Number(BigInt.asUintN(widthOf(now, member), counterOf(now, member) - counterOf(before, member)));
}

/** Offloaded connections of an adapter's driver, of one IP version if it is given. */
export function offloadedOf(facts: Facts, driver: number, version?: 4 | 6): number {
  let count = 0;
  for (const { object } of facts.objects.allAt('miniport', driver)) {
    const known = facts.objects.find(object);
    if (known?.layer !== 'tcp') continue;
    const isIpv6 = facts.machine.ends(known.connection ?? -1)?.local.startsWith('[') === true;
    if (version === undefined || isIpv6 === (version === 6)) count++;
  }
  return count;
}

/** Members that have moved, with how much: `InSegments by 3`. */
export function movedMembers({ now, grown }: Growth): string[] {
  return countersOf(now.end.oid)
    .filter((member) => grown(member) !== 0)
    .map((member) => `${member} by ${grown(member)}`);
}
