import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../shared/base/crc32';
import { encodeUtf8 } from '../../../shared/base/utf8';
import { property } from '../../harness/property';

describe('CRC-32 (ISO 3309)', () => {
  it('has the check value cbf43926 for "123456789"', () => {
    expect(crc32(encodeUtf8('123456789'))).toBe(0xcbf43926);
  });

  it('is 0 for nothing', () => {
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it('covers the given range only', () => {
    expect(crc32(encodeUtf8('ab123456789cd'), 2, 11)).toBe(0xcbf43926);
  });

  it('is the remainder of a division, bit by bit, for bytes of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        let remainder = 0xffff_ffff;
        for (const byte of bytes) {
          remainder ^= byte;
          for (let bit = 0; bit < 8; bit++)
            remainder = (remainder & 1) === 1 ? (remainder >>> 1) ^ 0xedb8_8320 : remainder >>> 1;
        }
        expect(crc32(bytes)).toBe(~remainder >>> 0);
      }),
      property(),
    );
  });

  it('notices every change of a single bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, pick) => {
        const changed = bytes.slice();
        const bit = pick % (bytes.length * 8);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(crc32(changed)).not.toBe(crc32(bytes));
      }),
      property(),
    );
  });
});
