/** What a recording costs the run that it records: the encoder's meter, and a look at the clock around the run. */
import type { RecordingCost } from '../../shared/contract/recordingCost';
import { EncodingMeter, type MonotonicClock } from '../../shared/trace/encodingMeter';

/** See the file's head. */
export class RecordingMeter {
  /** For the encoder that records. */
  readonly encoding: EncodingMeter;
  private run = 0;
  private begun: number | undefined;

  constructor(private readonly clock: MonotonicClock) {
    this.encoding = new EncodingMeter(clock);
  }

  /** Emulation and recording are at work from now on. */
  beginRun(): void {
    this.begun ??= this.clock();
  }

  /** Whether they are. */
  get isRunning(): boolean {
    return this.begun !== undefined;
  }

  /** They rest, or have ended. */
  endRun(): void {
    if (this.begun !== undefined) this.run += this.clock() - this.begun;
    this.begun = undefined;
  }

  /** What `events` records have cost so far. */
  cost(events: number): RecordingCost {
    const { encoding, run, begun } = this;
    return {
      events,
      milliseconds: encoding.milliseconds(events),
      sinkMilliseconds: encoding.sinkMilliseconds,
      runMilliseconds: run + (begun === undefined ? 0 : this.clock() - begun),
    };
  }
}
