import { describe, expect, it } from 'vitest';
import { setFuses } from '../../tools/setup/fuses.mjs';

const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** Something like an executable: other bytes, the sentinel, version 1, the count, the fuses. */
const executable = (fuses: string): Buffer =>
  Buffer.from(`before${sentinel}\u0001${String.fromCharCode(fuses.length)}${fuses}after`, 'latin1');

describe('setFuses', () => {
  it('sets the fuses asked for and no other byte', () => {
    const bytes = executable('10100011');
    setFuses(
      bytes,
      new Map([
        [3, true],
        [6, false],
      ]),
    );
    expect(bytes.toString('latin1')).toBe(executable('10110001').toString('latin1'));
  });

  it('refuses an executable that has no fuses', () => {
    expect(() => setFuses(Buffer.from('no sentinel here'), new Map([[3, true]]))).toThrow(
      'not an Electron runtime',
    );
  });

  it('refuses a fuse that the executable does not have', () => {
    expect(() => setFuses(executable('101'), new Map([[3, true]]))).toThrow('Fuse 3 is not in this Electron');
  });

  it('refuses a fuse that was removed', () => {
    expect(() => setFuses(executable('1r1'), new Map([[1, true]]))).toThrow('Fuse 1 is not in this Electron');
  });
});
