/** What a recording has cost, as `--json` prints it. */
import { nanosecondsPerEvent, recordingShare, type RecordingCost } from '../../shared/contract/recordingCost';

/** The clock that recordings are measured by, ms. */
export const monotonicClock = (): number => performance.now();

/** See the file's head; times in ms unless the name says otherwise. */
export interface RecordingFigures {
  /** Time that went into recording. */
  readonly milliseconds: number;
  /** How much of that whatever takes the bytes had them. */
  readonly sinkMilliseconds: number;
  readonly nanosecondsPerEvent: number;
  /** Share of the run, 0 to 1. */
  readonly shareOfRun: number;
  /** What it took to make a compact file of it; null without one. */
  readonly saveMilliseconds: number | null;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** See the file's head. */
export function recordingCostFigures(cost: RecordingCost): RecordingFigures {
  const { milliseconds, sinkMilliseconds, saveMilliseconds } = cost;
  return {
    milliseconds: rounded(milliseconds, 3),
    sinkMilliseconds: rounded(sinkMilliseconds, 3),
    nanosecondsPerEvent: rounded(nanosecondsPerEvent(cost), 1),
    shareOfRun: rounded(recordingShare(cost), 4),
    saveMilliseconds: saveMilliseconds === undefined ? null : rounded(saveMilliseconds, 3),
  };
}
