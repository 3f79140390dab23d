/** Measures the event core alone, in a process of its own: every event that runs schedules one. Prints one line of JSON. */
import { Scheduler, type EventHost, type EventTarget } from '../../../electron/emulator/clock/scheduler';
import { Random } from '../../../shared/base/random';

/** What one way of scheduling has measured. */
export interface EventMeasurement {
  /** How long events are scheduled ahead. */
  readonly name: string;
  /** Events that wait at any time. */
  readonly pending: number;
  /** By CPU time. */
  readonly eventsPerSecond: number;
  /** Whether the project's goal for the event core is about it. */
  readonly isGoal: boolean;
}

/** One place that is never busy. */
const idleHost: EventHost = { isBusy: () => false, begin: () => undefined, end: () => undefined };

/** Virtual ns ahead of the present, for an event that has just run. */
type Delay = (previous: number) => number;

/** What a TCP segment schedules: its transmission, its arrival, and rarely a timer. */
const tcpDelays = [1_230, 51_230, 0, 1_230, 51_230, 0, 1_230, 200_000_000] as const;

class Holder implements EventTarget {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly delay: Delay,
  ) {}

  onEvent(argument: number): void {
    this.scheduler.schedule(this.scheduler.now + this.delay(argument), this, argument + 1);
  }
}

/** Events of one measurement. */
const events = 4_000_000;

function measure(name: string, pending: number, delay: Delay, isGoal: boolean): EventMeasurement {
  const scheduler = new Scheduler();
  const holder = new Holder(scheduler, delay);
  for (let index = 0; index < pending; index++) holder.onEvent(index);
  for (let left = events / 4; left > 0; left--) scheduler.step(idleHost);
  const before = process.cpuUsage();
  for (let left = events; left > 0; left--) scheduler.step(idleHost);
  const { user, system } = process.cpuUsage(before);
  return { name, pending, eventsPerSecond: (events * 1e6) / (user + system), isGoal };
}

const results: EventMeasurement[] = [];
for (const pending of [16, 1_024, 65_536]) {
  const random = new Random(1);
  results.push(measure('as TCP makes them', pending, (previous) => tcpDelays[previous % 8]!, true));
  results.push(measure('random up to 100 us', pending, () => 1 + random.nextBelow(100_000), false));
}
process.stdout.write(`${JSON.stringify(results)}\n`);
