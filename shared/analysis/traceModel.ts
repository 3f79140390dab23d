/**
 * A trace with everything that is derived from it in one pass while it is read: what the window, the web viewer and the
 * command line look at.
 */
import type { Result } from '../base/result';
import { StateHistory } from '../state/stateHistory';
import type { TraceCodec } from '../trace/codec';
import type { TraceEnding, TraceError } from '../trace/traceError';
import { TraceReader, type TraceListener } from '../trace/traceReader';
import type { TraceStore } from '../trace/traceStore';
import { CallIndex } from './callIndex';
import { FrameIndex } from './frameIndex';
import { HostCostIndex } from './hostCostIndex';
import { NoteIndex } from './noteIndex';
import { RunFigures } from './runFigures';

/** A trace being read, or read. Feed it with `push`; everything else is for looking. */
export class TraceModel {
  readonly calls = new CallIndex();
  readonly frames = new FrameIndex();
  readonly notes = new NoteIndex();
  readonly states = new StateHistory();
  readonly hostCost = new HostCostIndex();
  readonly figures = new RunFigures();
  private readonly reader: TraceReader;

  /**
   * @param codec undoes the compression of chunks, where a room has a faster one than the portable codec
   * @param further who else wants to see the records as they are read
   */
  constructor(codec?: TraceCodec, further: readonly TraceListener[] = []) {
    const { calls, frames, notes, states, hostCost, figures } = this;
    this.reader = new TraceReader(
      [calls, frames, notes, states, hostCost, ...figures.listeners, ...further],
      codec,
    );
  }

  /** The records themselves; undefined until the header has arrived. */
  get store(): TraceStore | undefined {
    return this.reader.store;
  }

  /** Takes the next bytes; answers the number of records that they completed. */
  push(bytes: Uint8Array): Result<number, TraceError> {
    return this.reader.push(bytes);
  }

  /** Says how the trace ended once no more bytes come. */
  close(): Result<TraceEnding, TraceError> {
    return this.reader.close();
  }
}
