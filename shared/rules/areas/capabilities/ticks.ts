/** CAP-019: the unit of everything that is counted in ticks. A wrong unit is wrong by a factor of 10 or 100; any other interval is the business of the rules about the timer. */
import { rule, type Rule } from '../../engine/rule';
import type { EventId } from '../../../trace/records';
import { timerChange } from '../../facts/protocolTimers';
import { targetHolds, type TargetHold } from '../../facts/targetHolds';
import { timedSegments } from '../../facts/timedSegments';

/** What TicksPerSecond may be. */
const rates: readonly number[] = [10, 100, 1000];

/** Where the host stack has set nothing. */
const usualRate = 1000;

/** What a target may need between the expiry of a timer and the segment on the wire, virtual ns. */
const processing = 3_000_000;

/** See the file's head. */
export const tickRules: readonly Rule[] = [
  rule('CAP-019', ({ expect, facts }) => {
    const holds = facts.of(targetHolds);
    const timed = facts.of(timedSegments);
    const judge = (
      hold: TargetHold,
      what: string,
      ticks: number | undefined,
      interval: number,
      slack: number,
      events: readonly (EventId | undefined)[],
    ): void => {
      const rate = hold.parameters === undefined ? usualRate : (hold.parameter('TicksPerSecond') ?? 0);
      if (ticks === undefined || ticks < 10 || !rates.includes(rate)) return;
      const matches = (other: number): boolean =>
        Math.abs(interval - (ticks * 1e9) / other) <= 1e9 / Math.max(rate, other) + slack;
      if (matches(rate)) expect(true, () => ({ events: [], found: '', expected: '' }));
      else {
        const other = rates.find(matches);
        if (other === undefined) return;
        expect(false, () => ({
          events: [hold.initiate.event, ...events],
          found: `${what} of ${ticks} ticks lasts ${interval / 1e6} ms, as if there were ${other} ticks a second`,
          expected: `${(ticks * 1000) / rate} ms: TicksPerSecond is ${rate}`,
          component: hold.target,
          connection: hold.connection,
        }));
      }
    };
    return {
      counter: (counter, event, time) => {
        const change = timerChange(counter, event, time);
        if (change?.due === undefined) return;
        const hold = holds.of(change.connection);
        if (hold?.target !== change.component || !hold.isActive) return;
        const member = change.timer === 'push timer' ? 'TcpPushTicks' : 'TcpSwsPreventionTicks';
        judge(hold, member, hold.parameter(member), change.due - time, 0, [event]);
      },
      guarded: [
        timed.on('keep-alive', (frame, hold) => {
          const before = hold.keepAlives.at(-1);
          if (before === undefined || hold.updating !== undefined) return;
          const ticks = hold.cached.number('KaInterval');
          judge(hold, 'KaInterval', ticks, frame.time - before.time, processing, [before.event, frame.event]);
        }),
      ],
    };
  }),
];
