/** Columns of numbers that grow: what analyses keep of millions of events, without an object for any of them. */

/** The arrays that a column may be made of. */
export type NumberArray = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

const chunkBits = 16;
const chunkLength = 2 ** chunkBits;

/**
 * Numbers by position from 0. The first chunk grows by doubling, so that small traces stay small; further ones are added whole, so that
 * large ones are never copied.
 */
export class Column<Items extends NumberArray> {
  /** How many numbers there are. */
  length = 0;
  private readonly chunks: Items[];

  /** @param make makes an array of so many zeros. */
  constructor(private readonly make: (length: number) => Items) {
    this.chunks = [make(64)];
  }

  /** Appends a number; answers its position. */
  push(value: number): number {
    const position = this.length++;
    const chunk = position >>> chunkBits;
    const at = position & (chunkLength - 1);
    if (chunk === this.chunks.length) this.chunks.push(this.make(chunkLength));
    let items = this.chunks[chunk]!;
    if (at === items.length) {
      const grown = this.make(items.length * 2);
      grown.set(items);
      this.chunks[chunk] = items = grown;
    }
    items[at] = value;
    return position;
  }

  /** The number at a position below `length`. */
  get(position: number): number {
    return this.chunks[position >>> chunkBits]![position & (chunkLength - 1)]!;
  }

  /** Replaces the number at a position below `length`. */
  set(position: number, value: number): void {
    this.chunks[position >>> chunkBits]![position & (chunkLength - 1)] = value;
  }

  /** Position of the first number that is at least `value`, in a column that ascends; `length` if there is none. */
  firstAtLeast(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.get(middle) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Position of `value` in a column that ascends strictly, or -1. What stands near the end is found soonest: records mostly refer to what
   * has just happened.
   */
  positionOf(value: number): number {
    let high = this.length;
    let step = 1;
    let low = high - 1;
    while (low > 0 && this.get(low) > value) {
      high = low;
      low = Math.max(0, low - step);
      step *= 2;
    }
    if (low < 0) return -1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.get(middle) < value) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.get(low) === value ? low : -1;
  }
}

/** A column of any numbers; 8 bytes each. */
export function float64Column(): Column<Float64Array> {
  return new Column((length) => new Float64Array(length));
}

/** A column of ids of events, which go up to 2^53 - 1: a ring forgets records, not their numbers. 8 bytes each. */
export function eventColumn(): Column<Float64Array> {
  return float64Column();
}

/** A column of whole numbers from 0 to 2^32 - 1; 4 bytes each. */
export function uint32Column(): Column<Uint32Array> {
  return new Column((length) => new Uint32Array(length));
}

/** A column of whole numbers from 0 to 65,535; 2 bytes each. */
export function uint16Column(): Column<Uint16Array> {
  return new Column((length) => new Uint16Array(length));
}

/** A column of whole numbers from 0 to 255; a byte each. */
export function uint8Column(): Column<Uint8Array> {
  return new Column((length) => new Uint8Array(length));
}
