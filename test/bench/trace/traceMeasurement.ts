/** What the programs of the trace bench print: one line of JSON each. Times are wall time unless they say otherwise. */

/** Making events: with a silent probe, or with a recorder that writes a file. */
export interface RecordMeasurement {
  readonly events: number;
  /** CPU time of the events, ns. */
  readonly cpuNs: number;
  readonly seconds: number;
  /** Bytes of the file; 0 without one. */
  readonly bytes: number;
  /** What the recorder itself says that recording took, ns of wall time; absent where nothing was recorded. */
  readonly meteredNs?: number;
  readonly peakBytes: number;
}

/** Recording of which only the end is kept, in memory. */
export interface RingMeasurement {
  readonly events: number;
  readonly seconds: number;
  /** Most bytes that the ring says it held. */
  readonly heldBytes: number;
  /** Bytes of the file that was written at the end. */
  readonly bytes: number;
  /** Of the process: while it recorded, and with the writing of the file. */
  readonly recordedPeakBytes: number;
  readonly peakBytes: number;
}

/** Saving a recording. */
export interface SaveMeasurement {
  readonly seconds: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

/** Opening a file: until any event can be read. */
export interface OpenMeasurement {
  readonly openMs: number;
  /** From the start: one event from the middle of the trace. */
  readonly firstEventMs: number;
  readonly peakBytes: number;
}

/** From opening to event counts of every component for 2,000 pixels. */
export interface PictureMeasurement {
  readonly pictureMs: number;
  readonly counted: number;
  readonly peakBytes: number;
}

/** Events of a connection in a stretch of time. */
export interface QueryMeasurement {
  readonly found: number;
  /** Opening included. */
  readonly firstMs: number;
  /** Median of repetitions. */
  readonly warmMs: number;
  readonly peakBytes: number;
}

/** State at instants that chance picks; medians but for `firstMs`, which includes opening. */
export interface StateMeasurement {
  readonly objects: number;
  readonly firstMs: number;
  /** One object, nothing of that stretch in memory. */
  readonly coldMs: number;
  /** One object at another instant of a stretch that is in memory. */
  readonly warmMs: number;
  readonly allColdMs: number;
  readonly allWarmMs: number;
  readonly peakBytes: number;
}

/** Opening a file whose index is missing. */
export interface RecoverMeasurement {
  readonly recoverMs: number;
  readonly events: number;
  readonly peakBytes: number;
}

/** A scenario of the emulator, with and without recording it. */
export interface SlowdownMeasurement {
  readonly events: number;
  readonly silentSeconds: number;
  readonly recordedSeconds: number;
  readonly bytesRecorded: number;
  readonly bytesSaved: number;
}

/** A format of others with the same events; what was not measured is absent, and `remarks` says why. */
export interface TracePeerMeasurement {
  readonly name: string;
  readonly events?: number | undefined;
  /** CPU time to write an event, making it taken off, ns. */
  readonly writeNs?: number | undefined;
  readonly bytesPerEvent?: number | undefined;
  /** Until every event can be reached. */
  readonly loadMs?: number | undefined;
  /** From a closed file to counts for 2,000 pixels. */
  readonly pictureMs?: number | undefined;
  /** The busiest connection in 1 % of the time, warm. */
  readonly hotMs?: number | undefined;
  readonly peakBytes?: number | undefined;
  readonly remarks: string;
}
