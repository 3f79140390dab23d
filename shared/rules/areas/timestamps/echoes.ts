/** Timestamps that are echoed: what the two homes of a connection make of them, and send in turn. */
import { fateDelivers } from '../../../trace/frameFates';
import type { EventId, VirtualTime } from '../../../trace/records';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { adapterProfiles } from '../../facts/adapterProfiles';
import { stays } from '../../facts/stays';
import { handedState, type HandedTcp } from '../../facts/handedState';
import { ticksOf, timestampDistance, timestampFlows } from '../../facts/timestampFlows';
import { badFrame, constFlags, targetSegments } from '../wire/targetFrames';
import { tcpBlocks } from './handOvers';
import { engineQueue, hostQueue } from './tolerance';

/** Smallest and largest round trip, in ticks, that one home may have measured. */
class Samples {
  least = Infinity;
  most = -Infinity;
  leastBy: EventId | undefined;
  mostBy: EventId | undefined;

  add(least: number, most: number, by: EventId): void {
    if (least < this.least) {
      this.least = least;
      this.leastBy = by;
    }
    if (most > this.most) {
      this.most = most;
      this.mostBy = by;
    }
  }
}

/** Finds the round trips of the acknowledgments that arrive, for whoever has the connection; `queue` as in tolerance.ts. */
function roundTrips(
  { facts }: RuleContext,
  queue: VirtualTime,
  samplesOf: (connection: number, receiver: number) => Samples | undefined,
): Required<Pick<Handlers, 'peerFate'>> {
  const stamps = facts.of(timestampFlows);
  const profiles = facts.of(adapterProfiles);
  return {
    peerFate: ({ fate, receiver }, frame, time) => {
      if (frame.connection === undefined || !frame.isSegment || frame.isFragment) return;
      if (!fateDelivers(fate) || fate === 'corrupted' || !frame.has(tcpFlags.ACK)) return;
      const samples = samplesOf(frame.connection, receiver);
      const last = stamps.of(frame.connection)?.last;
      const echo = samples === undefined || last === undefined ? undefined : frame.timestampEcho;
      const ticksPerSecond = profiles.ticksPerSecond(receiver);
      if (samples === undefined || last === undefined || echo === undefined || ticksPerSecond === undefined)
        return;
      const elapsed = time - last.time;
      const least = timestampDistance(echo, last.value) + ticksOf(elapsed, ticksPerSecond) - 1;
      samples.add(Math.max(0, least), least + 2 + ticksOf(queue, ticksPerSecond), frame.event);
    },
  };
}

/** Ticks by which a smoothed value may lie outside of what it was made of: it counts in eighths, and samples of 0 may count as 1. */
const rounding = 2;

