/** What happens to the adapter in a situation, step by step. */
import type { ScenarioRun } from '../scenarios/scenarioRun';
import { OffloadTarget } from '../target/offloadTarget';
import type { Situation } from './mutant';

/** A step: what happens once it is due. */
export interface Step {
  readonly due: (run: ScenarioRun, sinceLast: number) => boolean;
  readonly act: (run: ScenarioRun) => void;
}

/** One step after the other, each in every run once. */
export function steps(...all: readonly Step[]): NonNullable<Situation['act']> {
  const done = new WeakMap<ScenarioRun, { count: number; last: number }>();
  return (run) => {
    const state = done.get(run) ?? { count: 0, last: 0 };
    done.set(run, state);
    const step = all[state.count];
    if (step === undefined) return false;
    if (!step.due(run, run.now - state.last)) return true;
    state.count++;
    state.last = run.now;
    step.act(run);
    return state.count < all.length;
  };
}

/** When a connection is offloaded, and a part of its bytes have been acknowledged. */
export function offloaded(part: number, index = 0): Step['due'] {
  return ({ streams }) => {
    const stream = streams[index];
    return stream?.connection?.place === 'Offloaded' && stream.acknowledgedPart >= part;
  };
}

/** Some time after the step before, virtual ns. */
export function after(delay: number): Step['due'] {
  return (_run, sinceLast) => sinceLast >= delay;
}

/** The first adapter's driver.
 * @throws Error if it comes from a module */
export function targetOf(run: ScenarioRun): OffloadTarget {
  const { target } = run.topology;
  if (target instanceof OffloadTarget) return target;
  throw new Error('the target is not the built-in one');
}
