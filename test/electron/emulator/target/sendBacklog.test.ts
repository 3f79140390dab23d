import { describe, expect, it } from 'vitest';
import { SendBacklog } from '../../../../electron/emulator/target/sendBacklog';

const settings = { smallest: 16 * 1024, largest: 256 * 1024, interval: 1000 };

const windows = (CWnd: number, MaxSndWnd = 1024 * 1024) => ({ CWnd, MaxSndWnd });

describe('the send backlog of a target', () => {
  it.each([
    [1460, 16 * 1024],
    [10_000, 32 * 1024],
    [65_536, 128 * 1024],
    [1_000_000, 256 * 1024],
  ])('QRY-007: a congestion window of %i bytes wants %i bytes outstanding', (CWnd, size) => {
    expect(new SendBacklog(settings).ideal(windows(CWnd))).toBe(size);
  });

  it('the peer’s window bounds it, too', () => {
    expect(new SendBacklog(settings).ideal(windows(100_000, 12_000))).toBe(32 * 1024);
  });

  it('EVT-032: a change is told once', () => {
    const backlog = new SendBacklog(settings);
    expect(backlog.change(windows(1460), 0)).toBe(16 * 1024);
    expect(backlog.change(windows(1500), 2000)).toBeUndefined();
    expect(backlog.change(windows(20_000), 4000)).toBe(64 * 1024);
    expect(backlog.change(windows(20_000), 6000)).toBeUndefined();
  });

  it('EVT-032: what a query has answered is known', () => {
    const backlog = new SendBacklog(settings);
    expect(backlog.query(windows(1460), 0)).toBe(16 * 1024);
    expect(backlog.change(windows(1460), 5000)).toBeUndefined();
  });

  it('EVT-034: changes come no closer together than the interval, and none is smaller than a factor of two', () => {
    const backlog = new SendBacklog(settings);
    const told: { at: number; size: number }[] = [];
    for (let at = 0; at < 20_000; at += 100) {
      const size = backlog.change(windows(1460 + at * 10), at);
      if (size !== undefined) told.push({ at, size });
    }
    expect(told.map(({ size }) => size / 1024)).toEqual([16, 32, 64, 128, 256]);
    told.slice(1).forEach(({ at }, index) => {
      expect(at - told[index]!.at).toBeGreaterThanOrEqual(settings.interval);
    });
  });
});
