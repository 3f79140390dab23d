import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../shared/base/random';
import { property } from '../../harness/property';

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.nextUint32());
}

const seed = fc.nat({ max: 0xffff_ffff });

describe('Random', () => {
  it('repeats itself for the same seed and stream', () => {
    fc.assert(
      fc.property(seed, fc.nat({ max: 20 }), (value, stream) => {
        expect(draw(new Random(value, stream), 50)).toEqual(draw(new Random(value, stream), 50));
      }),
      property(),
    );
  });

  it('differs between seeds', () => {
    fc.assert(
      fc.property(seed, seed, (left, right) => {
        fc.pre(left !== right);
        expect(draw(new Random(left), 8)).not.toEqual(draw(new Random(right), 8));
      }),
      property(),
    );
  });

  it('differs between the streams of a seed', () => {
    fc.assert(
      fc.property(seed, fc.nat({ max: 50 }), fc.nat({ max: 50 }), (value, left, right) => {
        fc.pre(left !== right);
        expect(draw(new Random(value, left), 8)).not.toEqual(draw(new Random(value, right), 8));
      }),
      property(),
    );
  });

  it('never changes the sequence of a seed: traces of older versions must be repeatable', () => {
    expect(draw(new Random(1), 4)).toEqual([2593933980, 3513595400, 925082069, 658746079]);
  });

  it('stays below the limit and reaches every number below it', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 20 }), (value, limit) => {
        const random = new Random(value);
        const seen = new Set(Array.from({ length: 1000 }, () => random.nextBelow(limit)));
        expect([...seen].sort((left, right) => left - right)).toEqual(
          Array.from({ length: limit }, (_, n) => n),
        );
      }),
      property(30),
    );
  });

  it('has fractions in [0, 1) with a mean near one half', () => {
    const random = new Random(42);
    let sum = 0;
    for (let count = 0; count < 20_000; count++) {
      const fraction = random.nextFraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
      sum += fraction;
    }
    expect(Math.abs(sum / 20_000 - 0.5)).toBeLessThan(0.01);
  });

  it('never answers a chance of 0 with yes nor one of 1 with no, and draws nothing for them', () => {
    const asked = new Random(7);
    const untouched = new Random(7);
    for (let count = 0; count < 100; count++) {
      expect(asked.nextChance(0)).toBe(false);
      expect(asked.nextChance(1)).toBe(true);
    }
    expect(draw(asked, 4)).toEqual(draw(untouched, 4));
  });

  it('answers a chance about as often as its probability says', () => {
    const random = new Random(3);
    let hits = 0;
    for (let count = 0; count < 20_000; count++) if (random.nextChance(0.2)) hits++;
    expect(Math.abs(hits / 20_000 - 0.2)).toBeLessThan(0.01);
  });

  it('fills bytes from its sequence', () => {
    const bytes = new Uint8Array(16);
    new Random(9).fill(bytes);
    expect([...bytes]).toEqual(draw(new Random(9), 16).map((value) => value & 0xff));
  });
});
