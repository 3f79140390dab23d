/** Timers that no state variable shows, by the counters that their owners record. A trace without such counters says nothing about them. */
import type { CounterRecord, EventId, VirtualTime } from '../../trace/records';
import {
  readTimerCounterName,
  timerExpired,
  timerStopped,
  type RecordedTimer,
} from '../../trace/timerCounter';
import type { FactDefinition, Handlers } from '../engine/rule';

/** What a record says of a timer. */
export interface TimerChange {
  readonly timer: RecordedTimer;
  readonly connection: number;
  readonly component: number;
  readonly to: 'started' | 'stopped' | 'expired';
  /** When it was to expire as it was started, virtual ns; undefined for what was not. */
  readonly due: VirtualTime | undefined;
  readonly event: EventId;
  readonly at: VirtualTime;
}

/** See the file's head. */
export class ProtocolTimers implements Handlers {
  private readonly last = new Map<number, TimerChange[]>();
  /** Whether any timer has been recorded. */
  areRecorded = false;

  readonly counter = (counter: CounterRecord, event: EventId, time: VirtualTime): void => {
    const change = timerChange(counter, event, time);
    if (change === undefined) return;
    this.areRecorded = true;
    let changes = this.last.get(change.connection);
    if (changes === undefined) this.last.set(change.connection, (changes = []));
    const at = changes.findIndex(
      ({ timer, component }) => timer === change.timer && component === change.component,
    );
    if (at < 0) changes.push(change);
    else changes[at] = change;
  };

  /** What became last of a component's timer; undefined where nothing is recorded of it. */
  of(timer: RecordedTimer, connection: number, component: number): TimerChange | undefined {
    return this.last
      .get(connection)
      ?.find((change) => change.timer === timer && change.component === component);
  }
}

/** What a counter says of a timer; undefined where it is the counter of something else. */
export function timerChange(
  { name, component, value }: CounterRecord,
  event: EventId,
  at: VirtualTime,
): TimerChange | undefined {
  const named = readTimerCounterName(name);
  if (named === undefined) return undefined;
  const to = value === timerStopped ? 'stopped' : value === timerExpired ? 'expired' : 'started';
  return { ...named, component, to, due: to === 'started' ? value : undefined, event, at };
}

/** Recorded timers: `facts.of(protocolTimers)`. */
export const protocolTimers: FactDefinition<ProtocolTimers> = {
  start: () => new ProtocolTimers(),
};
