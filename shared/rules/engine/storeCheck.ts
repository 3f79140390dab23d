/** Checks a trace that has been read, or is growing, in steps: whoever shows it decides how long a step may take. */
import type { EventId } from '../../trace/records';
import type { TraceStore } from '../../trace/traceStore';
import type { RuleChecker } from './checker';

/** See the file's head. */
export class StoreCheck {
  private next: EventId = 0;
  private finished = false;

  constructor(
    private readonly store: TraceStore,
    private readonly checker: RuleChecker,
  ) {}

  /** Events that the rules have seen, or that are lost. */
  get checked(): number {
    return this.next;
  }

  /** Goes on until `isEnough` says so, which it is asked every `batch` records, or all records have been seen: then false. */
  advance(isEnough: () => boolean, batch = 64): boolean {
    const { store, checker } = this;
    for (let left = batch; ; left--) {
      const event = store.nextPresent(this.next);
      if (event >= store.length) {
        this.next = store.length;
        return false;
      }
      const record = store.record(event);
      if (record.kind !== 'unknown') checker.onRecord(record, event, store.time(event));
      if (record.kind === 'loss') this.declare(event);
      this.next = event + 1;
      if (left <= 0) {
        if (isEnough()) return true;
        left = batch;
      }
    }
  }

  /** No more records come: the rules decide what was left open. */
  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.checker.finish();
  }

  /** Behind a loss rules begin anew; who is who has not changed. */
  private declare(event: EventId): void {
    const { store, checker } = this;
    const time = store.time(event);
    for (const component of store.components) checker.onRecord(component, event, time);
    for (const connection of store.connections) checker.onRecord(connection, event, time);
    for (const object of store.stateObjects) checker.onRecord(object, event, time);
  }
}
