/** A fault in a run: when it may happen, how often it has, and what the trace says about it. */
import type { Random } from '../../../shared/base/random';
import type { Fault, FaultKind, FaultOf } from '../../../shared/scenario/faults';
import { faultNoteText } from '../../../shared/scenario/faultNotes';
import type { EventId } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';
import type { FaultTrace } from './faultTrace';

/** Time between two draws for what happens by itself, ns. */
const usualInterval = 1_000_000;

/** A time for people. */
function timeText(time: number): string {
  if (time >= 1e9) return `${time / 1e9} s`;
  if (time >= 1e6) return `${time / 1e6} ms`;
  return time >= 1e3 ? `${time / 1e3} us` : `${time} ns`;
}

/** See the file's head. */
export class InjectedFault<Kind extends FaultKind = FaultKind> {
  private happened = 0;
  /** Events that have matched and that nothing has come of yet. */
  private matches = 0;
  /** The event that matched last. */
  private matched: EventId | undefined;

  constructor(
    readonly definition: FaultOf<Kind>,
    /** Position in the run's list, from 1. */
    readonly number: number,
    private readonly machine: Machine,
    private readonly trace: FaultTrace,
    /** Of its own: drawing from it changes nothing else in the run. */
    readonly random: Random,
  ) {}

  private get moment(): Pick<Fault, 'at' | 'when' | 'probability' | 'times'> & {
    every?: number | undefined;
  } {
    return this.definition;
  }

  /** Whether it has happened as often as it may. */
  get isOver(): boolean {
    return this.happened >= this.times;
  }

  private get times(): number {
    const { times, probability } = this.moment;
    return times ?? (probability === undefined || this.isDeed ? 1 : Infinity);
  }

  /** Whether it happens by itself and not to a request. */
  get isDeed(): boolean {
    return isDeedKind(this.definition.kind);
  }

  /** An event has matched its expression. */
  match(event: EventId): void {
    const { at = 0 } = this.moment;
    if (this.machine.now < at) return;
    this.matches++;
    this.matched = event;
  }

  /** Whether it happens to the request that comes now, or because of the event that has matched. Draws, and counts. */
  strikes(): boolean {
    const { at = 0, when, probability = 1 } = this.moment;
    if (this.isOver || this.machine.now < at) return false;
    if (when !== undefined) {
      if (this.matches === 0) return false;
      this.matches--;
    }
    if (!this.random.nextChance(probability)) return false;
    this.happened++;
    return true;
  }

  /** For what happens by itself: the time of its first or next attempt that succeeds, not before `from`; Infinity if there is none. */
  nextTime(from: number): number {
    const { probability = 1, every = usualInterval } = this.moment;
    if (this.isOver || probability <= 0) return Infinity;
    if (probability >= 1) return from;
    // The number of attempts that fail is geometrically distributed.
    const failures = Math.floor(Math.log(1 - this.random.nextFraction()) / Math.log(1 - probability));
    return from + failures * every;
  }

  /** For what happens by itself: time of the attempt behind one at `time`. */
  attemptAfter(time: number): number {
    return time + (this.moment.every ?? usualInterval);
  }

  /** For what happens by itself: counts that it happens. */
  count(): void {
    this.happened++;
  }

  /**
   * Leaves a note in the trace and answers its id, which is the cause of what comes of it.
   * @param what what happens, in words
   * @param cause the event to which it happens, where that is not what runs now
   */
  note(what: string, component: number, connection?: number): EventId {
    const { machine, trace, number } = this;
    const { kind } = this.definition;
    const cause = this.matched ?? machine.currentCause;
    return trace.note(
      machine.now,
      component,
      connection,
      cause,
      faultNoteText({ number, kind, what }, this.why),
    );
  }

  /** Why it happens now. */
  private get why(): string {
    const { at, when, probability, times } = this.moment;
    const reasons = [
      ...(when === undefined ? [] : [`an event matched ${when}`]),
      ...(probability === undefined ? [] : [`drawn with a probability of ${probability}`]),
      ...(at === undefined ? [] : [`asked for from ${timeText(at)} on`]),
    ];
    const often = times !== undefined && times > 1 ? [`time ${this.happened} of ${times} at most`] : [];
    return [...(reasons.length === 0 ? ['asked for from the start'] : reasons), ...often].join(', ');
  }
}

/** Kinds of faults that happen by themselves and not to a request. */
export const deedKinds = [
  'hardware-failure',
  'stall',
  'link-down',
  'link-up',
  'media-change',
  'reset',
  'surprise-removal',
  'power-down',
  'power-up',
  'offload-pause',
  'upload-all',
  'mac-change',
  'mtu-change',
  'peer-reset',
  'zero-window',
  'window-shrink',
  'wrong-ack',
  'peer-silence',
  'wire',
] as const satisfies readonly FaultKind[];

/** See {@link deedKinds}. */
export type DeedKind = (typeof deedKinds)[number];

const deeds: ReadonlySet<FaultKind> = new Set(deedKinds);

/** Whether faults of a kind happen by themselves and not to a request. */
export function isDeedKind(kind: FaultKind): kind is DeedKind {
  return deeds.has(kind);
}

/** Those of some kinds. */
export function faultsOf<Kind extends FaultKind>(
  faults: readonly InjectedFault[],
  ...kinds: readonly Kind[]
): InjectedFault<Kind>[] {
  const wanted: readonly FaultKind[] = kinds;
  return faults.filter(({ definition }) =>
    wanted.includes(definition.kind),
  ) as unknown as InjectedFault<Kind>[];
}
