/** Makes a capture of the frames that a trace has kept. */
import type { EventId, TraceHeader, TraceRecord, VirtualTime } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import type { TraceStore } from '../trace/traceStore';
import type { FrameTaps } from './frameTaps';

/** Feeds taps with the records of a trace as they are read; a {@link TraceListener}. */
export class TraceTaps implements TraceListener {
  private taps: FrameTaps | undefined;
  private lastTime = 0;

  /** @param open begins the capture, once the header of the trace is there. */
  constructor(private readonly open: (header: TraceHeader) => FrameTaps) {}

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime, { header }: TraceStore): void {
    const taps = (this.taps ??= this.open(header));
    this.lastTime = time;
    switch (record.kind) {
      case 'component':
        taps.component(record.id, record.role, record.name);
        return;
      case 'call':
        taps.call(event, record.functionName);
        return;
      case 'frame':
        taps.frame(
          event,
          time,
          record.sender,
          record.path,
          record.connection,
          record.cause,
          record.length,
          record.retransmission,
          record.bytes,
        );
        return;
      case 'frame-fate':
        taps.frameFate(time, record.frame, record.fate, record.receiver, record.flippedBits);
        return;
      default:
        return;
    }
  }

  /** Ends the capture where the trace ends; answers its taps. */
  finish(header: TraceHeader): FrameTaps {
    const taps = (this.taps ??= this.open(header));
    taps.finish(this.lastTime);
    return taps;
  }
}
