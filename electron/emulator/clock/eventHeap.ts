/** A 4-ary heap of slots by time and order, with the keys beside the slots so that a comparison touches nothing else. */
export class EventHeap {
  private times = new Float64Array(64);
  private orders = new Float64Array(64);
  private slots = new Uint32Array(64);
  private count = 0;

  /** How many slots it holds. */
  get length(): number {
    return this.count;
  }

  /** Time and order of the first slot; Infinity where there is none. */
  get firstTime(): number {
    return this.count === 0 ? Infinity : this.times[0]!;
  }

  get firstOrder(): number {
    return this.count === 0 ? Infinity : this.orders[0]!;
  }

  /** Puts a slot in. */
  push(time: number, order: number, slot: number): void {
    if (this.count === this.slots.length) this.grow();
    const { times, orders, slots } = this;
    let position = this.count++;
    while (position > 0) {
      const parent = (position - 1) >>> 2;
      const parentTime = times[parent]!;
      if (parentTime < time || (parentTime === time && orders[parent]! < order)) break;
      times[position] = parentTime;
      orders[position] = orders[parent]!;
      slots[position] = slots[parent]!;
      position = parent;
    }
    times[position] = time;
    orders[position] = order;
    slots[position] = slot;
  }

  /** Takes the first slot out; there must be one. */
  shift(): number {
    const { times, orders, slots } = this;
    const first = slots[0]!;
    const count = --this.count;
    if (count === 0) return first;
    const time = times[count]!;
    const order = orders[count]!;
    const slot = slots[count]!;
    let position = 0;
    for (;;) {
      const firstChild = position * 4 + 1;
      if (firstChild >= count) break;
      const end = Math.min(firstChild + 4, count);
      let best = firstChild;
      let bestTime = times[best]!;
      for (let child = firstChild + 1; child < end; child++) {
        const childTime = times[child]!;
        if (childTime < bestTime || (childTime === bestTime && orders[child]! < orders[best]!)) {
          best = child;
          bestTime = childTime;
        }
      }
      if (time < bestTime || (time === bestTime && order < orders[best]!)) break;
      times[position] = bestTime;
      orders[position] = orders[best]!;
      slots[position] = slots[best]!;
      position = best;
    }
    times[position] = time;
    orders[position] = order;
    slots[position] = slot;
    return first;
  }

  private grow(): void {
    const capacity = this.slots.length * 2;
    const times = new Float64Array(capacity);
    times.set(this.times);
    this.times = times;
    const orders = new Float64Array(capacity);
    orders.set(this.orders);
    this.orders = orders;
    const slots = new Uint32Array(capacity);
    slots.set(this.slots);
    this.slots = slots;
  }
}
