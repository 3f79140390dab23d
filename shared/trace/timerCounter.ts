/**
 * How a trace holds timers that no state variable shows: as counters, one for each timer, connection and component. The value is the virtual time
 * in ns for which the timer has been started, or one of the two below. A restart of a timer that runs is not recorded.
 */

/** Timers that are recorded so: the push timer of received data, and the sender's timer of silly-window avoidance. */
export const recordedTimers = ['push timer', 'SWS timer'] as const;

/** See {@link recordedTimers}. */
export type RecordedTimer = (typeof recordedTimers)[number];

/** Value of a timer that has been stopped, or has not been started yet. */
export const timerStopped = 0;

/** Value of a timer that has expired. */
export const timerExpired = 1;

const between = ' of connection ';
const unit = ' (ns)';

/** Name of the counter of a timer, for example `push timer of connection 3 (ns)`. */
export function timerCounterName(timer: RecordedTimer, connection: number): string {
  return `${timer}${between}${connection}${unit}`;
}

/** What the name of such a counter says. */
export interface TimerCounterName {
  readonly timer: RecordedTimer;
  readonly connection: number;
}

/** What the name of a counter says; undefined where it isn't the counter of a timer. */
export function readTimerCounterName(name: string): TimerCounterName | undefined {
  if (name === lastName) return lastRead;
  lastRead = readName(name);
  lastName = name;
  return lastRead;
}

/** The name that was read last: everybody who hears of a counter asks for the same one. */
let lastName = '';
let lastRead: TimerCounterName | undefined;

function readName(name: string): TimerCounterName | undefined {
  for (const timer of recordedTimers) {
    if (!name.startsWith(timer + between) || !name.endsWith(unit)) continue;
    const digits = name.slice(timer.length + between.length, -unit.length);
    return /^\d{1,10}$/.test(digits) ? { timer, connection: Number(digits) } : undefined;
  }
  return undefined;
}
