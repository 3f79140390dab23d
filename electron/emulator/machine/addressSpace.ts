/**
 * Addresses for the objects of the emulated machine, so that pointers in structures, traces and hex views mean something.
 * Handed out in order and never reused within a run: an address names one object for the whole trace.
 */
export class AddressSpace {
  private next = 0x1000;
  private readonly known = new WeakMap<object, number>();

  /** Reserves `size` bytes, 16-byte aligned as the pool allocator of a 64-bit Windows does. */
  allocate(size: number): number {
    const address = this.next;
    this.next += Math.max(16, Math.ceil(size / 16) * 16);
    return address;
  }

  /** The address of a thing that carries none itself, such as a driver's function; always the same for the same thing. */
  addressOf(thing: object): number {
    let address = this.known.get(thing);
    if (address === undefined) {
      address = this.allocate(64);
      this.known.set(thing, address);
    }
    return address;
  }
}
