/** Things that must happen before a time: what rules about timers wait for, one at a time for each connection. */
import type { VirtualTime } from '../../../trace/records';
import { WaitingMap } from '../../engine/gate';
import type { Breach, GuardedHandlers, RuleContext } from '../../engine/rule';

/** See the file's head. Time is looked at when a record tells it. */
export class Awaited {
  private readonly waiting = new WaitingMap<
    number,
    { readonly until: VirtualTime; readonly breach: () => Breach }
  >();
  /** The earliest of all. */
  private next: VirtualTime = Infinity;

  /** Looks at the time that frames tell, while something is awaited. */
  readonly clock: GuardedHandlers = {
    gate: this.waiting.gate,
    frame: ({ time }) => {
      this.reached(time);
    },
  };

  constructor(private readonly expect: RuleContext['expect']) {}

  /** Waits for something on a connection. What was awaited there before isn't any more. */
  wait(connection: number, until: VirtualTime, breach: () => Breach): void {
    this.waiting.set(connection, { until, breach });
    this.next = Math.min(this.next, until);
  }

  /** It has happened. */
  met(connection: number | undefined, time: VirtualTime): void {
    if (connection === undefined) return;
    const one = this.waiting.get(connection);
    if (one === undefined) return;
    this.waiting.delete(connection);
    this.expect(time <= one.until, one.breach);
  }

  /** It need not happen any more. */
  cancel(connection: number | undefined): void {
    if (connection !== undefined) this.waiting.delete(connection);
  }

  /** Whether something is awaited. */
  has(connection: number): boolean {
    return this.waiting.has(connection);
  }

  /** Time has come so far. */
  reached(time: VirtualTime): void {
    if (time <= this.next) return;
    this.next = Infinity;
    for (const [connection, one] of this.waiting) {
      if (time > one.until) {
        this.waiting.delete(connection);
        this.expect(false, one.breach);
      } else this.next = Math.min(this.next, one.until);
    }
  }
}

/** Virtual ns as text for people: milliseconds. */
export function milliseconds(time: number): string {
  return `${Math.round(time / 1e5) / 10} ms`;
}

/** What a target may need between the expiry of a timer and the segment on the wire, or the event, virtual ns. */
export const processing = 25_000_000;

/** Stands for a stopped timer. */
export const stopped = 0xffff_ffff;
