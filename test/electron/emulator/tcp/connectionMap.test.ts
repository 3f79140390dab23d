import { describe, expect, it } from 'vitest';
import { ConnectionMap } from '../../../../electron/emulator/tcp/connectionMap';

const host = Uint8Array.from([192, 0, 2, 1]);
const peer = Uint8Array.from([192, 0, 2, 2]);

describe('ConnectionMap', () => {
  it('tells connections apart by each of the four numbers', () => {
    const map = new ConnectionMap<string>();
    map.set(host, 1, peer, 7, 'a');
    map.set(host, 2, peer, 7, 'b');
    map.set(host, 1, peer, 8, 'c');
    map.set(peer, 1, host, 7, 'd');
    expect(map.get(host, 1, peer, 7)).toBe('a');
    expect(map.get(host, 2, peer, 7)).toBe('b');
    expect(map.get(host, 1, peer, 8)).toBe('c');
    expect(map.get(peer, 1, host, 7)).toBe('d');
    expect(map.get(peer, 1, host, 8)).toBeUndefined();
  });

  it('keeps the highest addresses and ports apart', () => {
    const map = new ConnectionMap<string>();
    const last = Uint8Array.from([255, 255, 255, 255]);
    const before = Uint8Array.from([255, 255, 255, 254]);
    map.set(host, 65535, last, 65535, 'last');
    map.set(host, 65535, before, 65535, 'before');
    expect(map.get(host, 65535, last, 65535)).toBe('last');
    expect(map.get(host, 65535, before, 65535)).toBe('before');
    expect(map.get(host, 65535, last, 65534)).toBeUndefined();
  });

  it('forgets one connection and no other', () => {
    const map = new ConnectionMap<string>();
    map.set(host, 1, peer, 7, 'a');
    map.set(host, 2, peer, 7, 'b');
    map.delete(host, 1, peer, 7);
    map.delete(host, 9, peer, 9);
    expect(map.get(host, 1, peer, 7)).toBeUndefined();
    expect(map.get(host, 2, peer, 7)).toBe('b');
  });
});
