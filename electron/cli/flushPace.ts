/** When a recording hands on what it has: for the disk by the clock, for a check whenever it waits for something to read. */
import type { Recording } from '../recorder/recording';
import type { LiveCheck } from './liveCheck';

/** Longest time between what happens and its way to the disk, ms. */
const flushInterval = 250;

/** Records that a check gets at least at a time: a chunk of its own for less would cost more than waiting. */
const fewestRecords = 4096;

/** See the file's head. */
export class FlushPace {
  /** Emulator events between two looks at the clock, and at the check. */
  readonly eventsPerSlice: number;
  private flushed = performance.now();
  private records = 0;

  /** @param check reads what is recorded; undefined where nothing does */
  constructor(private readonly check: Pick<LiveCheck, 'isIdle'> | undefined) {
    this.eventsPerSlice = check === undefined ? 20_000 : 2000;
  }

  /** For whoever lets the run advance to call after every slice. */
  look(recording: Pick<Recording, 'eventCount' | 'flush' | 'flushAll'>): void {
    const { eventCount } = recording;
    if (this.check?.isIdle === true && eventCount - this.records >= fewestRecords) recording.flushAll();
    else if (performance.now() - this.flushed > flushInterval) recording.flush();
    else return;
    this.flushed = performance.now();
    this.records = eventCount;
  }
}
