import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  finishChecksum,
  sumPseudoHeader,
  sumWords,
  wordBuffer,
} from '../../../../electron/emulator/wire/internetChecksum';
import { property } from '../../../harness/property';

/** RFC 1071 section 1, word by word: one's complement sum, complemented. */
function naiveChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at]! << 8) + (bytes[at + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return ~sum & 0xffff;
}

describe('Internet checksum (RFC 1071)', () => {
  it('has the value of the example in section 3', () => {
    const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(finishChecksum(sumWords(0, bytes, 0, 8))).toBe(~0xddf2 & 0xffff);
  });

  it('equals the word by word sum for bytes of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(finishChecksum(sumWords(0, bytes, 0, bytes.length))).toBe(naiveChecksum(bytes));
      }),
      property(500),
    );
  });

  it('covers the given range only', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.nat(),
        fc.nat(),
        (bytes, first, second) => {
          const start = first % bytes.length;
          const end = start + (second % (bytes.length - start + 1));
          expect(finishChecksum(sumWords(0, bytes, start, end))).toBe(naiveChecksum(bytes.slice(start, end)));
        },
      ),
      property(500),
    );
  });

  it('is the same for memory that is summed by words, wherever a range begins and ends', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 100, maxLength: 1600, size: 'max' }),
        fc.nat({ max: 9 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 40 }),
        (source, offset, skip, cut) => {
          const bytes = new Uint8Array(wordBuffer(offset + source.length), offset, source.length);
          bytes.set(source);
          const end = source.length - cut;
          expect(finishChecksum(sumWords(0, bytes, skip, end))).toBe(naiveChecksum(source.slice(skip, end)));
        },
      ),
      property(500),
    );
  });

  it('carries as often as it must where every word is ffff', () => {
    const bytes = new Uint8Array(wordBuffer(65_536)).fill(0xff);
    expect(finishChecksum(sumWords(0, bytes, 0, bytes.length))).toBe(0);
    expect(finishChecksum(sumWords(0, bytes, 2, 61_003))).toBe(naiveChecksum(bytes.slice(2, 61_003)));
  });

  it('may be carried over ranges of even length (section 2 (B))', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 50 }), (bytes, cut) => {
        const middle = Math.min(cut * 2, bytes.length - (bytes.length % 2));
        const total = sumWords(sumWords(0, bytes, 0, middle), bytes, middle, bytes.length);
        expect(finishChecksum(total)).toBe(naiveChecksum(bytes));
      }),
      property(),
    );
  });

  it('is 0 over data that holds its own checksum', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 99 }), (bytes) => {
        bytes.set([0, 0]);
        const checksum = naiveChecksum(bytes);
        bytes.set([checksum >>> 8, checksum & 0xff]);
        expect(finishChecksum(sumWords(0, bytes, 0, bytes.length))).toBe(0);
      }),
      property(),
    );
  });

  it('stays right for the longest TCP segment of all ones', () => {
    const bytes = new Uint8Array(65_535).fill(0xff);
    expect(finishChecksum(sumWords(0, bytes, 0, bytes.length))).toBe(naiveChecksum(bytes));
  });

  it('covers addresses, protocol and length of the pseudo-header (RFC 9293 section 3.1)', () => {
    const source = Uint8Array.of(192, 0, 2, 1);
    const destination = Uint8Array.of(198, 51, 100, 7);
    const pseudo = Uint8Array.of(...source, ...destination, 0, 6, 0x05, 0xdc);
    expect(finishChecksum(sumPseudoHeader(source, destination, 6, 0x05dc))).toBe(naiveChecksum(pseudo));
  });
});
