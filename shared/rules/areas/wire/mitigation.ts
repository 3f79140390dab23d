/** The validation of a peer after a challenge: keepalive within five minutes (section 12 of the data digest, WIR-044 to WIR-050). */
import { constantValue } from '../../../ddi/catalogue';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { VirtualTime } from '../../../trace/records';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { adapterProfiles } from '../../facts/adapterProfiles';
import { handedState, type HandedTcp } from '../../facts/handedState';
import { flows } from '../../facts/flows';
import { tcpBlocks } from '../timestamps/handOvers';
import { arrivals, controlArrivals, type Arrival } from './arrivals';
import { placeOf } from './blindReset';
import { cachedFlags } from './targetFrames';
import { Gate, WaitingMap } from '../../engine/gate';

const retrieve = constantValue('TcpIndicateRetrieve');
const closed = constantValue('TcpConnectionClosed');

/** Longest time from a challenge to the first probe, virtual ns. */
const longestDelay = 300_000_000_000;

/** What stands for a KaProbeCount and a KaInterval of 0 (WIR-046); virtual ns. */
const defaultProbes = 10;
const defaultInterval = 1_000_000_000;

/** How much later than due a probe may leave, virtual ns. */
const late = 100_000_000;

/** TimeoutDelta of a timer that does not run. */
const notRunning = 0xffff_ffff;

/** A validation that is under way, or has been. */
class Validation {
  readonly probes: WireFrame[] = [];
  /** The acceptable segment that ended it. */
  endedBy: Arrival | undefined;
  /** Whether its delay, and what follows the last probe, have been decided. */
  delayDecided = false;
  endDecided = false;

  constructor(
    readonly tcp: HandedTcp,
    readonly target: number,
    /** The segment that was challenged, and the challenge. */
    readonly intruder: WireFrame,
    readonly challenge: WireFrame,
    readonly interval: VirtualTime,
    readonly tick: VirtualTime,
  ) {}

  /** Probes that may be sent, with those that were sent before the offload. */
  get limit(): number {
    return this.tcp.cached.KaProbeCount || defaultProbes;
  }

  get handedProbes(): number {
    return this.tcp.delegated.number('KeepAlive.ProbeCount') ?? 0;
  }

  breach(last: number, found: string, expected: string): Breach {
    const { challenge, target } = this;
    return {
      events: [challenge.event, last],
      found,
      expected,
      component: target,
      connection: challenge.connection,
    };
  }
}

/** What a rule wants to hear of validations. */
interface ValidationListener {
  /** A probe leaves; `before` are those before it. */
  probe?(validation: Validation, frame: WireFrame): void;
  /** Time passes: at every frame and arrival of any connection. */
  time?(validation: Validation, now: VirtualTime, event: number): void;
}

