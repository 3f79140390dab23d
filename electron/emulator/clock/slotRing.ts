/** Numbers in the order in which they came, in a ring that grows; a steady state allocates nothing. */
export class SlotRing {
  private slots = new Uint32Array(16);
  private head = 0;
  private count = 0;

  /** How many there are. */
  get length(): number {
    return this.count;
  }

  /** The one that came first; any number if there is none. */
  get first(): number {
    return this.slots[this.head]!;
  }

  /** The one at a position, from 0, which must be below `length`. */
  at(position: number): number {
    return this.slots[(this.head + position) & (this.slots.length - 1)]!;
  }

  /** Appends a number. */
  push(slot: number): void {
    if (this.count === this.slots.length) this.grow();
    this.slots[(this.head + this.count++) & (this.slots.length - 1)] = slot;
  }

  /** Takes the first one out; there must be one. */
  shift(): number {
    const slot = this.slots[this.head]!;
    this.head = (this.head + 1) & (this.slots.length - 1);
    this.count--;
    return slot;
  }

  /** Puts a number at a position, from 0 to `length`; those behind it move back. */
  insert(position: number, slot: number): void {
    this.push(slot);
    const mask = this.slots.length - 1;
    for (let index = this.count - 1; index > position; index--)
      this.slots[(this.head + index) & mask] = this.slots[(this.head + index - 1) & mask]!;
    this.slots[(this.head + position) & mask] = slot;
  }

  private grow(): void {
    const wider = new Uint32Array(this.slots.length * 2);
    for (let index = 0; index < this.count; index++) wider[index] = this.at(index);
    this.slots = wider;
    this.head = 0;
  }
}
