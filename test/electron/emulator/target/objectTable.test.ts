import { describe, expect, it } from 'vitest';
import { UseCounts } from '../../../../electron/emulator/target/objectTable';

describe('UseCounts', () => {
  it('counts values, not uses', () => {
    const counts = new UseCounts();
    counts.take('a');
    counts.take('a');
    expect(counts.size).toBe(1);
    expect(counts.sizeWith('a')).toBe(1);
    expect(counts.sizeWith('b')).toBe(2);
  });

  it('a value stays until its last use has gone', () => {
    const counts = new UseCounts();
    counts.take('a');
    counts.take('a');
    counts.release('a');
    expect(counts.size).toBe(1);
    counts.release('a');
    expect(counts.size).toBe(0);
  });
});
