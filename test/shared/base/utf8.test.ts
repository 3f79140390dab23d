import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../../shared/base/utf8';
import { property } from '../../harness/property';

describe('UTF-8 (RFC 3629)', () => {
  it('brings any text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
      property(300),
    );
  });

  it('encodes as the platform does, lone surrogates included', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff })), (units) => {
        const text = String.fromCharCode(...units);
        expect(encodeUtf8(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
      }),
      property(300),
    );
  });

  it('makes a string of any bytes, and the same one as the platform where they are well-formed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = decodeUtf8(bytes);
        let strict: string | undefined;
        try {
          strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        } catch {
          strict = undefined;
        }
        if (strict === undefined) expect(text).toContain('\ufffd');
        else expect(text).toBe(strict);
      }),
      property(1000),
    );
  });

  it.each([
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong NUL in three bytes', [0xe0, 0x80, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a lone continuation byte', [0x80]],
    ['a lead byte that no sequence has', [0xff]],
    ['a sequence that the end cuts off', [0xe2, 0x82]],
  ])('replaces %s', (_what, bytes) => {
    expect(decodeUtf8(Uint8Array.from([0x41, ...bytes]))).toMatch(/^A\ufffd+$/);
  });

  it('goes on with the byte that broke a sequence', () => {
    expect(decodeUtf8(Uint8Array.of(0xe2, 0x41, 0x42))).toBe('\ufffdAB');
  });
});
