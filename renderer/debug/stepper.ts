/** Steps: along what is recorded by looking it up, beyond it by letting the run under way go on until a condition is met. */
import type { StopCondition } from '../../shared/debug/stopCondition';
import type { Step } from '../../shared/debug/step';
import { stepTarget, stopConditionOf } from '../../shared/debug/stepTarget';
import type { EventId } from '../../shared/trace/records';
import type { OpenTrace } from '../stores/openTrace';
import type { View } from '../stores/view';
import { stepWords } from './stepWords';

/** What a step came to. */
export type StepOutcome =
  /** The event that is selected now. */
  | { readonly kind: 'stepped'; readonly event: EventId }
  /** The run goes on until this is met. */
  | { readonly kind: 'running'; readonly condition: StopCondition }
  /** There is nothing to go to; why, in words. */
  | { readonly kind: 'nowhere'; readonly words: string };

/** Steps in the shown trace; the cursor is the view's. */
export class Stepper {
  private stepping = false;

  constructor(
    private readonly trace: OpenTrace,
    private readonly view: View,
    private readonly runUntil: (condition: StopCondition) => void,
    private readonly speak: (words: string) => void,
  ) {}

  /** Whether the run goes on only until a step is done. */
  get isStepping(): boolean {
    return this.stepping;
  }

  /** The run goes on for good, or has ended. */
  letGo(): void {
    this.stepping = false;
  }

  step(step: Step): StepOutcome {
    const outcome = this.take(step);
    if (outcome.kind === 'running') {
      this.stepping = true;
      this.runUntil(outcome.condition);
    } else if (outcome.kind === 'nowhere') this.speak(outcome.words);
    return outcome;
  }

  private take(step: Step): StepOutcome {
    const { model, phase, pause } = this.trace.state;
    if (model?.store === undefined) return { kind: 'nowhere', words: 'There is no trace to step in.' };
    const cursor = this.view.cursor.value.event;
    const event = stepTarget(model, cursor, step);
    if (event !== undefined) {
      this.view.select(event);
      return { kind: 'stepped', event };
    }
    const condition = phase === 'live' ? stopConditionOf(model, cursor, step) : undefined;
    if (condition === undefined) return { kind: 'nowhere', words: stepWords(step).nowhere };
    // A run that goes on would be far beyond the condition before it hears of it.
    return pause === undefined
      ? { kind: 'nowhere', words: 'The run goes on. Pause it to step beyond what is recorded.' }
      : { kind: 'running', condition };
  }
}
