import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { FramePool, type Frame } from '../../../../electron/emulator/wire/frame';
import {
  drawFlippedBits,
  flipBits,
  longestBurst,
  type Impairments,
} from '../../../../electron/emulator/wire/impairments';
import { finishChecksum, sumWords } from '../../../../electron/emulator/wire/internetChecksum';
import { Link, type LinkEnd, type LinkSettings } from '../../../../electron/emulator/wire/link';
import { Random } from '../../../../shared/base/random';
import { frameProbe } from '../../../harness/frameProbe';
import { property } from '../../../harness/property';

const gigabit: LinkSettings = { bitsPerSecond: 1e9, delay: 50_000, queueBytes: 1e9, loss: 0 };

interface Arrival {
  readonly tag: number;
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly cause: number | undefined;
}

/** Two ends of a link that keep what arrives; a frame's number stands in its first two bytes. */
class Wire {
  readonly observed = frameProbe();
  readonly arrivals: { left: Arrival[]; right: Arrival[] } = { left: [], right: [] };
  readonly damaged = { left: 0, right: 0 };
  readonly left = this.end(10, 'left');
  readonly right = this.end(20, 'right');
  readonly pool = new FramePool();
  readonly link: Link;
  private readonly machine: Machine;

  constructor(settings: Partial<LinkSettings>, seed = 1) {
    this.machine = new Machine(this.observed.probe, seed);
    this.link = new Link(this.machine, this.pool, { ...gigabit, ...settings }, this.left, this.right);
  }

  send(from: LinkEnd, tag: number, length = 200): void {
    const frame = this.pool.take('host');
    frame.length = length;
    frame.bytes.fill(0x5a, 0, length);
    frame.bytes[0] = tag >>> 8;
    frame.bytes[1] = tag & 0xff;
    this.link.transmit(from, frame);
  }

  sendMany(count: number, from: LinkEnd = this.left): this {
    for (let tag = 0; tag < count; tag++) this.send(from, tag);
    return this.run();
  }

  run(): this {
    while (this.machine.step());
    return this;
  }

  /** Numbers of the frames that arrived at the right. */
  get tags(): number[] {
    return this.arrivals.right.map(({ tag }) => tag);
  }

  fatesOf(fate: string): number {
    return this.observed.fates.filter((one) => one.fate === fate).length;
  }

  private end(component: number, side: 'left' | 'right'): LinkEnd {
    return {
      component,
      receive: (frame: Frame) => {
        const bytes = frame.bytes.slice(0, frame.length);
        const tag = (bytes[0]! << 8) | bytes[1]!;
        this.arrivals[side].push({ tag, time: this.machine.now, bytes, cause: this.machine.cause });
      },
      frameDamaged: () => this.damaged[side]++,
    };
  }
}

function wire(impairments: Partial<Impairments>, seed = 1, settings: Partial<LinkSettings> = {}): Wire {
  return new Wire({ ...settings, impairments }, seed);
}

const ascending = Array.from({ length: 400 }, (_, index) => index);

describe('an impaired link: duplication', () => {
  it('delivers a part of the frames twice, with the fate duplicated for the copy and the same cause', () => {
    const { tags, arrivals, observed, pool, fatesOf } = wireOf({ duplicate: 0.2 });
    const copies = tags.length - 400;
    expect(copies).toBeGreaterThan(50);
    expect(copies).toBeLessThan(110);
    expect([...new Set(tags)]).toEqual(ascending);
    expect(fatesOf('delivered')).toBe(400);
    expect(fatesOf('duplicated')).toBe(copies);
    expect(observed.frames.length).toBe(400);
    for (const { tag, cause } of arrivals.right) expect(cause).toBe(observed.frames[tag]!.event);
    expect(pool.outstanding).toBe(0);
  });

  it('delivers the copy of a frame late where frames are held back', () => {
    const { tags } = wireOf({ duplicate: 0.2, reorder: 0.0001, reorderDelay: 100_000 });
    const firstAt = (tag: number): number => tags.indexOf(tag);
    const late = tags.filter((tag, index) => firstAt(tag) < index - 1);
    expect(late.length).toBeGreaterThan(20);
  });
});

