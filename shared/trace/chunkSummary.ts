/** What the index of a trace knows about each chunk without opening it. */
import type { VirtualTime } from './records';

/** One chunk in the index. */
export interface ChunkSummary {
  /** File offset of its frame, and the frame's length. */
  readonly offset: number;
  readonly length: number;
  readonly firstEvent: number;
  readonly rows: number;
  readonly firstTime: VirtualTime;
  readonly lastTime: VirtualTime;
  /** Numbers of the shapes of its rows, ascending. */
  readonly shapes: ArrayLike<number>;
  /**
   * The connections that its rows belong to, the state objects that change, and the statuses that are returned, each ascending; undefined
   * where a file without an index doesn't tell.
   */
  readonly connections: ArrayLike<number> | undefined;
  readonly objects: ArrayLike<number> | undefined;
  readonly statuses: ArrayLike<number> | undefined;
}

/** Whether an ascending list holds a number. */
export function holds(list: ArrayLike<number>, number: number): boolean {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return list[low] === number;
}

/** Distinct numbers of columns, found without a set: each number is stamped with the round in which it was last seen. */
export class DistinctNumbers {
  private stamps = new Uint32Array(256);
  private round = 0;
  private readonly found: number[] = [];
  private readonly wide = new Set<number>();

  /** Forgets what was found. */
  begin(): void {
    this.round++;
    this.found.length = 0;
    this.wide.clear();
  }

  /** Adds the first `count` values, less `base`; those below it are none. */
  add(values: Float64Array, count: number, base: number): void {
    for (let index = 0; index < count; index++) {
      const number = values[index]! - base;
      if (number < 0) continue;
      if (number >= 0x100_0000) this.wide.add(number);
      else {
        if (number >= this.stamps.length) this.grow(number);
        if (this.stamps[number] === this.round) continue;
        this.stamps[number] = this.round;
        this.found.push(number);
      }
    }
  }

  /** What was found, ascending. */
  end(): number[] {
    return [...this.found, ...this.wide].sort((left, right) => left - right);
  }

  private grow(number: number): void {
    const grown = new Uint32Array(Math.max(this.stamps.length * 2, number + 1));
    grown.set(this.stamps);
    this.stamps = grown;
  }
}