/** Follows the validations of all targets. */
function validations(
  context: RuleContext,
  listener: ValidationListener,
): {
  readonly handlers: Required<Pick<Handlers, 'guarded' | 'peerControlFate'>>;
  readonly of: ReadonlyMap<HandedTcp, Validation>;
} {
  const { facts } = context;
  const handed = facts.of(handedState);
  const known = facts.of(flows);
  const profiles = facts.of(adapterProfiles);
  const intruders = new Map<HandedTcp, WireFrame>();
  const all = new WaitingMap<HandedTcp, Validation>();
  const tell = (): void => {
    for (const validation of all.values()) listener.time?.(validation, facts.now, facts.event);
  };
  /** Open as soon as there has been an intruder. */
  const isIntruded = new Gate();
  const intrusions = controlArrivals(context, (arrival) => {
    const { frame, tcp } = arrival;
    if ((frame.flags & (tcpFlags.RST | tcpFlags.SYN)) === 0 || placeOf(arrival) !== 'in-window') return;
    intruders.set(tcp, frame);
    isIntruded.isOpen = true;
  });
  const arrived = arrivals(context, (arrival) => {
    const { frame, tcp } = arrival;
    if (frame.flags & (tcpFlags.RST | tcpFlags.SYN)) return;
    intruders.delete(tcp);
    const validation = all.get(tcp);
    if (validation !== undefined) validation.endedBy ??= arrival;
  });
  return {
    of: all,
    handlers: {
      ...intrusions,
      guarded: [
        { gate: all.gate, fate: tell, frame: tell },
        {
          gate: isIntruded,
          ...arrived,
          chimneyFrame: (frame) => {
            if (frame.connection === undefined || !frame.isSegment) return;
            const tcp = handed.tcp(frame.sender, frame.connection);
            if (tcp === undefined) return;
            const intruder = intruders.get(tcp);
            const ticksPerSecond = profiles.ticksPerSecond(frame.sender);
            const validation = all.get(tcp);
            if (
              intruder !== undefined &&
              frame.record.cause === intruder.event &&
              ticksPerSecond !== undefined
            ) {
              intruders.delete(tcp);
              if (validation !== undefined && validation.endedBy === undefined) return;
              const interval =
                tcp.cached.KaInterval === 0
                  ? defaultInterval
                  : (tcp.cached.KaInterval * 1e9) / ticksPerSecond;
              all.set(
                tcp,
                new Validation(tcp, frame.sender, intruder, frame, interval, 1e9 / ticksPerSecond),
              );
              return;
            }
            const end = known.of(frame.connection)?.machine.sent.end;
            if (validation === undefined || end === undefined || frame.payloadLength > 1) return;
            if (frame.flags & (tcpFlags.RST | tcpFlags.FIN) || sequenceDistance(frame.sequence, end) !== 1)
              return;
            listener.probe?.(validation, frame);
            validation.probes.push(frame);
          },
        },
      ],
    },
  };
}

