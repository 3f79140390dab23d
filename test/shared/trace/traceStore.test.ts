import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TraceReader } from '../../../shared/trace/traceReader';
import type { TraceStore } from '../../../shared/trace/traceStore';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { encodeTrace, type TimedRecord } from '../../harness/traceBytes';

function storeOf(records: readonly TimedRecord[]): TraceStore {
  const reader = new TraceReader();
  reader.push(encodeTrace(records));
  return reader.store!;
}

describe('TraceStore', () => {
  it('finds the first event at or after any time', () => {
    fc.assert(
      fc.property(arbitraryRecords(), fc.nat(), (records, time) => {
        const expected = records.findIndex((entry) => entry.time >= time);
        expect(storeOf(records).firstAtOrAfter(time)).toBe(expected < 0 ? records.length : expected);
      }),
      property(),
    );
  });

  it('knows the kind of a record without decoding it', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const store = storeOf(records);
        expect(records.map((_, event) => store.kind(event))).toEqual(
          records.map(({ record }) => record.kind),
        );
      }),
      property(),
    );
  });

  it('keeps components, connections and state objects by id', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const store = storeOf(records);
        const of = (kind: string): unknown[] =>
          records.map(({ record }) => record).filter((record) => record.kind === kind);
        expect(store.components).toEqual(of('component'));
        expect(store.connections).toEqual(of('connection'));
        expect(store.stateObjects).toEqual(of('state-object'));
      }),
      property(),
    );
  });

  it('grows past its first 4096 records', () => {
    const component: TimedRecord = {
      time: 0,
      record: { kind: 'component', id: 0, role: 'wire', name: 'link' },
    };
    const notes = Array.from({ length: 10_000 }, (_, index): TimedRecord => ({
      time: index,
      record: { kind: 'note', component: 0, connection: undefined, cause: index, text: `note ${index}` },
    }));
    const store = storeOf([component, ...notes]);
    expect(store.length).toBe(10_001);
    expect(store.record(9_000)).toEqual(notes[8_999]!.record);
    expect(store.lastTime).toBe(9_999);
  });

  it.each([-1, 3, NaN])('refuses event %d of 3', (event) => {
    const store = storeOf(
      fc
        .sample(arbitraryRecords(false, 0), property(1))[0]!
        .concat(
          { time: 1, record: { kind: 'end', report: '' } },
          { time: 1, record: { kind: 'end', report: '' } },
        ),
    );
    expect(store.length).toBe(3);
    expect(() => store.record(event)).toThrow(RangeError);
    expect(() => store.time(event)).toThrow(RangeError);
    expect(() => store.kind(event)).toThrow(RangeError);
  });
});
