import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FlushPace } from '../../../electron/cli/flushPace';

/** Stands for a recording that gets longer at each look. */
function recordingOf(step: number) {
  const done: string[] = [];
  const recording = {
    eventCount: 0,
    flush: () => done.push(`clock at ${recording.eventCount}`),
    flushAll: () => done.push(`check at ${recording.eventCount}`),
  };
  const look = (pace: FlushPace, times: number): string[] => {
    for (let time = 0; time < times; time++) {
      recording.eventCount += step;
      pace.look(recording);
    }
    return done;
  };
  return { look };
}

describe('a recording hands on what it has', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  it('to a check that waits for something to read, in pieces that are worth a chunk', () => {
    expect(recordingOf(2048).look(new FlushPace({ isIdle: true }), 5)).toEqual([
      'check at 4096',
      'check at 8192',
    ]);
  });

  it('to nobody while the check is busy and the clock has not come so far', () => {
    expect(recordingOf(2048).look(new FlushPace({ isIdle: false }), 5)).toEqual([]);
  });

  it.each([undefined, { isIdle: false }])('to the disk by the clock, with the check %o', (check) => {
    const pace = new FlushPace(check);
    vi.advanceTimersByTime(251);
    expect(recordingOf(100).look(pace, 2)).toEqual(['clock at 100']);
  });

  it('without a check in the slices of ever, on which the contents of a ring depend', () => {
    expect(new FlushPace(undefined).eventsPerSlice).toBe(20_000);
  });
});
