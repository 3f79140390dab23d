/** The clock of a connection's timestamps as it goes from the host stack to the target and back. */
import { NDIS_STATUS } from '../../../ddi/status';
import type { EventId, VirtualTime } from '../../../trace/records';
import { isAnswered } from '../../engine/answers';
import type { Call } from '../../engine/call';
import { tcpFlags } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { treeOf } from '../../engine/tree';
import { adapterProfiles, type AdapterProfiles } from '../../facts/adapterProfiles';
import { busyAdapters } from '../../facts/busyAdapters';
import { handedState } from '../../facts/handedState';
import { ticksOf, timestampDistance, timestampFlows } from '../../facts/timestampFlows';
import type { CoreFacts } from '../../facts/coreFacts';
import { badFrame, constFlags, targetSegments } from '../wire/targetFrames';
import { engineQueue, handOverTime, hostQueue } from './tolerance';

/** Ticks per second of the host stack's clock: what it has told any target. */
function hostTicks(facts: CoreFacts, profiles: AdapterProfiles): number | undefined {
  for (const { id } of facts.machine.withRole('offload-target')) {
    const ticks = profiles.ticksPerSecond(id);
    if (ticks !== undefined) return ticks;
  }
  return undefined;
}

/** A connection's variables in a tree. */
interface TcpBlock {
  readonly connection: number;
  readonly object: number;
  readonly delegated: StructureView;
  readonly constant: StructureView | undefined;
}

/** The connections in a tree that have delegated variables; with `succeeded`, only those whose block did. */
export function tcpBlocks(facts: CoreFacts, call: Call, succeeded = false): TcpBlock[] {
  const isQuery = call.functionName === 'NdisMQueryOffloadStateComplete';
  return treeOf(call).flatMap((block) => {
    const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
    const connection = facts.objects.find(block.object)?.connection;
    if (delegated === undefined || connection === undefined || block.object === undefined) return [];
    if (succeeded && (block.status !== NDIS_STATUS.SUCCESS || (isQuery && !isAnswered(block)))) return [];
    const constant = block.state('TCP_OFFLOAD_STATE_CONST');
    return [{ connection, object: block.object, delegated, constant }];
  });
}

/** TsTime that a terminate has returned. */
interface ReturnedTime {
  readonly value: number;
  readonly time: VirtualTime;
  readonly event: EventId;
}

/** Notes the TsTime of every connection that comes back to the host stack. */
function noteReturned(facts: CoreFacts, call: Call, returned: Map<number, ReturnedTime>): void {
  if (facts.machine.role(call.callee) !== 'host-stack') return;
  for (const { connection, delegated } of tcpBlocks(facts, call, true))
    returned.set(connection, {
      value: delegated.number('TsTime') ?? 0,
      time: call.time,
      event: call.event,
    });
}

/** Share by which the clock of the host stack may drift. */
const drift = 0.1;

