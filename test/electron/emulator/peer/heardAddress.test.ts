import { describe, expect, it } from 'vitest';
import { HeardAddress } from '../../../../electron/emulator/peer/heardAddress';

/** What is heard of frames from hosts with these numbers. */
function after(...hosts: number[]): number {
  const heard = new HeardAddress();
  for (const host of hosts) heard.heard(Uint8Array.of(0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, host, 8, 0));
  return heard.mac[5]!;
}

describe('the address that frames come from', () => {
  it('is that of the first frame', () => {
    expect(after(7)).toBe(7);
  });

  it('changes when two frames in a row have another one', () => {
    expect(after(7, 8)).toBe(7);
    expect(after(7, 8, 8)).toBe(8);
  });

  it('does not change for single frames with changed bits, however many there are', () => {
    expect(after(7, 6, 7, 5, 7, 3, 7, 6)).toBe(7);
    expect(after(7, 6, 5, 3)).toBe(7);
  });
});