/** See the file's head. */
export const echoRules: readonly Rule[] = [
  rule('TMS-009', (context) => {
    const { expect, facts } = context;
    const handed = facts.of(handedState);
    const connections = facts.of(stays);
    const known = new Map<HandedTcp, Samples>();
    return {
      ...roundTrips(context, engineQueue, (connection, receiver) => {
        const tcp = handed.tcp(receiver, connection);
        if (tcp?.taken === undefined || (tcp.constant.Flags & constFlags.timestamps) === 0) return undefined;
        let samples = known.get(tcp);
        if (samples === undefined) known.set(tcp, (samples = new Samples()));
        return samples;
      }),
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            const tcp = handed.tcp(call.caller, connection);
            const samples = tcp === undefined ? undefined : known.get(tcp);
            if (tcp === undefined || samples === undefined) continue;
            known.delete(tcp);
            // What comes by way of the host stack echoes, too.
            if (connections.of(call.caller, connection)?.forwarded === true) continue;
            const before = (tcp.delegated.number('SRtt') ?? 0) / 8;
            const after = (delegated.number('SRtt') ?? 0) / 8;
            const most = Math.max(before, samples.most) + rounding;
            expect(after <= most, () => ({
              events: [tcp.initiate.event, samples.mostBy, call.event],
              found: `a smoothed round trip of ${after} ticks came back`,
              expected: `${Math.floor(most)} at most: what was handed over, and the echoes since then`,
              component: call.caller,
              connection,
            }));
          }
        },
      },
    };
  }),

  rule('TMS-010', (context) => {
    const { expect, facts } = context;
    const handed = facts.of(handedState);
    const known = new Map<number, Samples>();
    /** Smoothed round trip with which a connection came back, ticks. */
    const returned = new Map<number, number>();
    return {
      ...roundTrips(context, hostQueue, (connection, receiver) => {
        if (handed.tcp(receiver, connection) !== undefined) return undefined;
        let samples = known.get(connection);
        if (samples === undefined) known.set(connection, (samples = new Samples()));
        return samples;
      }),
      call: {
        ProtocolTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack') return;
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            known.delete(connection);
            returned.set(connection, (delegated.number('SRtt') ?? 0) / 8);
          }
        },
        NdisInitiateOffload: (call) => {
          if (facts.machine.role(call.caller) !== 'host-stack') return;
          for (const { connection, delegated, constant } of tcpBlocks(facts, call)) {
            const samples = known.get(connection);
            const before = returned.get(connection);
            if (samples === undefined || ((constant?.number('Flags') ?? 0) & constFlags.timestamps) === 0)
              continue;
            if (before === undefined && !facts.historyComplete) continue;
            const after = (delegated.number('SRtt') ?? 0) / 8;
            const most = Math.max(before ?? 0, samples.most) + rounding;
            expect(after <= most, () => ({
              events: [samples.mostBy, call.event],
              found: `a smoothed round trip of ${after} ticks was handed down`,
              expected: `${Math.floor(most)} at most: what the echoes tell`,
              component: call.caller,
              connection,
            }));
          }
        },
      },
    };
  }),

  rule('TMS-013', (context) => {
    const { expect, facts } = context;
    const stamps = facts.of(timestampFlows);
    const handed = facts.of(handedState);
    /** The echo that each target sent last. */
    const echoes = new Map<HandedTcp, { readonly value: number; readonly frame: WireFrame }>();
    return {
      ...targetSegments(context, (frame, tcp) => {
        const echo = frame.timestampEcho;
        if (echo === undefined || frame.flags & tcpFlags.RST) return;
        const before = echoes.get(tcp);
        const oldest = before?.value ?? tcp.delegated.number('TsRecent') ?? 0;
        const flow = stamps.of(frame.connection);
        const newest = flow?.newestArrived ?? oldest;
        echoes.set(tcp, { value: echo, frame });
        const holds =
          echo === oldest ||
          (timestampDistance(oldest, echo) > 0 &&
            (flow?.newestArrived === undefined || timestampDistance(echo, newest) >= 0));
        expect(holds, () =>
          badFrame(
            frame,
            before?.frame.event ?? tcp.initiate.event,
            `an echo of ${echo}`,
            `${oldest}, ${before === undefined ? 'the TsRecent that was handed over' : 'as before'}, or what has arrived since, up to ${newest}`,
          ),
        );
      }),
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            const tcp = handed.tcp(call.caller, connection);
            if (tcp === undefined || (tcp.constant.Flags & constFlags.timestamps) === 0) continue;
            const last = echoes.get(tcp);
            echoes.delete(tcp);
            if (facts.machine.role(call.caller) !== 'offload-target') continue;
            const TsRecent = delegated.number('TsRecent') ?? 0;
            const oldest = last?.value ?? tcp.delegated.number('TsRecent') ?? 0;
            const newest = stamps.of(connection)?.newestArrived ?? oldest;
            const holds =
              timestampDistance(oldest, TsRecent) >= 0 && timestampDistance(TsRecent, newest) >= 0;
            expect(holds || TsRecent === oldest, () => ({
              events: [last?.frame.event ?? tcp.initiate.event, call.event],
              found: `TsRecent came back as ${TsRecent}`,
              expected: `${oldest} or a newer timestamp of the peer, up to ${newest}`,
              component: call.caller,
              connection,
            }));
          }
        },
      },
    };
  }),
];
