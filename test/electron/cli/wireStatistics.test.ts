import { afterEach, describe, expect, it, vi } from 'vitest';
import { statisticsText, tellStatistics, type StatisticsSource } from '../../../electron/cli/wireStatistics';

const source: StatisticsSource = {
  now: 12_500_000,
  host: {
    netstat: () => [
      {
        protocol: 'TCP',
        local: '10.0.0.2:80',
        foreign: '10.0.0.1:40000',
        state: 'ESTABLISHED',
        offloadState: 'Offloaded',
      },
    ],
    chimneyStatistics: () => [
      {
        index: 1,
        adapter: 'An adapter',
        supported: true,
        enabled: true,
        capacity: 17,
        offloaded: 3,
        peak: 4,
        total: 5,
        refused: {},
        uploadsAskedFor: {},
      },
    ],
  },
};

describe('what wire tells while it plays', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function telling(interval: number | undefined) {
    vi.useFakeTimers();
    const told: string[] = [];
    const end = tellStatistics(source, { interval, json: true, write: (text) => told.push(text) });
    return { told, end };
  }

  it('both tables, with the virtual time', () => {
    const text = statisticsText(source, false);
    expect(text).toMatch(/^At 0\.012500 s\n/);
    expect(text).toMatch(/^1 +yes +yes +17 +3 +4 +5 +An adapter$/m);
    expect(text).toMatch(/^ +TCP +10\.0\.0\.2:80 +10\.0\.0\.1:40000 +ESTABLISHED +Offloaded$/m);
  });

  it('as JSON it is one object on one line', () => {
    const text = statisticsText(source, true);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toEqual({
      virtualTime: 12_500_000,
      chimney: source.host.chimneyStatistics(),
      connections: source.host.netstat(),
    });
  });

  it('so often as it is asked to, until it is ended', () => {
    const { told, end } = telling(2e9);
    vi.advanceTimersByTime(6_100);
    expect(told).toHaveLength(3);
    end();
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(3);
  });

  it('at SIGUSR2 in any case, and not after it has been ended', () => {
    const { told, end } = telling(undefined);
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(told).toHaveLength(1);
    end();
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  it('an interval that no timer can take becomes the longest, not the shortest', () => {
    const { told, end } = telling(1e9 * 3600 * 24 * 365);
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(0);
    end();
  });
});
