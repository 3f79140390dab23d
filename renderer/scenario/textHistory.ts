/** Undo and redo of an editor: snapshots of what is edited, where typing in one go is one step. */

/** A state that can be gone back to. */
export interface Snapshot<Value> {
  readonly value: Value;
  /** What brought it about; equal kinds in a row are one step, unless undefined. */
  readonly kind: string | undefined;
}

/** Longest way back. */
const mostSnapshots = 500;

/** See the file's head. */
export class TextHistory<Value> {
  private readonly past: Snapshot<Value>[] = [];
  private readonly future: Snapshot<Value>[] = [];
  private present: Snapshot<Value>;

  constructor(value: Value) {
    this.present = { value, kind: undefined };
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** A new state; `kind`: see {@link Snapshot}. */
  change(value: Value, kind?: string): void {
    this.future.length = 0;
    if (kind === undefined || kind !== this.present.kind) {
      this.past.push(this.present);
      if (this.past.length > mostSnapshots) this.past.shift();
    }
    this.present = { value, kind };
  }

  /** What comes next is a step of its own, whatever its kind. */
  pause(): void {
    this.present = { value: this.present.value, kind: undefined };
  }

  /** The state before; undefined if there is none. */
  undo(): Value | undefined {
    return this.move(this.past, this.future);
  }

  /** The state that was undone last; undefined if there is none. */
  redo(): Value | undefined {
    return this.move(this.future, this.past);
  }

  private move(from: Snapshot<Value>[], to: Snapshot<Value>[]): Value | undefined {
    const next = from.pop();
    if (next === undefined) return undefined;
    to.push(this.present);
    this.present = { value: next.value, kind: undefined };
    return next.value;
  }
}
