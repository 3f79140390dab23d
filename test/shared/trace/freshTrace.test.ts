import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventId, TraceRecord, VirtualTime } from '../../../shared/trace/records';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { TraceReader, type TraceListener } from '../../../shared/trace/traceReader';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { concatenate, encodePieces, plainHeader, type TimedRecord } from '../../harness/traceBytes';

/** What a reader has told, and what its store says at the end. */
function readingOf(bytes: Uint8Array, isFresh: boolean): unknown {
  const told: [TraceRecord, EventId, VirtualTime][] = [];
  const listener: TraceListener = {
    onRecord: (...[record, event, time]) => told.push([record, event, time]),
  };
  const reader = new TraceReader([listener], undefined, { isFresh });
  const pushed = reader.push(bytes);
  const { components, connections, stateObjects, length, lostRecords, unknownRecords, report } =
    reader.store!;
  const store = { components, connections, stateObjects, length, lostRecords, unknownRecords, report };
  return { told, pushed, store, ending: reader.close() };
}

/** A trace whose sink does not take its third chunk. */
function lossyTrace(records: readonly TimedRecord[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let isFull = false;
  const sink = {
    write: (bytes: Uint8Array): void => {
      if (isFull) throw new Error('full');
      pieces.push(bytes.slice());
    },
  };
  const encoder = new TraceEncoder(plainHeader, sink, { onSinkError: () => undefined });
  records.forEach(({ time, record }, index) => {
    encoder.write(time, record);
    isFull = index >= 20 && index < 30;
    if (index % 10 === 9) encoder.flush();
  });
  isFull = false;
  encoder.finish();
  return concatenate(pieces);
}

describe('A trace that is read as it is made', () => {
  it('tells the records, ids and times that reading the file tells', () => {
    fc.assert(
      fc.property(arbitraryRecords(), fc.integer({ min: 1, max: 20 }), (records, rows) => {
        const bytes = concatenate(encodePieces(records, plainHeader, (index) => index % rows === rows - 1));
        const fresh = readingOf(bytes, true);
        expect(fresh).toHaveProperty('told.length', records.length);
        expect(fresh).toEqual(readingOf(bytes, false));
      }),
      property(),
    );
  });

  it('tells of a loss, and what was declared in it, as reading the file does', () => {
    const records = Array.from({ length: 50 }, (_, index): TimedRecord => ({
      time: index,
      record:
        index === 0 || index === 25
          ? { kind: 'component', id: index === 0 ? 0 : 1, role: 'wire', name: `link ${index}` }
          : { kind: 'note', component: 0, connection: undefined, cause: undefined, text: `note ${index}` },
    }));
    const bytes = lossyTrace(records);
    const fresh = readingOf(bytes, true);
    expect(fresh).toEqual(readingOf(bytes, false));
    expect(fresh).toMatchObject({ store: { components: [{ id: 0 }, { id: 1 }] } });
    expect(fresh).toHaveProperty('store.lostRecords', 10);
  });

  it('drops the columns of a chunk behind its last row', () => {
    const reader = new TraceReader([], undefined, { isFresh: true });
    const note = { kind: 'note', component: 0, connection: undefined, cause: undefined, text: 'x' } as const;
    const component = { kind: 'component', id: 0, role: 'wire', name: 'link' } as const;
    for (const piece of encodePieces([
      { time: 0, record: component },
      { time: 1, record: note },
    ]))
      reader.push(piece);
    expect(reader.store!.chunks.map(({ decodedBytes }) => decodedBytes)).toEqual([0]);
  });
});
