/**
 * Seeded pseudo-random numbers (the sfc32 generator), the only source of chance in the emulator:
 * the same seed gives the same sequence on every machine.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed any unsigned 32-bit number; @param stream tells independent generators of one seed apart. */
  constructor(seed: number, stream = 0) {
    this.a = seed >>> 0;
    this.b = Math.imul(stream + 1, 0x9e3779b9) >>> 0;
    this.c = (seed ^ 0x85ebca6b) >>> 0;
    for (let round = 0; round < 12; round++) this.nextUint32();
  }

  /** Uniform in 0 .. 2^32 - 1. */
  nextUint32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  nextFraction(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  /** Uniform integer in [0, limit); limit is a positive integer below 2^32. */
  nextBelow(limit: number): number {
    return Math.floor(this.nextFraction() * limit);
  }

  /** True with the given probability (0 never, 1 always). Draws nothing when the answer is certain. */
  nextChance(probability: number): boolean {
    if (probability <= 0) return false;
    if (probability >= 1) return true;
    return this.nextFraction() < probability;
  }

  /** Fills the bytes with uniform noise. */
  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.nextUint32() & 0xff;
  }
}
