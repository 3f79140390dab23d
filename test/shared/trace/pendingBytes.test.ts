import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PendingBytes } from '../../../shared/trace/pendingBytes';

it('property: holds what has been appended and not consumed, in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ append: fc.uint8Array({ maxLength: 60 }), consume: fc.nat(80) }), {
        maxLength: 60,
      }),
      (steps) => {
        const pending = new PendingBytes();
        let model: number[] = [];
        for (const step of steps) {
          pending.append(step.append);
          model.push(...step.append);
          const count = Math.min(step.consume, model.length);
          pending.consume(count);
          model = model.slice(count);
          expect(pending.length).toBe(model.length);
          expect([...pending.bytes]).toEqual(model);
        }
      },
    ),
    { seed: 20081122 },
  );
});

it('gives everything up when it is cleared', () => {
  const pending = new PendingBytes();
  pending.append(Uint8Array.from([1, 2, 3]));
  pending.clear();
  expect(pending.length).toBe(0);
  pending.append(Uint8Array.from([4]));
  expect([...pending.bytes]).toEqual([4]);
});
