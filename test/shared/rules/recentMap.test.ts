import { describe, expect, it } from 'vitest';
import { RecentMap } from '../../../shared/rules/engine/recentMap';

/** A map with the keys 0 to 99, each with its square. */
function squares(most: number): RecentMap<number, number> {
  const map = new RecentMap<number, number>(most);
  for (let key = 0; key < 100; key++) map.set(key, key * key);
  return map;
}

describe('a map that remembers what was set last', () => {
  it('remembers as many keys as it says', () => {
    const map = squares(10);
    for (let key = 90; key < 100; key++) expect(map.get(key)).toBe(key * key);
  });

  it('forgets all but twice as many', () => {
    const map = squares(10);
    for (let key = 0; key < 80; key++) expect(map.has(key)).toBe(false);
  });

  it('counts a key as new when it is set again', () => {
    const map = new RecentMap<number, number>(10);
    for (let key = 0; key < 100; key++) {
      map.set(-1, key);
      map.set(key, key);
    }
    expect(map.get(-1)).toBe(99);
  });

  it('answers the last value of a key that was set twice', () => {
    const map = squares(10);
    map.set(85, 1);
    expect(map.get(85)).toBe(1);
  });

  it('knows nothing of a key that was deleted, old or new', () => {
    const map = squares(10);
    for (const key of [85, 99]) {
      map.delete(key);
      expect(map.get(key)).toBeUndefined();
      expect(map.has(key)).toBe(false);
    }
  });
});
