/**
 * Which requests were pending at a time, in logarithmic time and what the answer costs: intervals in the order of their beginnings, and above
 * them a tree of the latest ends.
 */
import type { VirtualTime } from '../trace/records';

/** Intervals that begin in order and end at any time later, or not yet. Positions count from 0. */
export class IntervalIndex {
  /** Number of intervals. */
  length = 0;
  private starts = new Float64Array(16);
  /** A binary tree in an array: the children of `node` are `2 * node` and `2 * node + 1`, the leaves begin at the capacity. */
  private ends = new Float64Array(32).fill(-Infinity);

  /**
   * Appends an interval that has not ended; answers its position.
   * @throws RangeError if it begins before the last one.
   */
  begin(time: VirtualTime): number {
    if (this.length > 0 && time < this.starts[this.length - 1]!)
      throw new RangeError(`${time} ns is before ${this.starts[this.length - 1]!} ns`);
    if (this.length === this.starts.length) this.grow();
    const position = this.length++;
    this.starts[position] = time;
    this.setEnd(position, Infinity);
    return position;
  }

  /** Says when an interval ended: it does not hold at that time any more. */
  end(position: number, time: VirtualTime): void {
    this.setEnd(position, time);
  }

  /** Positions of the intervals that hold at a time, ascending: begun at or before it, and not ended by it. */
  at(time: VirtualTime): number[] {
    const found: number[] = [];
    this.collect(1, 0, this.starts.length, this.countBegunBy(time), time, found);
    return found;
  }

  private countBegunBy(time: VirtualTime): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Looks into a node that stands for `width` positions from `first` on, as far as they are below `behind`. */
  private collect(
    node: number,
    first: number,
    width: number,
    behind: number,
    time: VirtualTime,
    found: number[],
  ): void {
    if (first >= behind || this.ends[node]! <= time) return;
    if (width === 1) {
      found.push(first);
      return;
    }
    const half = width / 2;
    this.collect(2 * node, first, half, behind, time, found);
    this.collect(2 * node + 1, first + half, half, behind, time, found);
  }

  private setEnd(position: number, time: VirtualTime): void {
    const { ends } = this;
    let node = position + this.starts.length;
    ends[node] = time;
    while (node > 1) {
      node >>>= 1;
      const latest = Math.max(ends[2 * node]!, ends[2 * node + 1]!);
      if (ends[node] === latest) return;
      ends[node] = latest;
    }
  }

  private grow(): void {
    const capacity = this.starts.length;
    const starts = new Float64Array(2 * capacity);
    starts.set(this.starts);
    const ends = new Float64Array(4 * capacity).fill(-Infinity);
    ends.set(this.ends.subarray(capacity, 2 * capacity), 2 * capacity);
    for (let node = 2 * capacity - 1; node > 0; node--)
      ends[node] = Math.max(ends[2 * node]!, ends[2 * node + 1]!);
    this.starts = starts;
    this.ends = ends;
  }
}

/** Requests of any functions: an index for each function, so that those that nobody asks about cost nothing. */
export class PendingRequests {
  private readonly functions = new Map<
    string,
    { readonly intervals: IntervalIndex; readonly requests: number[] }
  >();

  /** A request was made; requests come in the order of their times. Answers what `complete` needs. */
  make(functionName: string, request: number, time: VirtualTime): number {
    let entry = this.functions.get(functionName);
    if (entry === undefined)
      this.functions.set(functionName, (entry = { intervals: new IntervalIndex(), requests: [] }));
    entry.requests.push(request);
    return entry.intervals.begin(time);
  }

  /** A request has been completed for the first time. */
  complete(functionName: string, position: number, time: VirtualTime): void {
    this.functions.get(functionName)?.intervals.end(position, time);
  }

  /** The requests that were pending at a time, ascending, of the functions that are asked for. */
  at(time: VirtualTime, isAsked: (functionName: string) => boolean): number[] {
    const found: number[] = [];
    for (const [functionName, { intervals, requests }] of this.functions) {
      if (!isAsked(functionName)) continue;
      for (const position of intervals.at(time)) found.push(requests[position]!);
    }
    return found.sort((left, right) => left - right);
  }
}
