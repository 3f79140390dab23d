/** How old a target's knowledge of its neighbors is, and what it does about that (RCH-005, RCH-006, RCH-008, RCH-015, RCH-017 to RCH-019). */
import { constantValue } from '../../../ddi/catalogue';
import type { Call } from '../../engine/call';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { adapterFacts } from '../../facts/adapters';
import { handedState } from '../../facts/handedState';
import {
  neighborTimes,
  processingTime,
  type AnsweredIndication,
  type ReachabilityReport,
} from '../../facts/neighborTimes';

const reachabilityQuery = constantValue('NeighborReachabilityQuery');

function isQuery(call: Call): boolean {
  return call.number('IndicationCode') === reachabilityQuery;
}

/** Hands every report of a NicReachabilityDelta to `take`. */
function reports({ facts }: RuleContext, take: (report: ReachabilityReport) => void): Handlers {
  const known = facts.of(neighborTimes);
  const each = (call: Call): void => {
    for (const report of known.reportsOf(call)) take(report);
  };
  return {
    call: {
      NdisMOffloadEventIndicate: each,
      NdisMQueryOffloadStateComplete: each,
    },
  };
}

/** The most ticks that may have passed since the last proof, and the fewest since anything that may have been one. */
function boundsOf({ neighbor, call, from }: ReachabilityReport): {
  readonly most: number;
  readonly fewest: number;
} {
  const { tick, tolerance, possible } = neighbor;
  return {
    most: Math.ceil((call.time - neighbor.provenBy(call.time).time + tolerance) / tick),
    fewest: Math.floor((from - possible.time - processingTime - tolerance) / tick),
  };
}

/** Decides of a further question whether the answer before it has been reckoned with. */
function notTooSoon(
  context: RuleContext,
  concerns: (answer: number, staleTicks: number) => boolean,
): Handlers {
  const { expect, facts } = context;
  const known = facts.of(neighborTimes);
  return {
    call: {
      NdisMOffloadEventIndicate: (call) => {
        if (!isQuery(call)) return;
        const neighbor = known.of(call.caller, treeOf(call)[0]?.object);
        const before: AnsweredIndication | undefined = neighbor?.answered;
        if (neighbor === undefined || before === undefined || neighbor.updating) return;
        const { tick, staleAfter, tolerance } = neighbor;
        const staleTicks = Math.round(staleAfter / tick);
        if (!(staleTicks > 0) || !concerns(before.answer, staleTicks)) return;
        const since = call.time - before.call.returned!.time;
        expect(since + tolerance >= staleAfter - before.answer * tick, () => ({
          events: [before.call.event, before.call.returned!.event, call.event],
          found: `the target asks about the neighbor again ${Math.floor(since / tick)} ticks after the answer ${before.answer}`,
          expected: `the next question ${staleTicks - before.answer} ticks after the answer at the earliest`,
          component: call.caller,
          object: neighbor.handed.object,
        }));
      },
    },
  };
}

