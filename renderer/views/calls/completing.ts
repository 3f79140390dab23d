/** Completion in a field for expressions: what is offered, which of it is chosen, and the keys that do so. */
import { nextTick, ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { Completion, CompletionCandidate } from '../../../shared/expression/completion';
import { completionPlace } from '../../../shared/expression/completionPlace';

/** Completion of a field; see `useCompletion`. */
export interface Completing {
  /** What is offered; undefined: nothing is. */
  readonly completion: ShallowRef<Completion | undefined>;
  /** Index of the candidate that Enter would choose; -1: none. */
  readonly active: Ref<number>;
  readonly close: () => void;
  /** Offers what could stand at the caret. `unasked`: only where something has been begun, or a value is due. */
  readonly offer: (unasked: boolean) => void;
  readonly choose: (candidate: CompletionCandidate) => void;
  /** Does what a key means for the completion; answers whether it meant anything. */
  readonly takeKey: (event: KeyboardEvent) => boolean;
}

/**
 * @param field where the text is written
 * @param text what is written
 * @param complete what could stand at a caret; undefined where nothing is completed
 */
export function useCompletion(
  field: Readonly<Ref<HTMLInputElement | null>>,
  text: Ref<string>,
  complete: (caret: number) => Completion | undefined,
): Completing {
  const completion = shallowRef<Completion>();
  const active = ref(-1);

  function close(): void {
    completion.value = undefined;
    active.value = -1;
  }

  function offer(unasked: boolean): void {
    const caret = field.value?.selectionStart ?? text.value.length;
    const found = complete(caret);
    if (found === undefined) return;
    const written = text.value.slice(found.range.start, found.range.end);
    const isDue = written !== '' || completionPlace(text.value, caret).wants.kind === 'value';
    const isWhole = found.candidates.length === 1 && found.candidates[0]!.insert === written;
    active.value = -1;
    completion.value = found.candidates.length === 0 || isWhole || (unasked && !isDue) ? undefined : found;
  }

  function choose(candidate: CompletionCandidate): void {
    const { value } = completion;
    if (value === undefined) return;
    const { start, end } = value.range;
    const rest = text.value.slice(end);
    const space = candidate.kind === 'function' || rest.startsWith(' ') ? '' : ' ';
    text.value = text.value.slice(0, start) + candidate.insert + space + rest;
    const caret = start + candidate.insert.length + (candidate.kind === 'function' ? 0 : 1);
    close();
    void nextTick(() => {
      field.value?.setSelectionRange(caret, caret);
      // Behind a field an operator is due, behind that a value; behind a value the expression may be over.
      if (candidate.kind !== 'value') offer(false);
    });
  }

  function move(by: -1 | 1): void {
    const count = completion.value?.candidates.length ?? 0;
    if (count === 0) offer(false);
    else active.value = (active.value + by + count + (active.value < 0 && by < 0 ? 1 : 0)) % count;
  }

  function takeKey({ key, ctrlKey, shiftKey }: KeyboardEvent): boolean {
    const candidates = completion.value?.candidates;
    const chosen = candidates?.[active.value];
    if (key === 'ArrowDown') move(1);
    else if (key === 'ArrowUp') move(-1);
    else if (key === ' ' && ctrlKey) offer(false);
    else if (key === 'Escape' && candidates !== undefined) close();
    else if (key === 'Enter' && chosen !== undefined) choose(chosen);
    else if (key === 'Tab' && !shiftKey && candidates !== undefined)
      choose(candidates[Math.max(0, active.value)]!);
    else return false;
    return true;
  }

  return { completion, active, close, offer, choose, takeKey };
}
