/**
 * A trace for the Perfetto UI (ui.perfetto.dev): TrackEvent packets in the protobuf format, as its reference "Writing TrackEvent Protos
 * Synthetically" describes them. Names of events, categories and annotations are interned; times are nanoseconds.
 */
import type { TableSource } from './tableTypes';
import { ProtobufWriter } from './protobufWriter';
import { timelineOf, type TimelineItem, type TimelineValue } from './timeline';

/** Numbers of fields in perfetto_trace.proto. */
const fields = {
  trace: { packet: 1 },
  packet: {
    timestamp: 8,
    sequence: 10,
    trackEvent: 11,
    internedData: 12,
    sequenceFlags: 13,
    trackDescriptor: 60,
    firstPacketOnSequence: 87,
  },
  track: { uuid: 1, name: 2, process: 3, thread: 4, parent: 5, counter: 8 },
  process: { pid: 1, name: 6 },
  thread: { pid: 1, tid: 2, name: 5 },
  counter: { unit: 3, unitName: 6 },
  event: {
    categoryIids: 3,
    annotations: 4,
    type: 9,
    nameIid: 10,
    track: 11,
    counterValue: 30,
    doubleCounterValue: 44,
    flows: 47,
    terminatingFlows: 48,
  },
  annotation: { nameIid: 1, bool: 2, unsigned: 3, double: 5, string: 6 },
  interned: { categories: 1, names: 2, annotationNames: 3 },
  internedName: { iid: 1, name: 2 },
} as const;

const eventTypes = { begin: 1, end: 2, instant: 3, sample: 4 } as const;

/** SEQ_INCREMENTAL_STATE_CLEARED and SEQ_NEEDS_INCREMENTAL_STATE. */
const [stateCleared, needsState] = [1, 2] as const;

/** All packets are of one sequence. */
const sequence = 1;

/** Units of CounterDescriptor: UNIT_COUNT and UNIT_SIZE_BYTES; bits/s is none of them and stands as text. */
const counterUnits = { requests: 2, bytes: 3, 'bits/s': undefined } as const;

/** Bytes that are gathered before they are given out. */
const pieceLength = 64 * 1024;

/** Whole nanoseconds: a broken trace may say anything. */
function timestamp(time: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.trunc(time)));
}

type Table = keyof typeof fields.interned;

/** Numbers for texts, told to the reader at their first use. */
class Interner {
  private readonly numbers = new Map<string, number>();
  private news: { readonly iid: number; readonly name: string }[] = [];

  number(text: string): number {
    let iid = this.numbers.get(text);
    if (iid === undefined) {
      iid = this.numbers.size + 1;
      this.numbers.set(text, iid);
      this.news.push({ iid, name: text });
    }
    return iid;
  }

  takeNews(): readonly { readonly iid: number; readonly name: string }[] {
    if (this.news.length === 0) return this.news;
    const taken = this.news;
    this.news = [];
    return taken;
  }
}

type TrackEvent = Extract<TimelineItem, { readonly time: number }>;

/** Makes the packets of one trace. */
class PerfettoEncoder {
  private readonly packet = new ProtobufWriter();
  private readonly interners: Readonly<Record<Table, Interner>> = {
    categories: new Interner(),
    names: new Interner(),
    annotationNames: new Interner(),
  };
  private isFirst = true;

  /** Appends the packet of an item to a trace. */
  write(item: TimelineItem, trace: ProtobufWriter): void {
    this.packet.clear();
    if ('time' in item) this.event(item);
    else this.descriptor(item);
    this.packet.unsigned(fields.packet.sequence, sequence);
    this.packet.unsigned(fields.packet.sequenceFlags, this.isFirst ? stateCleared | needsState : needsState);
    if (this.isFirst) this.packet.bool(fields.packet.firstPacketOnSequence, true);
    this.isFirst = false;
    trace.embed(fields.trace.packet, this.packet);
  }

  private descriptor(item: Exclude<TimelineItem, TrackEvent>): void {
    this.packet.message(fields.packet.trackDescriptor, (track) => {
      track.unsigned(fields.track.uuid, item.track);
      if (item.kind === 'process')
        track.message(fields.track.process, (process) => {
          process.unsigned(fields.process.pid, item.track);
          process.string(fields.process.name, item.name);
        });
      else {
        track.unsigned(fields.track.parent, item.process);
        if (item.kind === 'thread')
          track.message(fields.track.thread, (thread) => {
            thread.unsigned(fields.thread.pid, item.process);
            thread.unsigned(fields.thread.tid, item.track);
            thread.string(fields.thread.name, item.name);
          });
        else track.string(fields.track.name, item.name);
        if (item.kind === 'counter')
          track.message(fields.track.counter, (counter) => {
            const unit = counterUnits[item.unit];
            if (unit === undefined) counter.string(fields.counter.unitName, item.unit);
            else counter.unsigned(fields.counter.unit, unit);
          });
      }
    });
  }

  private event(item: TrackEvent): void {
    this.packet.unsigned(fields.packet.timestamp, timestamp(item.time));
    this.packet.message(fields.packet.trackEvent, (event) => {
      event.unsigned(fields.event.type, eventTypes[item.kind]);
      event.unsigned(fields.event.track, item.track);
      if (item.kind === 'sample') {
        if (Number.isSafeInteger(item.value) && item.value >= 0)
          event.unsigned(fields.event.counterValue, item.value);
        else event.double(fields.event.doubleCounterValue, item.value);
      }
      if (item.kind !== 'begin' && item.kind !== 'instant') return;
      event.unsigned(fields.event.categoryIids, this.interners.categories.number(item.category));
      event.unsigned(fields.event.nameIid, this.interners.names.number(item.name));
      for (const [name, value] of Object.entries(item.values)) this.annotation(event, name, value);
      if (item.kind !== 'begin') return;
      for (const flow of item.leaving) event.fixed64(fields.event.flows, flow);
      for (const flow of item.arriving) event.fixed64(fields.event.terminatingFlows, flow);
    });
    this.internedData();
  }

  private annotation(event: ProtobufWriter, name: string, value: TimelineValue): void {
    event.message(fields.event.annotations, (annotation) => {
      annotation.unsigned(fields.annotation.nameIid, this.interners.annotationNames.number(name));
      if (typeof value === 'string') annotation.string(fields.annotation.string, value);
      else if (typeof value === 'boolean') annotation.bool(fields.annotation.bool, value);
      else if (Number.isSafeInteger(value) && value >= 0)
        annotation.unsigned(fields.annotation.unsigned, value);
      else annotation.double(fields.annotation.double, value);
    });
  }

  private internedData(): void {
    const news = (['categories', 'names', 'annotationNames'] as const).map(
      (table) => [table, this.interners[table].takeNews()] as const,
    );
    if (news.every(([, entries]) => entries.length === 0)) return;
    this.packet.message(fields.packet.internedData, (interned) => {
      for (const [table, entries] of news)
        for (const { iid, name } of entries)
          interned.message(fields.interned[table], (entry) => {
            entry.unsigned(fields.internedName.iid, iid);
            entry.string(fields.internedName.name, name);
          });
    });
  }
}

/** The file in pieces. */
export function* perfettoTrace(source: TableSource): Generator<Uint8Array> {
  const encoder = new PerfettoEncoder();
  const trace = new ProtobufWriter();
  for (const item of timelineOf(source)) {
    encoder.write(item, trace);
    if (trace.bytes.length < pieceLength) continue;
    yield trace.bytes.slice();
    trace.clear();
  }
  yield trace.bytes.slice();
}
