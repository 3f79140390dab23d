/** Gates: what keeps handlers from being called while they have nothing to do. Most rules wait for something rare. */
import type { Sink } from './dispatch';

/** Handlers behind a gate are called while it is open; it is closed at first. */
export class Gate {
  private open = false;
  private readonly guarded: { readonly sink: Pick<Sink<never[]>, 'want'>; readonly at: number }[] = [];

  get isOpen(): boolean {
    return this.open;
  }

  /** Opens or closes it: at once, for the record that is being delivered as well. */
  set isOpen(open: boolean) {
    if (open === this.open) return;
    this.open = open;
    for (const { sink, at } of this.guarded) sink.want(at, open);
  }

  /** Lets it decide about the handler with a place in a sink. */
  guard(sink: Pick<Sink<never[]>, 'want'>, at: number): void {
    this.guarded.push({ sink, at });
    sink.want(at, this.open);
  }
}

/** A map with a gate that is open unless the map is empty: what a rule waits for, by the thing that it concerns. */
export class WaitingMap<Key, Value> extends Map<Key, Value> {
  readonly gate = new Gate();

  override set(key: Key, value: Value): this {
    super.set(key, value);
    this.gate.isOpen = true;
    return this;
  }

  override delete(key: Key): boolean {
    const isGone = super.delete(key);
    if (isGone && this.size === 0) this.gate.isOpen = false;
    return isGone;
  }

  override clear(): void {
    super.clear();
    this.gate.isOpen = false;
  }
}

/** The same as a set. */
export class WaitingSet<Value> extends Set<Value> {
  readonly gate = new Gate();

  override add(value: Value): this {
    super.add(value);
    this.gate.isOpen = true;
    return this;
  }

  override delete(value: Value): boolean {
    const isGone = super.delete(value);
    if (isGone && this.size === 0) this.gate.isOpen = false;
    return isGone;
  }

  override clear(): void {
    super.clear();
    this.gate.isOpen = false;
  }
}
