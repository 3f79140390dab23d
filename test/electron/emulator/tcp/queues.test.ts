import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReassemblyQueue } from '../../../../electron/emulator/tcp/reassemblyQueue';
import { SendQueue } from '../../../../electron/emulator/tcp/sendQueue';
import { advance, distance, isAtOrBefore, isBefore } from '../../../../electron/emulator/tcp/sequenceNumber';
import { property } from '../../../harness/property';
import { streamBytes } from '../../../harness/segmentNotation';

const u32 = fc.nat({ max: 0xffff_ffff });

describe('sequence numbers (RFC 9293 section 3.4)', () => {
  it('advance modulo 2^32 and measure the way back', () => {
    fc.assert(
      fc.property(u32, fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }), (base, offset) => {
        const moved = advance(base, offset);
        expect(moved).toBe(Number(BigInt.asUintN(32, BigInt(base) + BigInt(offset))));
        expect(distance(base, moved)).toBe(offset);
        expect(isBefore(base, moved)).toBe(offset > 0);
        expect(isAtOrBefore(base, moved)).toBe(offset >= 0);
      }),
      property(500),
    );
  });

  it('compare across the wrap', () => {
    expect(isBefore(0xffff_ffff, 0)).toBe(true);
    expect(isBefore(0, 0xffff_ffff)).toBe(false);
    expect(distance(0xffff_fff0, 0x10)).toBe(0x20);
  });
});

describe('SendQueue', () => {
  interface Owned {
    count: number;
  }

  type Action =
    | { readonly kind: 'append'; readonly length: number; readonly push: boolean }
    | { readonly kind: 'release'; readonly pick: number }
    | { readonly kind: 'copy'; readonly from: number; readonly to: number };
  const action: fc.Arbitrary<Action> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('append'),
        length: fc.integer({ min: 1, max: 30 }),
        push: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('release'), pick: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy'), from: fc.nat(), to: fc.nat() }) },
  );

  it('behaves as one array of bytes, tells each owner its own bytes, and knows where messages end', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400, size: 'max' }), (actions) => {
        const queue = new SendQueue();
        let appended = 0;
        let released = 0;
        const ends = new Set<number>();
        const chunks: { readonly from: number; readonly to: number; readonly owned: Owned }[] = [];
        for (const next of actions) {
          if (next.kind === 'append') {
            const owned: Owned = { count: 0 };
            queue.append(
              streamBytes(appended, next.length),
              { onAcknowledged: (count) => (owned.count += count) },
              next.push,
            );
            chunks.push({ from: appended, to: appended + next.length, owned });
            appended += next.length;
            if (next.push) ends.add(appended);
          } else if (next.kind === 'release') {
            const count = next.pick % (appended - released + 1);
            queue.release(count);
            released += count;
          } else {
            const from = next.from % (appended - released + 1);
            const count = next.to % (appended - released - from + 1);
            const target = new Uint8Array(count + 2).fill(0xee);
            queue.copyOut(from, count, target, 1);
            expect([...target]).toEqual([0xee, ...streamBytes(released + from, count), 0xee]);
            const position = released + from;
            expect(queue.endsAt(from)).toBe(from > 0 && (position === appended || ends.has(position)));
          }
          expect(queue.length).toBe(appended - released);
        }
        for (const { from, to, owned } of chunks) {
          expect(owned.count).toBe(Math.min(to, Math.max(from, released)) - from);
        }
      }),
      property(150),
    );
  });

  it('copies nothing: chunks refer to the user’s memory until they are released', () => {
    const queue = new SendQueue();
    const bytes = streamBytes(0, 4);
    queue.append(bytes, { onAcknowledged: () => undefined }, true);
    bytes[0] = 0xaa;
    const target = new Uint8Array(1);
    queue.copyOut(0, 1, target, 0);
    expect(target[0]).toBe(0xaa);
  });

  it('refuses empty chunks and to release more than it holds', () => {
    const queue = new SendQueue();
    expect(() => queue.append(new Uint8Array(0), { onAcknowledged: () => undefined }, true)).toThrow(
      RangeError,
    );
    expect(() => queue.release(1)).toThrow(RangeError);
  });

  it('lets an owner append more while it is told of its bytes', () => {
    const queue = new SendQueue();
    const owner = {
      onAcknowledged: (): void => {
        if (queue.length === 0) queue.append(streamBytes(4, 4), owner, true);
      },
    };
    queue.append(streamBytes(0, 4), owner, true);
    queue.release(4);
    const target = new Uint8Array(4);
    queue.copyOut(0, 4, target, 0);
    expect(target).toEqual(streamBytes(4, 4));
  });
});

