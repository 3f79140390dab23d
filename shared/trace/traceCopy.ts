/**
 * Writes what a reader reads anew, each record under the id that it has, so that references stay right across what is missing. Whoever declared
 * something that is missing, it stays defined.
 */
import type { TraceCodec } from './codec';
import type { EventId, LossRecord, TraceHeader, TraceRecord, VirtualTime } from './records';
import { TraceEncoder, type TraceSink } from './traceEncoder';
import type { TraceListener } from './traceReader';
import type { TraceStore } from './traceStore';

/** What is known of the state behind a loss, as records; they take the place of some of those that are missing. */
export type StateBehind = (loss: LossRecord) => readonly TraceRecord[];

/** A listener that writes what it hears. See the file's head. */
export class TraceCopy implements TraceListener {
  private started: TraceEncoder | undefined;

  constructor(
    private readonly sink: TraceSink,
    private readonly codec: TraceCodec | undefined,
    private readonly stateBehind: StateBehind = () => [],
  ) {}

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime, store: TraceStore): void {
    const encoder = this.begin(store.header);
    if (isDeclaration(record) && !isSameDeclaration(store.record(event), record)) {
      // Its row is missing: the reader has come upon the loss that took it.
      encoder.define(record);
      return;
    }
    this.fillUpTo(event, encoder, store);
    if (record.kind === 'loss' && record.records > 0) this.writeLoss(record, event, time, encoder);
    else encoder.write(time, record);
  }

  /** Writes what the reader has not told of since the last record. */
  fillRest(store: TraceStore): void {
    this.fillUpTo(store.length, this.begin(store.header), store);
  }

  /** The encoder, which has written the header. */
  begin(header: TraceHeader): TraceEncoder {
    return (this.started ??= new TraceEncoder(header, this.sink, { codec: this.codec }));
  }

  /** Rows that listeners are not told of: declarations that a loss has anticipated, and records that this version does not know. */
  private fillUpTo(event: EventId, encoder: TraceEncoder, store: TraceStore): void {
    while (encoder.eventCount < event) {
      const id = encoder.eventCount;
      const record = store.record(id);
      const time = store.time(id);
      if (isDeclaration(record)) encoder.redeclare(time, record.kind, record.id);
      else if (record.kind !== 'unknown' || record.number < 0) return;
      else encoder.write(time, { kind: 'loss', reason: 'damage', records: 1, from: time, until: time });
    }
  }

  private writeLoss(loss: LossRecord, event: EventId, time: VirtualTime, encoder: TraceEncoder): void {
    const gap = event - encoder.eventCount;
    const state = this.stateBehind(loss).slice(0, Math.max(0, gap));
    if (gap > state.length) encoder.skip(gap - state.length);
    encoder.write(time, loss);
    for (const record of state) encoder.write(time, record);
    if (gap > 0) encoder.settle();
  }
}

type Declaration = Extract<TraceRecord, { readonly kind: 'component' | 'connection' | 'state-object' }>;

function isDeclaration(record: TraceRecord | { readonly kind: 'unknown' }): record is Declaration {
  return record.kind === 'component' || record.kind === 'connection' || record.kind === 'state-object';
}

function isSameDeclaration(
  found: TraceRecord | { readonly kind: 'unknown' },
  declaration: Declaration,
): boolean {
  return isDeclaration(found) && found.kind === declaration.kind && found.id === declaration.id;
}