/** 400 frames over a link with these impairments. */
function wireOf(
  impairments: Partial<Impairments>,
  seed = 1,
): Pick<Wire, 'tags' | 'arrivals' | 'observed' | 'pool' | 'damaged'> & { fatesOf(fate: string): number } {
  const sent = wire(impairments, seed).sendMany(400);
  const { tags, arrivals, observed, pool, damaged } = sent;
  return { tags, arrivals, observed, pool, damaged, fatesOf: (fate) => sent.fatesOf(fate) };
}

describe('an impaired link: reordering', () => {
  it('lets frames overtake those that are held back, and calls exactly the overtaken ones reordered', () => {
    const { tags, observed } = wireOf({ reorder: 0.1, reorderDelay: 50_000 });
    expect([...tags].sort((one, other) => one - other)).toEqual(ascending);
    expect(tags).not.toEqual(ascending);
    let latest = -1;
    const overtaken = tags.filter((tag) => {
      latest = Math.max(latest, tag);
      return tag < latest;
    });
    const reordered = observed.fates.filter(({ fate }) => fate === 'reordered').map(({ frame }) => frame);
    expect(reordered).toEqual(overtaken.map((tag) => observed.frames[tag]!.event));
    expect(reordered.length).toBeGreaterThan(10);
  });

  it('holds no frame back for longer than reorderDelay', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500_000 }), fc.nat({ max: 1000 }), (reorderDelay, seed) => {
        const { observed } = wireOf({ reorder: 0.3, reorderDelay }, seed);
        const serialization = ((200 + 24) * 8e9) / 1e9;
        for (const { frame, time } of observed.fates) {
          const late = time - (observed.frames[frame]!.time + serialization + gigabit.delay);
          expect(late).toBeGreaterThanOrEqual(0);
          expect(late).toBeLessThanOrEqual(reorderDelay);
        }
      }),
      property(20),
    );
  });
});

describe('an impaired link: corruption', () => {
  it('has the receiving adapter discard and count frames whose frame check sequence is wrong', () => {
    const { tags, damaged, fatesOf, pool } = wireOf({ corrupt: 0.2, corruptPastFcs: 0 });
    expect(damaged.right).toBeGreaterThan(50);
    expect(damaged.left).toBe(0);
    expect(tags.length).toBe(400 - damaged.right);
    expect(fatesOf('fcs-error')).toBe(damaged.right);
    expect(pool.outstanding).toBe(0);
  });

  it('delivers corruption past the frame check sequence, and tells which bits have flipped', () => {
    const { arrivals, observed, damaged } = wireOf({ corrupt: 0.2, corruptPastFcs: 1 });
    expect(damaged.right).toBe(0);
    expect(arrivals.right.length).toBe(400);
    let corrupted = 0;
    observed.fates.forEach(({ fate, frame, flippedBits }, index) => {
      const sent = observed.frames[frame]!.bytes.slice();
      if (fate === 'corrupted') {
        corrupted++;
        expect(flippedBits!.length).toBeGreaterThan(0);
        flipBits(sent, flippedBits!);
      } else expect(flippedBits).toBeUndefined();
      expect(arrivals.right[index]!.bytes).toEqual(sent);
    });
    expect(corrupted).toBeGreaterThan(50);
  });

  it('flips bursts that the Internet checksum always shows (RFC 1071), anywhere in the frame', () => {
    const random = new Random(3);
    const positions = new Set<number>();
    for (let round = 0; round < 5000; round++) {
      const bytes = new Uint8Array(40);
      random.fill(bytes);
      const before = finishChecksum(sumWords(0, bytes, 0, bytes.length));
      const flipped = drawFlippedBits(random, bytes.length);
      expect(flipped.at(-1)! - flipped[0]!).toBeLessThan(longestBurst);
      flipBits(bytes, flipped);
      expect(finishChecksum(sumWords(0, bytes, 0, bytes.length))).not.toBe(before);
      for (const bit of flipped) positions.add(bit);
    }
    expect(positions.size).toBe(320);
  });
});

