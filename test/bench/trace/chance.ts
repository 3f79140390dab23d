/** Chance of the bench: fast, seeded, and of no other use. */

/** A stream of numbers (xorshift by Marsaglia, 32 bits). */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) | 1;
  }

  /** 32 bits, as a number from 0. */
  next(): number {
    let { state } = this;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state;
    return state >>> 0;
  }

  /** A whole number from 0, below `limit` (at most 2^32). */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }
}

/** Numbers from 0 of which number k comes with a frequency in proportion to 1 / (k + 1) ^ exponent. */
export class ZipfLaw {
  private readonly limits: Float64Array;
  private readonly guides = new Uint16Array(4096);

  constructor(count: number, exponent: number) {
    this.limits = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) this.limits[rank] = sum += (rank + 1) ** -exponent;
    for (let rank = 0; rank < count; rank++) this.limits[rank]! /= sum;
    let rank = 0;
    for (let guide = 0; guide < this.guides.length; guide++) {
      while (this.limits[rank]! < guide / this.guides.length) rank++;
      this.guides[guide] = rank;
    }
  }

  /** Draws a number. */
  draw(chance: Chance): number {
    const drawn = chance.next() / 0x1_0000_0000;
    let rank = this.guides[Math.floor(drawn * this.guides.length)]!;
    while (this.limits[rank]! < drawn) rank++;
    return rank;
  }
}
