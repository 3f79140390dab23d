import { describe, expect, it } from 'vitest';
import { ReceiveMemory } from '../../../../electron/emulator/host/receiveMemory';

describe('ReceiveMemory', () => {
  it('hands out what has been given back, and never the same piece twice at a time', () => {
    const memory = new ReceiveMemory();
    const first = memory.take(100);
    const second = memory.take(100);
    expect(second).not.toBe(first);
    memory.give(first);
    expect(memory.take(100)).toBe(first);
    expect(memory.take(100)).not.toBe(first);
  });

  it('hands out pieces of the length that is asked for, whatever has been given back', () => {
    const memory = new ReceiveMemory();
    memory.give(new Uint8Array(100));
    expect(memory.take(64)).toHaveLength(64);
    memory.give(new Uint8Array(64));
    expect(memory.take(64)).toHaveLength(64);
    expect(memory.take(100)).toHaveLength(100);
  });
});