describe('an impaired link: loss in bursts (Gilbert and Elliott)', () => {
  const bursts = { goodToBad: 0.02, badToGood: 0.25, lossInGood: 0, lossInBad: 1 };

  it('loses runs of frames whose mean length is 1 / badToGood', () => {
    const sent = wire({ burstLoss: bursts }, 4).sendMany(20_000);
    const lost = sent.observed.fates.map(({ fate }) => fate === 'lost');
    const runs = lost.filter((isLost, index) => isLost && lost[index - 1] !== true).length;
    const losses = lost.filter(Boolean).length;
    expect(losses / runs).toBeGreaterThan(3.5);
    expect(losses / runs).toBeLessThan(4.5);
    // The stationary share of the bad state: 0.02 / (0.02 + 0.25).
    expect(losses / 20_000).toBeGreaterThan(0.06);
    expect(losses / 20_000).toBeLessThan(0.09);
  });
});

describe('an impaired link: jitter', () => {
  it('delays frames by up to its length and changes no order', () => {
    const { tags, observed } = wireOf({ jitter: 30_000 });
    expect(tags).toEqual(ascending);
    const delays = observed.fates.map(({ frame, time }) => time - observed.frames[frame]!.time);
    expect(new Set(delays).size).toBeGreaterThan(20);
  });
});

describe('an impaired link: chance', () => {
  const all: Partial<Impairments> = { duplicate: 0.1, reorder: 0.1, corrupt: 0.1, jitter: 5_000 };

  it('does the same to the same frames for the same seed, and other things for another', () => {
    const arrivals = (seed: number): unknown => wireOf(all, seed).arrivals.right;
    expect(arrivals(5)).toEqual(arrivals(5));
    expect(arrivals(5)).not.toEqual(arrivals(6));
  });

  it('loses the same frames whatever else happens to them', () => {
    const lost = (impairments: Partial<Impairments>): number[] =>
      wire(impairments, 2, { loss: 0.1 })
        .sendMany(400)
        .observed.fates.filter(({ fate }) => fate === 'lost')
        .map(({ frame }) => frame)
        .sort((one, other) => one - other);
    expect(lost(all)).toEqual(lost({}));
    expect(lost({}).length).toBeGreaterThan(20);
  });

  it('impairs one direction independently of the traffic in the other', () => {
    const arrivals = (answers: number): number[] => {
      const both = wire(all);
      for (let tag = 0; tag < 200; tag++) {
        both.send(both.left, tag);
        for (let count = 0; count < answers; count++) both.send(both.right, tag);
      }
      return both.run().tags;
    };
    expect(arrivals(2)).toEqual(arrivals(0));
  });

  it('has settings of their own for the direction from right to left', () => {
    const asymmetric = new Wire({ loss: 0, reverse: { loss: 1, delay: 1 } });
    asymmetric.sendMany(50).sendMany(50, asymmetric.right);
    expect(asymmetric.arrivals.right.length).toBe(50);
    expect(asymmetric.arrivals.left.length).toBe(0);
  });

  it('loses everything while the cable is pulled, copies too, and gives every frame back', () => {
    const pulled = wire({ ...all, corruptPastFcs: 1 });
    for (let tag = 0; tag < 100; tag++) pulled.send(pulled.left, tag);
    pulled.link.setCarrier(false);
    pulled.run();
    expect(pulled.arrivals.right).toEqual([]);
    expect(pulled.fatesOf('lost')).toBe(100);
    expect(pulled.pool.outstanding).toBe(0);
  });
});
