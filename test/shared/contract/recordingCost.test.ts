import { describe, expect, it } from 'vitest';
import { traceStreamEventSchema } from '../../../shared/contract/desktopBridge';
import {
  nanosecondsPerEvent,
  recordingCostText,
  recordingShare,
  type RecordingCost,
} from '../../../shared/contract/recordingCost';

const cost: RecordingCost = {
  events: 3_120_000,
  milliseconds: 1279.2,
  sinkMilliseconds: 20,
  runMilliseconds: 7525,
};

describe('what a recording has cost', () => {
  it('is told in a line: events, time of each, share of the run', () => {
    expect(recordingCostText(cost)).toBe('3,120,000 events, 410 ns each, 17 % of the run');
  });

  it('names a disk that takes most of it, and what saving took', () => {
    expect(recordingCostText({ ...cost, events: 999, sinkMilliseconds: 1000, saveMilliseconds: 352 })).toBe(
      '999 events, 1280480 ns each, 17 % of the run, 78 % of that while its bytes were taken, saved in 0.35 s',
    );
  });

  it('of nothing is nothing, and never more than the run', () => {
    const nothing = { events: 0, milliseconds: 0, sinkMilliseconds: 0, runMilliseconds: 0 };
    expect([nanosecondsPerEvent(nothing), recordingShare(nothing)]).toEqual([0, 0]);
    expect(recordingShare({ ...cost, runMilliseconds: 1000 })).toBe(1);
  });

  it('crosses from the engine to the window, and is checked there', () => {
    const event = { kind: 'recording-cost', cost };
    expect(traceStreamEventSchema.parse(event)).toEqual(event);
    expect(traceStreamEventSchema.safeParse({ ...event, cost: { ...cost, events: -1 } }).success).toBe(false);
    expect(traceStreamEventSchema.safeParse({ kind: 'recording-cost' }).success).toBe(false);
  });
});
