/**
 * The only clock of the emulator: a discrete-event scheduler in virtual nanoseconds. Events run in order of time, and in order
 * of scheduling where times are equal, so that a run is a pure function of its inputs. Nothing here knows wall time.
 */

/** Something that events can be scheduled for. */
export interface EventTarget {
  /** Runs an event. `argument` and `payload` are what the event was scheduled with. */
  onEvent(argument: number, payload: unknown): void;
}

/** Who runs the events: places are processors of the emulated machine, or its surroundings. */
export interface EventHost {
  /** Whether a place is in the middle of something, so that its events have to wait. */
  isBusy(place: number): boolean;
  /** An event of a place is about to run. */
  begin(place: number, cause: number | undefined): void;
  /** It has run. */
  end(place: number): void;
}

/** The place of everything that is no processor; the lowest number of a place. */
export const surroundings = -1;

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
  private places = new Int8Array(this.capacity);
  private readonly targets: (EventTarget | undefined)[] = [];
  private readonly payloads: unknown[] = [];
  private heap = new Uint32Array(this.capacity);
  private count = 0;
  private free: number[] = [];
  private nextSlot = 0;
  private nextOrder = 0;
  /** Events that are due at a place that is busy, by place. */
  private readonly held: number[][] = [];

  /** Number of events that wait. */
  get pending(): number {
    return this.count;
  }

  /** Time of the next event, or Infinity. */
  get nextTime(): number {
    return this.count === 0 ? Infinity : this.times[this.heap[0]!]!;
  }

  /**
   * Schedules an event at an absolute time; a time in the past means now. `cause` and `place` are handed back when the event runs.
   */
  schedule(
    at: number,
    target: EventTarget,
    argument = 0,
    payload?: unknown,
    cause?: number,
    place = surroundings,
  ): void {
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
    this.places[slot] = place;
    this.targets[slot] = target;
    this.payloads[slot] = payload;
    this.siftUp(this.count++, slot);
  }

  /**
   * Runs the next event that is due by `limit` and whose place is free, and answers true; false if there is none. It may be called
   * from inside an event, for other places than that event's.
   */
  step(host: EventHost, limit = Infinity): boolean {
    for (;;) {
      if (this.count === 0 || this.times[this.heap[0]!]! > limit) return false;
      const slot = this.heap[0]!;
      const last = this.heap[--this.count]!;
      if (this.count > 0) this.siftDown(0, last);
      const place = this.places[slot]!;
      if (!host.isBusy(place)) {
        this.run(slot, place, host);
        return true;
      }
      (this.held[place - surroundings] ??= []).push(slot);
    }
  }

  private run(slot: number, place: number, host: EventHost): void {
    const time = this.times[slot]!;
    const target = this.targets[slot]!;
    const argument = this.arguments[slot]!;
    const payload = this.payloads[slot];
    const cause = this.causes[slot]!;
    this.targets[slot] = undefined;
    this.payloads[slot] = undefined;
    this.free.push(slot);
    if (time > this.now) this.now = time;
    host.begin(place, cause === noCause ? undefined : cause);
    target.onEvent(argument, payload);
    host.end(place);
    this.release(place);
  }

  /** A place has become free: what has waited for it may run, in the order that it had. */
  release(place: number): void {
    const held = this.held[place - surroundings];
    if (held === undefined) return;
    for (const slot of held) this.siftUp(this.count++, slot);
    held.length = 0;
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
    const places = new Int8Array(this.capacity);
    places.set(this.places);
    this.places = places;
    const heap = new Uint32Array(this.capacity);
    heap.set(this.heap);
    this.heap = heap;
  }
}
