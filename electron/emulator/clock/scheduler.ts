/**
 * The only clock of the emulator: a discrete-event scheduler in virtual nanoseconds. Events run in order of time, and in order
 * of scheduling where times are equal, so that a run is a pure function of its inputs. Nothing here knows wall time.
 */
import { EventHeap } from './eventHeap';
import { SlotRing } from './slotRing';

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
 * Lanes for events that are scheduled in the order in which they run, as those of a link or of timers with a fixed delay are. More
 * cost time at each event; these are enough for a link, its ends, and the timers of TCP.
 */
const laneCount = 8;

/** Where an event stands that is in no lane: the heap, or what waits for a place. */
const inHeap = laneCount;
const inHeld = laneCount + 1;
const nowhere = laneCount + 2;

/**
 * Event queue over typed columns; slots are reused, so that a steady state allocates nothing. An event goes to the end of the lane
 * whose last event is the latest one before it, and into a heap where it would come before the last event of every lane. What runs next is the first of
 * a lane or of the heap. Events that are due at a busy place are taken out of that order and wait, in the same order, for the place.
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
  private readonly free: number[] = [];
  private nextSlot = 0;
  private nextOrder = 0;
  private count = 0;
  private readonly lanes = Array.from({ length: laneCount }, () => new SlotRing());
  /** Time of the first and of the last event of each lane; Infinity and -Infinity where it is empty. */
  private readonly laneHeads = new Float64Array(laneCount).fill(Infinity);
  private readonly laneTails = new Float64Array(laneCount).fill(-Infinity);
  private readonly heap = new EventHeap();
  /** Where the next event stands, and its time: kept up to date by everything that changes it. */
  private nextIn = nowhere;
  private next = Infinity;
  /** Events that are due at a place that is busy, by place; `releasedCount` of them are of places that have become free. */
  private readonly held: SlotRing[] = [];
  private readonly released: boolean[] = [];
  private releasedCount = 0;
  private nextHeldPlace = 0;

  /** Number of events that wait, but not for a busy place. */
  get pending(): number {
    return this.count + this.releasedCount;
  }

  /** Time of the next event, or Infinity. */
  get nextTime(): number {
    return this.next;
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
    const time = at > this.now ? at : this.now;
    const order = this.nextOrder++;
    this.times[slot] = time;
    this.orders[slot] = order;
    this.arguments[slot] = argument;
    this.causes[slot] = cause ?? noCause;
    this.places[slot] = place;
    this.targets[slot] = target;
    this.payloads[slot] = payload;
    this.count++;
    const { laneTails } = this;
    let lane = inHeap;
    let latest = -Infinity;
    for (let index = 0; index < laneCount; index++) {
      const tail = laneTails[index]!;
      if (tail <= time && tail >= latest) {
        lane = index;
        latest = tail;
      }
    }
    if (lane === inHeap) this.heap.push(time, order, slot);
    else {
      this.lanes[lane]!.push(slot);
      laneTails[lane] = time;
      if (latest === -Infinity) this.laneHeads[lane] = time;
    }
    if (time < this.next || this.nextIn === nowhere) {
      this.next = time;
      this.nextIn = lane;
    }
  }

  /**
   * Runs the next event that is due by `limit` and whose place is free, and answers true; false if there is none. It may be called
   * from inside an event, for other places than that event's.
   */
  step(host: EventHost, limit = Infinity): boolean {
    for (;;) {
      const { nextIn } = this;
      if (nextIn === nowhere || this.next > limit) return false;
      if (nextIn === inHeld) {
        const place = this.nextHeldPlace;
        const ring = this.held[place - surroundings]!;
        if (host.isBusy(place)) {
          this.released[place - surroundings] = false;
          this.releasedCount -= ring.length;
          this.findNext();
          continue;
        }
        this.releasedCount--;
        const slot = ring.shift();
        this.findNext();
        this.run(slot, place, host);
        return true;
      }
      const slot = this.take(nextIn);
      const place = this.places[slot]!;
      if (!host.isBusy(place)) {
        this.run(slot, place, host);
        return true;
      }
      this.hold(slot, place);
    }
  }

  /** Takes the first event out of a lane or the heap. */
  private take(source: number): number {
    let slot: number;
    if (source === inHeap) slot = this.heap.shift();
    else {
      const lane = this.lanes[source]!;
      slot = lane.shift();
      if (lane.length === 0) {
        this.laneHeads[source] = Infinity;
        this.laneTails[source] = -Infinity;
      } else this.laneHeads[source] = this.times[lane.first]!;
    }
    this.count--;
    this.findNext();
    return slot;
  }

  /** Finds out which event is next: the earliest of the firsts, and of equal ones that which was scheduled first. */
  private findNext(): void {
    const { laneHeads } = this;
    let next = this.heap.firstTime;
    let nextIn = this.heap.length === 0 ? nowhere : inHeap;
    for (let lane = 0; lane < laneCount; lane++) {
      const time = laneHeads[lane]!;
      if (time > next) continue;
      if (
        time === next &&
        (nextIn === nowhere ? this.lanes[lane]!.length === 0 : !this.isEarlier(lane, nextIn))
      )
        continue;
      next = time;
      nextIn = lane;
    }
    this.next = next;
    this.nextIn = nextIn;
    if (this.releasedCount > 0) this.findNextHeld();
  }

  /** Whether the first event of a lane was scheduled before that of another lane or of the heap. */
  private isEarlier(lane: number, other: number): boolean {
    return this.orders[this.lanes[lane]!.first]! < this.firstOrder(other);
  }

  private firstOrder(source: number): number {
    return source === inHeap ? this.heap.firstOrder : this.orders[this.lanes[source]!.first]!;
  }

  /** As `findNext`, among what has waited for places that have become free. */
  private findNextHeld(): void {
    let order = this.nextIn === nowhere ? Infinity : this.firstOrder(this.nextIn);
    for (let index = 0; index < this.held.length; index++) {
      const ring = this.held[index];
      if (ring === undefined || this.released[index] !== true || ring.length === 0) continue;
      const slot = ring.first;
      const time = this.times[slot]!;
      if (time > this.next || (time === this.next && this.orders[slot]! > order)) continue;
      this.next = time;
      order = this.orders[slot]!;
      this.nextIn = inHeld;
      this.nextHeldPlace = index + surroundings;
    }
  }

  /** Keeps an event until its place is free. */
  private hold(slot: number, place: number): void {
    const index = place - surroundings;
    const ring = (this.held[index] ??= new SlotRing());
    // What is held comes in the order in which it would run, unless somebody has stepped beyond the present.
    let position = ring.length;
    while (position > 0 && this.isBefore(slot, ring.at(position - 1))) position--;
    if (position === ring.length) ring.push(slot);
    else ring.insert(position, slot);
    if (this.released[index] !== true) return;
    this.released[index] = false;
    this.releasedCount -= ring.length - 1;
    this.findNext();
  }

  private isBefore(left: number, right: number): boolean {
    const difference = this.times[left]! - this.times[right]!;
    return difference < 0 || (difference === 0 && this.orders[left]! < this.orders[right]!);
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
    const index = place - surroundings;
    const ring = this.held[index];
    if (ring === undefined || ring.length === 0 || this.released[index] === true) return;
    this.released[index] = true;
    this.releasedCount += ring.length;
    this.findNext();
  }

  /** Lets time pass inside an event: the processor is busy for `duration` ns. */
  spend(duration: number): void {
    this.now += duration;
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
  }
}
