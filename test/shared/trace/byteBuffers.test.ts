import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, MalformedBytes } from '../../../shared/trace/byteReader';
import { ByteWriter } from '../../../shared/trace/byteWriter';
import { property } from '../../harness/property';

function written(fill: (out: ByteWriter) => void): ByteReader {
  const out = new ByteWriter(1);
  fill(out);
  return new ByteReader(out.bytes, 0, out.length);
}

describe('integers of variable length', () => {
  it('come back for every whole number up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: Number.MAX_SAFE_INTEGER })), (values) => {
        const input = written((out) => {
          for (const value of values) out.varint(value);
        });
        expect(values.map(() => input.varint())).toEqual(values);
        expect(input.position).toBe(input.end);
      }),
      property(300),
    );
  });

  it.each([0, 0x7f, 0x80, 0x3fff, 0x4000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
    'keep the boundary value %i',
    (value) => {
      expect(written((out) => out.varint(value)).varint()).toBe(value);
    },
  );

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])(
    'refuse %d, which would read back as something else',
    (value) => {
      expect(() => written((out) => out.varint(value))).toThrow(RangeError);
    },
  );

  it('are refused above 2^53 - 1 when read', () => {
    const tooLong = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    expect(() => new ByteReader(tooLong, 0, 9).varint()).toThrow(MalformedBytes);
    const tooLarge = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f);
    expect(() => new ByteReader(tooLarge, 0, 8).varint()).toThrow(MalformedBytes);
  });

  it('tell undefined from 0', () => {
    const input = written((out) => {
      out.optional(undefined);
      out.optional(0);
      out.optional(41);
    });
    expect([input.optional(), input.optional(), input.optional()]).toEqual([undefined, 0, 41]);
  });
});

describe('ByteReader', () => {
  it('never reads outside its bounds, whatever it is asked', () => {
    const action = fc.constantFrom('u8', 'u24', 'u32', 'f64', 'varint', 'optional', 'block');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(action), (bytes, actions) => {
        const guarded = new Uint8Array(bytes.length + 64).fill(0xee);
        guarded.set(bytes, 32);
        const input = new ByteReader(guarded, 32, 32 + bytes.length);
        for (const name of actions) {
          try {
            input[name]();
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedBytes);
          }
          expect(input.position).toBeGreaterThanOrEqual(32);
          expect(input.position).toBeLessThanOrEqual(32 + bytes.length);
        }
      }),
      property(500),
    );
  });

  it('refuses a count that the rest cannot hold', () => {
    expect(() => new ByteReader(Uint8Array.of(3, 0, 0, 0, 0, 0), 0, 6).count(2)).toThrow(MalformedBytes);
    expect(new ByteReader(Uint8Array.of(2, 0, 0, 0, 0), 0, 5).count(2)).toBe(2);
  });

  it('hands out copies', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const copy = new ByteReader(bytes, 0, 3).raw(3);
    bytes[0] = 9;
    expect(copy).toEqual(Uint8Array.of(1, 2, 3));
  });
});
