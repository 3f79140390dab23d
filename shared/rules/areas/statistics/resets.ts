/** Rules about sets of statistics OIDs, which make counters begin anew whatever they bring. */
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import { rule, type Facts, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { bufferOf, type EndedOidRequest } from '../../facts/oidRequests';
import { recounts, type TallySnapshot } from '../../facts/recounts';
import { flows, type Flows } from '../../facts/flows';
import { handedState, type HandedState } from '../../facts/handedState';
import {
  answerOf,
  counterOf,
  countersOf,
  growthBetween,
  isIp,
  offloadedOf,
  onStatistics,
  otherVersionOf,
  statisticsNames,
  versionOf,
  widthOf,
  type Answer,
} from './answers';

/** A set that has succeeded, until the next query of its OID. */
interface DoneSet {
  readonly end: EndedOidRequest;
  readonly start: TallySnapshot;
}

/** A set whose buffer holds something else than zeros. */
function bringsValues(end: EndedOidRequest): boolean {
  return bufferOf(end, 'InformationBuffer')?.bytes.some((byte) => byte !== 0) === true;
}

/**
 * Decides of the first query behind each set that `concerns` names whether every counter is at most what has passed since the set began; all
 * traffic of the adapter counts as what has passed.
 */
function restarts(
  context: RuleContext,
  concerns: (end: EndedOidRequest) => boolean,
): ReturnType<typeof onStatistics> {
  const { facts, expect } = context;
  const known = facts.of(recounts);
  const sets = new Map<string, DoneSet>();
  return onStatistics(context, (end, adapter) => {
    const key = `${adapter} ${end.oid}`;
    if (end.sets) {
      const start = known.startOf(end.request, versionOf(end.oid));
      if (end.status === NDIS_STATUS.SUCCESS && concerns(end) && start !== undefined)
        sets.set(key, { end, start });
      else if (end.status === NDIS_STATUS.SUCCESS) sets.delete(key);
      return;
    }
    const set = sets.get(key);
    const now = answerOf(end, adapter, known);
    if (set === undefined || now?.tallies === undefined) return;
    sets.delete(key);
    known.afterwards(() => {
      const { bounds } = growthBetween(facts, { ...now, tallies: [set.start, set.start] }, now);
      const frames = bounds('frames')?.high;
      const octets = bounds('octets')?.high;
      if (frames === undefined || octets === undefined) return;
      const over = countersOf(end.oid).filter(
        (member) => counterOf(now.view, member) > BigInt(member.endsWith('Octets') ? octets : frames),
      );
      expect(over.length === 0, () => ({
        events: [set.end.request.event, end.event],
        found: `behind a set of ${statisticsNames.get(end.oid)} ${over.map((member) => `${member} is ${counterOf(now.view, member)}`).join(', ')}`,
        expected: `counters that begin anew: at most ${frames} frames with ${octets} bytes have passed since`,
        component: now.target,
      }));
    });
  });
}

/** More than stands in a transmit ring. */
const spareBytes = 2 ** 20;

/** Decides of the other IP version's answers around a set that none of their counters has gone back. */
function leavesOther(context: RuleContext, ip: boolean): ReturnType<typeof onStatistics> {
  const { facts, expect } = context;
  const known = facts.of(recounts);
  const last = new Map<string, Answer>();
  const sets = new Map<string, EndedOidRequest>();
  return onStatistics(context, (end, adapter) => {
    if (isIp(end.oid) !== ip) return;
    const key = `${adapter} ${end.oid}`;
    if (end.sets) {
      last.delete(key);
      if (end.status === NDIS_STATUS.SUCCESS) sets.set(`${adapter} ${otherVersionOf(end.oid)}`, end);
      return;
    }
    const now = answerOf(end, adapter, known);
    if (now === undefined) return;
    const before = last.get(key);
    const set = sets.get(key);
    last.set(key, now);
    sets.delete(key);
    if (before === undefined || set === undefined || set.event < before.end.event) return;
    const { bounds } = growthBetween(facts, before, now);
    const passed = bounds('octets')?.high;
    if (passed === undefined) return;
    const most = passed + spareBytes;
    const back = countersOf(end.oid).filter((member) => {
      const first = counterOf(before.view, member);
      // One that has passed its maximum is smaller as well (STT-026).
      const mayWrap = first + BigInt(most) >= 2n ** BigInt(widthOf(now.view, member));
      return counterOf(now.view, member) < first && !mayWrap;
    });
    expect(back.length === 0, () => ({
      events: [set.request.event, end.event],
      found: `a set of ${statisticsNames.get(set.oid)} took ${back.join(', ')} of ${statisticsNames.get(end.oid)} back`,
      expected: 'counters of the other IP version that go on',
      component: now.target,
    }));
  });
}

function both(
  first: ReturnType<typeof onStatistics>,
  ...others: readonly ReturnType<typeof onStatistics>[]
): Handlers {
  const all = [first, ...others];
  return {
    call: {
      NdisMOidRequestComplete: (call) => {
        for (const one of all) one.call.NdisMOidRequestComplete!(call);
      },
    },
    returned: {
      MiniportOidRequest: (call) => {
        for (const one of all) one.returned.MiniportOidRequest!(call);
      },
    },
  };
}

/** Statuses by which a target would find fault with the values. */
const refusals: ReadonlySet<number> = new Set([
  NDIS_STATUS.INVALID_DATA,
  NDIS_STATUS.INVALID_PARAMETER,
  NDIS_STATUS.INVALID_LENGTH,
]);

/** Connections of an adapter that have been ESTABLISHED for certain since the set: neither side has closed, and the target goes on. */
function certainlyEstablished(
  { facts, handed, known }: { readonly facts: Facts; readonly handed: HandedState; readonly known: Flows },
  target: number,
  version: 4 | 6,
  since: number,
): number {
  let count = 0;
  for (const { object } of facts.objects.allAt('miniport', target)) {
    const connection = facts.objects.find(object)?.connection;
    const tcp = handed.tcp(target, connection);
    const flow = known.of(connection);
    if (tcp?.taken === undefined || tcp.taken.event > since || tcp.stoppedBy !== undefined) continue;
    if (flow === undefined) continue;
    const { machine, peer } = flow;
    const closes = [machine.sent.fin, machine.sent.reset, peer.sent.fin, peer.sent.reset];
    const isIpv6 = facts.machine.ends(connection ?? -1)?.local.startsWith('[') === true;
    if (closes.every((frame) => frame === undefined) && isIpv6 === (version === 6)) count++;
  }
  return count;
}

/** CurrentlyEstablished is no counter: it goes on to say how many connections there are. */
function gaugeGoesOn(context: RuleContext): ReturnType<typeof onStatistics> {
  const { facts, expect } = context;
  const parts = { facts, handed: facts.of(handedState), known: facts.of(flows) };
  const sets = new Map<string, EndedOidRequest>();
  return onStatistics(context, (end, adapter) => {
    if (isIp(end.oid)) return;
    const key = `${adapter} ${end.oid}`;
    if (end.sets) {
      if (end.status === NDIS_STATUS.SUCCESS) sets.set(key, end);
      return;
    }
    const set = sets.get(key);
    const now = answerOf(end, adapter);
    if (set === undefined || now === undefined) return;
    sets.delete(key);
    const version = versionOf(end.oid);
    const live = certainlyEstablished(parts, now.target, version, set.request.event);
    if (live === 0 || offloadedOf(facts, now.target, version) === 0) return;
    expect(now.view.number('CurrentlyEstablished') !== 0, () => ({
      events: [set.request.event, end.event],
      found: `a set of ${statisticsNames.get(end.oid)} took CurrentlyEstablished to 0, with ${live} connections established`,
      expected: 'a gauge that follows the connections: a set makes counters begin anew',
      component: now.target,
      severity: 'info',
    }));
  });
}

/** See the file's head. */
export const resetRules: readonly Rule[] = [
  rule('STT-006', (context) =>
    both(
      restarts(context, (end) => isIp(end.oid)),
      leavesOther(context, true),
    ),
  ),

  rule('STT-007', (context) =>
    both(
      restarts(context, (end) => !isIp(end.oid)),
      leavesOther(context, false),
      gaugeGoesOn(context),
    ),
  ),

  rule('STT-008', (context) =>
    both(
      restarts(context, bringsValues),
      onStatistics(context, (end) => {
        if (!end.sets || !bringsValues(end)) return;
        context.expect(!refusals.has(end.status), () => ({
          events: [end.request.event, end.event],
          found: `a set of ${statisticsNames.get(end.oid)} with values was answered ${statusName(end.status)}`,
          expected: 'NDIS_STATUS_SUCCESS, whatever the buffer holds',
          component: end.request.callee,
        }));
      }),
    ),
  ),
];