describe('ReassemblyQueue (RFC 9293 section 3.10.7.4)', () => {
  const size = 300;
  const piece = fc.record({
    from: fc.nat({ max: size - 1 }),
    length: fc.integer({ min: 1, max: 60 }),
    push: fc.boolean(),
  });

  it('gives the stream back from pieces in any order, overlapping, repeated, across the wrap of the numbers', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60, size: 'max' }), u32, (pieces, first) => {
        const queue = new ReassemblyQueue();
        const held = new Set<number>();
        let next = 0;
        const takeAll = (): void => {
          for (
            let taken = queue.take(advance(first, next));
            taken;
            taken = queue.take(advance(first, next))
          ) {
            expect(taken.bytes.length).toBeGreaterThan(0);
            expect(taken.bytes).toEqual(streamBytes(next, taken.bytes.length));
            next += taken.bytes.length;
          }
        };
        for (const { from, length, push } of pieces) {
          const end = Math.min(size, from + length);
          if (from > next) {
            const around = new Uint8Array(end - from + 6).fill(0xee);
            around.set(streamBytes(from, end - from), 3);
            queue.insert(advance(first, from), around, 3, end - from, push);
            for (let position = from; position < end; position++) held.add(position);
          } else if (end > next) {
            next = end;
            takeAll();
          }
          let contiguous = next;
          while (held.has(contiguous)) contiguous++;
          expect(next).toBe(contiguous);
          expect(queue.length).toBeGreaterThanOrEqual(
            [...held].filter((position) => position >= next).length,
          );
        }
      }),
      property(500),
    );
  });

  it('holds every byte once, however often it comes', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const queue = new ReassemblyQueue();
        const held = new Set<number>();
        for (const { from, length, push } of pieces) {
          queue.insert(1000 + from, streamBytes(from, length), 0, length, push);
          for (let position = from; position < from + length; position++) held.add(position);
        }
        expect(queue.length).toBe(held.size);
        queue.clear();
        expect(queue.length).toBe(0);
        expect(queue.take(1000)).toBeUndefined();
      }),
      property(300),
    );
  });

  it('keeps a copy: the frame’s memory is reused', () => {
    const queue = new ReassemblyQueue();
    const bytes = streamBytes(0, 5);
    queue.insert(10, bytes, 0, 5, false);
    bytes.fill(0);
    expect(queue.take(10)?.bytes).toEqual(streamBytes(0, 5));
  });

  it('drops what is older than RcvNxt and trims what is partly old', () => {
    const queue = new ReassemblyQueue();
    queue.insert(10, streamBytes(0, 5), 0, 5, true);
    queue.insert(20, streamBytes(10, 5), 0, 5, true);
    expect(queue.take(22)).toEqual({ bytes: streamBytes(12, 3), push: true });
    expect(queue.length).toBe(0);
  });

  it('hands PSH on with the end of the segment that carried it', () => {
    const queue = new ReassemblyQueue();
    queue.insert(20, streamBytes(10, 5), 0, 5, false);
    queue.insert(10, streamBytes(0, 20), 0, 20, true);
    const pushes: boolean[] = [];
    for (let next = 10; next < 30;) {
      const { bytes, push } = queue.take(next)!;
      pushes.push(push);
      next += bytes.length;
    }
    expect(pushes).toEqual([false, false, true]);
  });
});