/** See the file's head. */
export const mitigationRules: readonly Rule[] = [
  rule(
    'WIR-044',
    (context) =>
      validations(context, {
        time: (validation, now, event) => {
          const { challenge, endedBy, tcp, probes } = validation;
          if (validation.delayDecided || endedBy !== undefined) return;
          if (probes.length === 0 && now - challenge.time <= longestDelay + late) return;
          validation.delayDecided = true;
          if (probes.length === 0 && tcp.stoppedBy !== undefined) return;
          context.expect(probes.length > 0, () =>
            validation.breach(
              event,
              'no keepalive probe within 300 s of a challenge ACK',
              'a probe: the timer is started, or shortened',
            ),
          );
        },
      }).handlers,
  ),

  rule(
    'WIR-045',
    (context) =>
      validations(context, {
        probe: ({ probes, endedBy, interval }, frame) => {
          const before = probes.at(-1);
          if (before === undefined || endedBy !== undefined) return;
          const distance = frame.time - before.time;
          context.expect(Math.abs(distance - interval) <= late, () => ({
            events: [before.event, frame.event],
            found: `a probe ${(distance / 1e9).toFixed(2)} s after the one before`,
            expected: `${(interval / 1e9).toFixed(2)} s, the KaInterval`,
            component: frame.sender,
            connection: frame.connection,
          }));
        },
      }).handlers,
  ),

  rule(
    'WIR-046',
    (context) =>
      validations(context, {
        probe: (validation, frame) => {
          const { probes, tcp, endedBy } = validation;
          const { KaInterval, KaProbeCount } = tcp.cached;
          if (endedBy !== undefined || (KaInterval !== 0 && KaProbeCount !== 0)) return;
          const distance = frame.time - (probes.at(-1)?.time ?? frame.time - defaultInterval);
          const spaced = KaInterval !== 0 || Math.abs(distance - defaultInterval) <= late;
          context.expect(spaced && (KaProbeCount !== 0 || probes.length < defaultProbes), () =>
            validation.breach(
              frame.event,
              `probe ${probes.length + 1}, ${(distance / 1e9).toFixed(2)} s after the one before`,
              '10 probes, one second apart',
            ),
          );
        },
      }).handlers,
  ),

  rule(
    'WIR-047',
    (context) =>
      validations(context, {
        probe: (validation, frame) => {
          const { probes, endedBy, handedProbes, limit } = validation;
          if (endedBy !== undefined) return;
          context.expect(handedProbes + probes.length < limit, () =>
            validation.breach(
              frame.event,
              `probe ${handedProbes + probes.length + 1}`,
              `${limit} at most, with the ${handedProbes} sent before the offload`,
            ),
          );
        },
      }).handlers,
  ),

  rule('WIR-048', (context) => {
    const { expect, facts } = context;
    const handed = facts.of(handedState);
    const events = new Map<HandedTcp, number>();
    const isExhausted = (validation: Validation): boolean =>
      validation.endedBy === undefined &&
      validation.handedProbes + validation.probes.length >= validation.limit;
    const { handlers, of } = validations(context, {
      time: (validation, now, event) => {
        const { probes, interval, tcp } = validation;
        const last = probes.at(-1);
        if (validation.endDecided || last === undefined || !isExhausted(validation)) return;
        if (!events.has(tcp) && now - last.time <= interval + late) return;
        validation.endDecided = true;
        if (!events.has(tcp) && tcp.stoppedBy !== undefined) return;
        expect(events.has(tcp), () =>
          validation.breach(
            event,
            'all probes went unanswered, and no upload was asked for',
            'TcpIndicateRetrieve',
          ),
        );
      },
    });
    return {
      ...handlers,
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const tcp = handed.tcp(call.caller, call.connection);
          if (tcp !== undefined && call.number('EventType') === retrieve) events.set(tcp, call.event);
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            const tcp = handed.tcp(call.caller, connection);
            const validation = tcp === undefined ? undefined : of.get(tcp);
            if (tcp === undefined || validation === undefined || !events.has(tcp) || !isExhausted(validation))
              continue;
            const State = delegated.number('State');
            expect(State === closed, () =>
              validation.breach(
                call.event,
                `State came back as ${State!} after all probes went unanswered`,
                'TcpConnectionClosed',
              ),
            );
          }
        },
      },
    };
  }),

  rule('WIR-049', (context) => {
    const { expect, facts } = context;
    const handed = facts.of(handedState);
    const { handlers, of } = validations(context, {});
    return {
      ...handlers,
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            const tcp = handed.tcp(call.caller, connection);
            const validation = tcp === undefined ? undefined : of.get(tcp);
            if (
              tcp?.terminating === undefined ||
              validation === undefined ||
              validation.endedBy !== undefined
            )
              continue;
            // An event before the terminate means that something else has ended it.
            if (tcp.stoppedBy !== tcp.terminating.event) continue;
            const { probes, handedProbes, challenge, interval, tick } = validation;
            const count = delegated.number('KeepAlive.ProbeCount');
            const delta = delegated.number('KeepAlive.TimeoutDelta') ?? notRunning;
            const last = probes.at(-1);
            const due = last === undefined ? challenge.time + longestDelay : last.time + interval;
            const most = (due - tcp.terminating.time + late) / tick + 1;
            const least = last === undefined ? 0 : Math.max(0, (due - call.time - late) / tick - 1);
            const right =
              count === handedProbes + probes.length &&
              delta !== notRunning &&
              delta <= most &&
              delta >= least;
            expect(right, () =>
              validation.breach(
                call.event,
                `KeepAlive.ProbeCount came back as ${count!} and TimeoutDelta as ${delta}`,
                `ProbeCount ${handedProbes + probes.length}, and TimeoutDelta of the next probe, ${Math.floor(most)} at most`,
              ),
            );
          }
        },
      },
    };
  }),

  rule(
    'WIR-050',
    (context) =>
      validations(context, {
        probe: (validation, frame) => {
          const { endedBy, tcp } = validation;
          if (endedBy === undefined || frame.time - endedBy.time < late) return;
          if ((tcp.cached.Flags & cachedFlags.keepAlive) !== 0 || tcp.mayDiffer(frame.time)) return;
          context.expect(false, () => ({
            events: [endedBy.frame.event, frame.event],
            found: 'a keepalive probe after an acceptable segment had ended the validation',
            expected: 'none: keepalive is not enabled',
            component: frame.sender,
            connection: frame.connection,
          }));
        },
        time: (validation, now) => {
          const { endedBy, challenge } = validation;
          if (validation.delayDecided || endedBy === undefined || now - challenge.time <= longestDelay + late)
            return;
          validation.delayDecided = true;
          context.expect(true, () => validation.breach(challenge.event, '', ''));
        },
      }).handlers,
  ),
];
