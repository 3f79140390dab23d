import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scheduler, surroundings, type EventHost } from '../../../../electron/emulator/clock/scheduler';
import { SlotRing } from '../../../../electron/emulator/clock/slotRing';
import { property } from '../../../harness/property';

interface Waiting {
  readonly name: number;
  readonly at: number;
  readonly order: number;
  readonly place: number;
}

/** What a scheduler with places has to do, in the plainest way: looks at everything that waits, each time. */
class PlainModel {
  readonly waiting: Waiting[] = [];
  readonly busy = new Set<number>();
  private order = 0;

  add(name: number, at: number, place: number): void {
    this.waiting.push({ name, at, order: this.order++, place });
  }

  /** Takes out what runs next; undefined if nothing can by `limit`. */
  take(limit: number): Waiting | undefined {
    const able = this.waiting.filter(({ at, place }) => at <= limit && !this.busy.has(place));
    able.sort((left, right) => left.at - right.at || left.order - right.order);
    const [next] = able;
    if (next !== undefined) this.waiting.splice(this.waiting.indexOf(next), 1);
    return next;
  }
}

/** An event of a plan: where it runs, and what it does there. */
interface Planned {
  readonly place: number;
  /** Events that it schedules: how much later each is due. */
  readonly schedules: readonly number[];
  /** Virtual ns that it spends before it lets others reach the present, and again afterwards. */
  readonly spends: number;
  readonly interleaves: boolean;
}

const planned: fc.Arbitrary<Planned> = fc.record({
  place: fc.integer({ min: surroundings, max: 2 }),
  schedules: fc.array(fc.integer({ min: -10, max: 60 }), { maxLength: 3 }),
  spends: fc.nat({ max: 20 }),
  interleaves: fc.boolean(),
});

describe('Scheduler with places', () => {
  it('runs what is due at places that are free, in order, and keeps the rest in order until theirs is free', () => {
    fc.assert(
      fc.property(fc.array(planned, { minLength: 1, maxLength: 40 }), (plans) => {
        const scheduler = new Scheduler();
        const model = new PlainModel();
        const host: EventHost = {
          isBusy: (place) => model.busy.has(place),
          begin: (place) => {
            if (place !== surroundings) model.busy.add(place);
          },
          end: (place) => void model.busy.delete(place),
        };
        let budget = 300;
        let expected: Waiting | undefined;
        const add = (name: number, at: number): void => {
          if (budget-- <= 0) return;
          const { place } = plans[name]!;
          model.add(name, Math.max(at, scheduler.now), place);
          scheduler.schedule(at, target, name, undefined, undefined, place);
        };
        const step = (limit: number): boolean => {
          const next = model.take(limit);
          expected = next;
          const ran = scheduler.step(host, limit);
          expect(ran).toBe(next !== undefined);
          return ran;
        };
        const target = {
          onEvent: (name: number): void => {
            expect(name).toBe(expected?.name);
            const plan = plans[name]!;
            for (const later of plan.schedules) add((name + 1) % plans.length, scheduler.now + later);
            scheduler.spend(plan.spends);
            if (!plan.interleaves) return;
            const limit = scheduler.now;
            while (step(limit));
            scheduler.spend(plan.spends);
          },
        };
        plans.forEach((_, name) => add(name, name * 5));
        while (step(Infinity));
        expect(model.waiting).toEqual([]);
        expect([scheduler.pending, scheduler.nextTime]).toEqual([0, Infinity]);
      }),
      property(300),
    );
  });
});

describe('SlotRing', () => {
  it('is a queue that something can be put into at any position', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), slot: fc.nat(1000) }),
      fc.record({ kind: fc.constant('insert' as const), slot: fc.nat(1000), at: fc.nat(1000) }),
      fc.record({ kind: fc.constant('shift' as const) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
        const ring = new SlotRing();
        const model: number[] = [];
        for (const one of operations) {
          if (one.kind === 'push') {
            ring.push(one.slot);
            model.push(one.slot);
          } else if (one.kind === 'insert') {
            const at = one.at % (model.length + 1);
            ring.insert(at, one.slot);
            model.splice(at, 0, one.slot);
          } else if (model.length > 0) expect(ring.shift()).toBe(model.shift());
          expect(ring.length).toBe(model.length);
          expect(model.map((_, index) => ring.at(index))).toEqual(model);
          if (model.length > 0) expect(ring.first).toBe(model[0]);
        }
      }),
      property(),
    );
  });
});
