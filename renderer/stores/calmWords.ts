/** Words for a live region about something that changes often: a reader hears the newest, and not more often than it can listen to. */
import { ref, type Ref } from 'vue';

/** Calls back once, later; answers the way to take that back. `setTimeout` or, in tests, anything alike. */
export type Later = (callback: () => void, milliseconds: number) => () => void;

const windowLater: Later = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};

/** Time between two announcements, ms. */
export const calmInterval = 10_000;

/** See the file's head. */
export class CalmWords {
  /** What the live region holds. */
  readonly spoken: Ref<string> = ref('');
  private wanted = '';
  private cancel: (() => void) | undefined;

  constructor(private readonly later: Later = windowLater) {}

  /** Says a text: at once if nothing was said for {@link calmInterval}, else when that is over, unless a newer text comes before. */
  say(text: string): void {
    this.wanted = text;
    if (this.cancel === undefined) this.speak();
  }

  /** Says nothing any more. */
  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private speak(): void {
    if (this.wanted === this.spoken.value) return;
    this.spoken.value = this.wanted;
    this.cancel = this.later(() => {
      this.cancel = undefined;
      this.speak();
    }, calmInterval);
  }
}
