/**
 * The only clock of the emulator: a discrete-event scheduler in virtual nanoseconds. Events run in order of time, and in order
 * of scheduling where times are equal, so that a run is a pure function of its inputs. Nothing here knows wall time.
 */

/** Something that events can be scheduled for. */
export interface EventTarget {
  /** Runs an event. `argument` and `payload` are what the event was scheduled with. */
  onEvent(argument: number, payload: unknown): void;
}

/** Stands for "no cause" in the event columns. */
const noCause = -1;

/**
 * Event queue as a 4-ary heap over typed columns; slots are reused, so that a steady state allocates nothing.
 */
export class Scheduler {
  /** Virtual time in ns. Moves forward only. */
  now = 0;

  private capacity = 256;
  private times = new Float64Array(this.capacity);
  private orders = new Float64Array(this.capacity);
  private arguments = new Float64Array(this.capacity);
  private causes = new Float64Array(this.capacity);
  private readonly targets: (EventTarget | undefined)[] = [];
  private readonly payloads: unknown[] = [];
  private heap = new Uint32Array(this.capacity);
  private count = 0;
  private free: number[] = [];
  private nextSlot = 0;
  private nextOrder = 0;

  /** Number of events that wait. */
  get pending(): number {
    return this.count;
  }

  /** Time of the next event, or Infinity. */
  get nextTime(): number {
    return this.count === 0 ? Infinity : this.times[this.heap[0]!]!;
  }

  /**
   * Schedules an event at an absolute time; a time in the past means now. `cause` is handed back when the event runs.
   */
  schedule(at: number, target: EventTarget, argument = 0, payload?: unknown, cause?: number): void {
    if (Number.isNaN(at)) throw new RangeError('an event needs a time');
    let slot = this.free.pop();
    if (slot === undefined) {
      slot = this.nextSlot++;
      if (slot >= this.capacity) this.grow();
    }
    this.times[slot] = Math.max(at, this.now);
    this.orders[slot] = this.nextOrder++;
    this.arguments[slot] = argument;
    this.causes[slot] = cause ?? noCause;
    this.targets[slot] = target;
    this.payloads[slot] = payload;
    this.siftUp(this.count++, slot);
  }

  /**
   * Runs the next event and answers true, or answers false if none waits. `before` sees the event's cause first.
   */
  step(before: (cause: number | undefined) => void): boolean {
    if (this.count === 0) return false;
    const slot = this.heap[0]!;
    const last = this.heap[--this.count]!;
    if (this.count > 0) this.siftDown(0, last);
    const time = this.times[slot]!;
    const target = this.targets[slot]!;
    const argument = this.arguments[slot]!;
    const payload = this.payloads[slot];
    const cause = this.causes[slot]!;
    this.targets[slot] = undefined;
    this.payloads[slot] = undefined;
    this.free.push(slot);
    if (time > this.now) this.now = time;
    before(cause === noCause ? undefined : cause);
    target.onEvent(argument, payload);
    return true;
  }

  /** Lets time pass inside an event: the processor is busy for `duration` ns. */
  spend(duration: number): void {
    this.now += duration;
  }

  private less(left: number, right: number): boolean {
    const difference = this.times[left]! - this.times[right]!;
    return difference < 0 || (difference === 0 && this.orders[left]! < this.orders[right]!);
  }

  private siftUp(position: number, slot: number): void {
    while (position > 0) {
      const parent = (position - 1) >>> 2;
      const parentSlot = this.heap[parent]!;
      if (!this.less(slot, parentSlot)) break;
      this.heap[position] = parentSlot;
      position = parent;
    }
    this.heap[position] = slot;
  }

  private siftDown(position: number, slot: number): void {
    for (;;) {
      const firstChild = position * 4 + 1;
      if (firstChild >= this.count) break;
      const end = Math.min(firstChild + 4, this.count);
      let best = firstChild;
      for (let child = firstChild + 1; child < end; child++) {
        if (this.less(this.heap[child]!, this.heap[best]!)) best = child;
      }
      const bestSlot = this.heap[best]!;
      if (!this.less(bestSlot, slot)) break;
      this.heap[position] = bestSlot;
      position = best;
    }
    this.heap[position] = slot;
  }

  private grow(): void {
    this.capacity *= 2;
    const widen = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const wider = new Float64Array(this.capacity);
      wider.set(column);
      return wider;
    };
    this.times = widen(this.times);
    this.orders = widen(this.orders);
    this.arguments = widen(this.arguments);
    this.causes = widen(this.causes);
    const heap = new Uint32Array(this.capacity);
    heap.set(this.heap);
    this.heap = heap;
  }
}
