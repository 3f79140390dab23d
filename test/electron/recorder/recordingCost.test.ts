import { describe, expect, it } from 'vitest';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording, type RecordingOptions } from '../../../electron/recorder/recording';

/** A recording in memory; its sink makes `clock` go on by 2 ms a write. */
function record(options: RecordingOptions, clock = { now: 0 }): { recording: Recording; bytes: Uint8Array } {
  const pieces: Uint8Array[] = [];
  const recording = new Recording(
    'test',
    { scenario: 'transfer', seed: 3, loss: 0.01, file: inventFile(3, 200_000) },
    'made up',
    {
      write(bytes) {
        clock.now += 2;
        pieces.push(bytes.slice());
      },
    },
    options,
  );
  while (recording.advance(1000)) clock.now += 1000;
  recording.finish(false);
  return { recording, bytes: Buffer.concat(pieces) };
}

describe('what recording costs', () => {
  it('is not in the trace: with and without a clock it is the same, byte for byte', () => {
    const silent = record({});
    const measured = record({ clock: () => performance.now() });
    expect(Buffer.compare(silent.bytes, measured.bytes)).toBe(0);
    expect(silent.recording.cost).toBeUndefined();
  });

  it('is measured: all events, the time in the sink, and the run without what lies between its slices', () => {
    const clock = { now: 0 };
    const writes = { count: 0 };
    const { recording } = record(
      {
        clock: () => {
          writes.count++;
          return clock.now;
        },
      },
      clock,
    );
    const cost = recording.cost!;
    expect(cost.events).toBe(recording.eventCount);
    // The clock stands still but for the sink: what is measured is what the sink took.
    expect(cost.sinkMilliseconds).toBeGreaterThan(4);
    expect(cost.sinkMilliseconds % 2).toBe(0);
    expect(cost.milliseconds).toBeGreaterThanOrEqual(cost.sinkMilliseconds - 2);
    expect(cost.runMilliseconds).toBeLessThan(1000);
    expect(writes.count).toBeLessThan(recording.eventCount);
  });

  it('contains what a ring takes, and its way to the file at the end', () => {
    const clock = { now: 0 };
    const { recording } = record({ clock: () => clock.now, keepLast: 1e9 }, clock);
    expect(recording.cost!.milliseconds).toBeGreaterThan(0);
  });
});
