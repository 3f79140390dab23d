/**
 * A map that remembers what was set last. A `Map` whose first key is deleted whenever it is too large walks over all that it has deleted
 * before, at every deletion; this one has two maps instead, and forgets the older of them when the younger one is full.
 */
export class RecentMap<Key, Value> {
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();

  /** @param most keys that are remembered at least; at most there are twice as many */
  constructor(private readonly most: number) {}

  /** Sets a value; its key counts as new, whether it was there or not. */
  set(key: Key, value: Value): void {
    if (this.young.size >= this.most && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map<Key, Value>();
    }
    this.young.set(key, value);
  }

  get(key: Key): Value | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  has(key: Key): boolean {
    return this.young.has(key) || this.old.has(key);
  }

  /** Everything that is remembered; what has been set again long after may come twice. */
  *keys(): Generator<Key, void, undefined> {
    yield* this.old.keys();
    yield* this.young.keys();
  }

  delete(key: Key): void {
    this.young.delete(key);
    this.old.delete(key);
  }
}