/** See the file's head. */
export const ageRules: readonly Rule[] = [
  rule('RCH-005', (context) =>
    reports(context, (report) => {
      const { neighbor, call, adapterDelta } = report;
      const proof = neighbor.provenBy(call.time);
      if (proof.event === neighbor.handed.initiate.event) return;
      const { most } = boundsOf(report);
      context.expect(adapterDelta <= most, () => ({
        events: [proof.event, call.event],
        found: `NicReachabilityDelta is ${adapterDelta}, and an acknowledgment of new data has arrived since`,
        expected: `at most ${most} ticks, the time since that segment`,
        component: call.caller,
        object: neighbor.handed.object,
      }));
    }),
  ),

  rule('RCH-006', (context) =>
    reports(context, (report) => {
      const { neighbor, call, from, adapterDelta } = report;
      const { idle, possible } = neighbor;
      if (idle === undefined || from - possible.time < 2 * processingTime) return;
      const { fewest } = boundsOf(report);
      context.expect(adapterDelta >= fewest, () => ({
        events: [possible.event, idle.event, call.event],
        found: `NicReachabilityDelta is ${adapterDelta}, and the only segments of the last ${fewest} ticks were duplicates, outside the window, or RSTs`,
        expected: `at least ${fewest} ticks: such segments prove nothing`,
        component: call.caller,
        object: neighbor.handed.object,
      }));
    }),
  ),

  rule('RCH-008', ({ expect, facts }) => {
    const known = facts.of(neighborTimes);
    const handed = facts.of(handedState);
    return {
      call: {
        NdisMOffloadEventIndicate: (call) => {
          if (!isQuery(call) || known.of(call.caller, treeOf(call)[0]?.object) === undefined) return;
          expect(true, () => ({ events: [], found: '', expected: '' }));
        },
      },
      chimneyFrame: (frame) => {
        const tcp = handed.tcp(frame.sender, frame.connection);
        if (tcp?.taken === undefined || tcp.stoppedBy !== undefined) return;
        const neighbor = known.ofHanded(tcp.parent.parent);
        if (neighbor === undefined || neighbor.updating || neighbor.asking !== undefined) return;
        const { possible, host, staleAfter, answered, tolerance } = neighbor;
        if (!(staleAfter > 0)) return;
        const stale = Math.max(possible.time, host.time) + staleAfter + tolerance;
        if (frame.time <= stale + processingTime || (answered?.call.time ?? -Infinity) >= stale) return;
        expect(false, () => ({
          events: [possible.event, host.event, frame.event],
          found: `the target sends a datagram ${Math.floor((frame.time - stale) / neighbor.tick)} ticks after both reachability times of its neighbor went stale`,
          expected: 'NdisMOffloadEventIndicate with NeighborReachabilityQuery before the datagram',
          component: frame.sender,
          connection: frame.connection,
          object: neighbor.handed.object,
        }));
      },
    };
  }),

  rule('RCH-015', (context) =>
    reports(context, (report) => {
      const { neighbor, block, call, adapterDelta } = report;
      const { most, fewest } = boundsOf(report);
      const { tick, tolerance, host, updating } = neighbor;
      const hostDelta = isQuery(call)
        ? block.state('NEIGHBOR_OFFLOAD_STATE_CACHED')?.number('HostReachabilityDelta')
        : undefined;
      const hostAge = (call.time - host.time) / tick;
      const isHostCurrent =
        hostDelta === undefined || updating || Math.abs(hostDelta - hostAge) <= tolerance / tick;
      const isOwnCurrent = adapterDelta >= fewest && adapterDelta <= most;
      context.expect(isOwnCurrent && isHostCurrent, () => ({
        events: [isOwnCurrent ? host.event : neighbor.possible.event, call.event],
        found: isOwnCurrent
          ? `HostReachabilityDelta is ${hostDelta}, ${Math.round(hostAge)} ticks after the host stack's last word`
          : `NicReachabilityDelta is ${adapterDelta}`,
        expected: isOwnCurrent
          ? `${Math.round(hostAge)}, the age that it has by now`
          : `the age that it has by now, ${Math.max(0, fewest)} to ${most} ticks`,
        component: call.caller,
        object: neighbor.handed.object,
      }));
    }),
  ),

  rule('RCH-017', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      returned: {
        ProtocolIndicateOffloadEvent: (call) => {
          if (!isQuery(call) || facts.machine.role(call.callee) !== 'host-stack') return;
          const block = treeOf(call)[0];
          const asked = block?.state('NEIGHBOR_OFFLOAD_STATE_CACHED')?.number('HostReachabilityDelta');
          const answer = call.numberOut('HostReachabilityDelta');
          const limit = adapters.bindingOf(call)?.adapter?.parameters?.view.number('NceStaleTicks');
          if (asked === undefined || answer === undefined || limit === undefined || limit === 0) return;
          // A neighbor that is no longer the host stack's has no entry that could answer.
          if (facts.objects.at('protocol', call.callee, block?.object)?.place !== 'held') return;
          expect(answer <= limit, () => ({
            events: [call.event, call.returned?.event],
            found:
              answer === asked
                ? `HostReachabilityDelta is still the ${asked} of the question when the indication returns`
                : `the host stack answers with HostReachabilityDelta ${answer}, beyond NceStaleTicks`,
            expected: `0 where the entry is stale, else the age of its confirmation, at most ${limit}`,
            component: call.callee,
            object: block?.object,
          }));
        },
      },
    };
  }),

  rule('RCH-018', (context) => notTooSoon(context, (answer, stale) => answer > 0 && answer <= stale)),

  rule('RCH-019', (context) => notTooSoon(context, (answer) => answer === 0)),
];
