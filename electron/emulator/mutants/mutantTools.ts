/** What wrappers of a mutant need besides what they stand in front of. */
import type { Random } from '../../../shared/base/random';
import type { Machine } from '../machine/machine';
import type { Ndis } from '../ndis/ndis';
import type { NdisFunctions } from '../kit/ndisFunctions';

/** See the file's head. One for each driver that is bad. */
export class MutantTools {
  private readonly done = new Map<string, number>();
  /** Whatever wrappers of one mutant want to tell each other. */
  readonly memory = new Map<string, unknown>();

  constructor(
    readonly machine: Machine,
    readonly ndis: Ndis,
    /** The driver's functions, before anything was wrapped; undefined where frames are changed. */
    readonly functions: NdisFunctions | undefined,
    /** Name of the driver. */
    readonly driver: string,
    /** Seeded chance of the mutant's own: using it changes nothing else in the run. */
    readonly random: Random,
  ) {}

  /** True at the first call, or the one with a number from 1; `what` tells counters apart. */
  once(number = 1, what = ''): boolean {
    const calls = (this.done.get(what) ?? 0) + 1;
    this.done.set(what, calls);
    return calls === number;
  }

  /** How often it has been asked for `what`, this time included. */
  count(what = ''): number {
    const calls = (this.done.get(`count ${what}`) ?? 0) + 1;
    this.done.set(`count ${what}`, calls);
    return calls;
  }

  /** Does something later, virtual ns, at DISPATCH_LEVEL; on the processor that runs now unless another is named. */
  later(delay: number, action: () => void, processor = this.machine.processor): void {
    this.machine.queueDeferredCall(delay, action, processor);
  }

  /** A processor that is not the one that runs now. */
  get otherProcessor(): number {
    return this.machine.processor === 0 ? 1 : 0;
  }

  /** Does something later, virtual ns, at PASSIVE_LEVEL. */
  laterPassive(delay: number, action: () => void): void {
    this.machine.queueWorkItem(delay, action);
  }
}