/** See the file's head. */
export const handOverRules: readonly Rule[] = [
  rule('TMS-002', ({ expect, facts }) => {
    const stamps = facts.of(timestampFlows);
    const profiles = facts.of(adapterProfiles);
    const returned = new Map<number, ReturnedTime>();
    return {
      call: {
        ProtocolTerminateOffloadComplete: (call) => {
          noteReturned(facts, call, returned);
        },
        NdisInitiateOffload: (call) => {
          if (facts.machine.role(call.caller) !== 'host-stack') return;
          const ticksPerSecond = hostTicks(facts, profiles);
          for (const { connection, delegated, constant } of tcpBlocks(facts, call)) {
            const last = stamps.of(connection)?.last;
            const enabled = ((constant?.number('Flags') ?? 0) & constFlags.timestamps) !== 0;
            if (last === undefined || !enabled || ticksPerSecond === undefined) continue;
            // Every hand-over without a segment stops the clock for a while: the last one says how far it has come.
            const back = returned.get(connection);
            const isBack = back !== undefined && back.event > last.frame.event;
            const since = isBack
              ? { ...back, what: 'TsTime that came back' }
              : { value: last.value, time: last.time, event: last.frame.event, what: 'last timestamp' };
            const TsTime = delegated.number('TsTime') ?? 0;
            const rise = timestampDistance(since.value, TsTime);
            const elapsed = call.time - since.time;
            const least = Math.max(0, ticksOf(elapsed - handOverTime, ticksPerSecond) - 2);
            const most = ticksOf(elapsed + hostQueue, ticksPerSecond) + 2;
            expect(rise >= least && rise <= most, () => ({
              events: [since.event, call.event],
              found: `TsTime was handed down ${rise} ticks above the ${since.what}, ${(elapsed / 1e6).toFixed(1)} ms after it`,
              expected: `${since.value} and the ticks since then`,
              component: call.caller,
              connection,
            }));
          }
        },
      },
    };
  }),

  rule('TMS-003', (context) => {
    const { expect, facts } = context;
    const profiles = facts.of(adapterProfiles);
    const adapters = facts.of(busyAdapters);
    const decided = new Map<number, object>();
    return targetSegments(context, (frame, tcp) => {
      const value = frame.timestamp;
      const ticksPerSecond = profiles.ticksPerSecond(frame.sender);
      if (value === undefined || frame.flags & tcpFlags.RST || ticksPerSecond === undefined) return;
      if (frame.connection === undefined || decided.get(frame.connection) === tcp) return;
      decided.set(frame.connection, tcp);
      const { initiate, taken, delegated } = tcp;
      if (taken === undefined) return;
      const rise = timestampDistance(delegated.number('TsTime') ?? 0, value);
      const least =
        ticksOf(frame.time - taken.time - adapters.longestWait(frame, engineQueue), ticksPerSecond) - 1;
      const most = ticksOf(frame.time - initiate.time, ticksPerSecond) + 2;
      expect(rise >= Math.max(-1, least) && rise <= most, () =>
        badFrame(
          frame,
          initiate.event,
          `the first timestamp of the target is ${rise} ticks above TsTime`,
          `TsTime and the ${ticksOf(frame.time - initiate.time, ticksPerSecond)} ticks since the offload`,
        ),
      );
    });
  }),

  rule('TMS-005', ({ expect, facts }) => {
    const stamps = facts.of(timestampFlows);
    const profiles = facts.of(adapterProfiles);
    const handed = facts.of(handedState);
    return {
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          const ticksPerSecond = profiles.ticksPerSecond(call.caller);
          if (facts.machine.role(call.caller) !== 'offload-target' || ticksPerSecond === undefined) return;
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            const tcp = handed.tcp(call.caller, connection);
            if (tcp?.terminating === undefined || (tcp.constant.Flags & constFlags.timestamps) === 0)
              continue;
            const TsTime = delegated.number('TsTime') ?? 0;
            const last = stamps.of(connection)?.last;
            const own =
              last !== undefined && last.frame.path === 'chimney' && last.frame.event > tcp.initiate.event;
            const base = own ? last.value : (tcp.delegated.number('TsTime') ?? 0);
            const since = own ? last.time : tcp.initiate.time;
            const rise = timestampDistance(base, TsTime);
            // Without a segment of its own, the time that the target began with lies between the request and its completion.
            const lag = own ? 0 : (tcp.taken?.time ?? since) - since;
            const least = ticksOf(tcp.terminating.time - since - lag, ticksPerSecond) - 2;
            const most = ticksOf(call.time - since + engineQueue, ticksPerSecond) + 2;
            expect(rise >= least && rise <= most, () => ({
              events: [own ? last.frame.event : tcp.initiate.event, call.event],
              found: `TsTime came back ${rise} ticks above ${own ? 'the last timestamp' : 'the TsTime of the offload'}, ${((call.time - since) / 1e6).toFixed(1)} ms after it`,
              expected: 'the same clock, that many ticks later',
              component: call.caller,
              connection,
            }));
          }
        },
      },
    };
  }),

  rule('TMS-006', ({ expect, facts }) => {
    const profiles = facts.of(adapterProfiles);
    const returned = new Map<number, ReturnedTime>();
    return {
      call: {
        ProtocolTerminateOffloadComplete: (call) => {
          noteReturned(facts, call, returned);
        },
        NdisInitiateOffload: (call) => {
          for (const { connection } of tcpBlocks(facts, call)) returned.delete(connection);
        },
      },
      hostFrame: (frame) => {
        if (frame.connection === undefined || !frame.isSegment) return;
        const back = returned.get(frame.connection);
        if (back === undefined || frame.flags & tcpFlags.RST) return;
        returned.delete(frame.connection);
        const value = frame.timestamp;
        const ticksPerSecond = hostTicks(facts, profiles);
        if (value === undefined || ticksPerSecond === undefined) return;
        const rise = timestampDistance(back.value, value);
        const elapsed = frame.time - back.time;
        // TsTime was read before the terminate was completed: the host stack begins there.
        const least = Math.max(-1, ticksOf(elapsed - hostQueue, ticksPerSecond) - 2);
        const most = ticksOf(elapsed, ticksPerSecond) + 2;
        expect(rise >= least && rise <= most, () => ({
          events: [back.event, frame.event],
          found: `the first timestamp of the host stack after the upload is ${rise} ticks above the TsTime that came back ${(elapsed / 1e6).toFixed(1)} ms before`,
          expected: `TsTime and ${ticksOf(elapsed, ticksPerSecond)} ticks`,
          component: facts.machine.withRole('host-stack')[0]?.id,
          connection: frame.connection,
        }));
      },
    };
  }),

  rule('TMS-011', ({ expect, facts }) => {
    const profiles = facts.of(adapterProfiles);
    const returned = new Map<number, ReturnedTime>();
    return {
      call: {
        ProtocolTerminateOffloadComplete: (call) => {
          noteReturned(facts, call, returned);
        },
        NdisInitiateOffload: (call) => {
          const ticksPerSecond = hostTicks(facts, profiles);
          if (facts.machine.role(call.caller) !== 'host-stack' || ticksPerSecond === undefined) return;
          for (const { connection, delegated, constant } of tcpBlocks(facts, call)) {
            const back = returned.get(connection);
            returned.delete(connection);
            if (back === undefined || ((constant?.number('Flags') ?? 0) & constFlags.timestamps) === 0)
              continue;
            const rise = timestampDistance(back.value, delegated.number('TsTime') ?? 0);
            const ticks = ((call.time - back.time) * ticksPerSecond) / 1e9;
            const holds = rise >= ticks * (1 - drift) - 2 && rise <= ticks * (1 + drift) + 2;
            expect(holds, () => ({
              events: [back.event, call.event],
              found: `TsTime was handed down again ${rise} ticks above the one that came back`,
              expected: `${Math.round(ticks)} ticks above it: deltas make up for the drift of clocks`,
              component: call.caller,
              connection,
            }));
          }
        },
      },
    };
  }),
];
