import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import { StateHistory } from '../../../shared/state/stateHistory';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { TraceFile } from '../../../shared/trace/traceFile';
import { memorySource } from '../../../shared/trace/traceSource';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { concatenate, plainHeader, readTrace, type TimedRecord } from '../../harness/traceBytes';

/** What a disk holds that takes nothing for some of its writes, and what the encoder numbered the records. */
function recordOn(
  records: readonly TimedRecord[],
  flushEvery: number,
  takes: (write: number) => boolean,
): { readonly bytes: Uint8Array; readonly ids: readonly number[]; readonly errors: number } {
  const pieces: Uint8Array[] = [];
  let writes = 0;
  let errors = 0;
  const encoder = new TraceEncoder(
    plainHeader,
    {
      write: (bytes) => {
        // The magic and the header: a file that can't even begin is not recorded into.
        if (writes++ > 1 && !takes(writes))
          throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        pieces.push(bytes.slice());
      },
    },
    { onSinkError: () => errors++ },
  );
  const ids: number[] = [];
  const shifted = (id: number): number => ids[id]!;
  records.forEach(({ time, record }, index) => {
    ids.push(encoder.write(time, renumbered(record, shifted)));
    if (index % flushEvery === flushEvery - 1) encoder.flush();
  });
  encoder.finish();
  return { bytes: concatenate(pieces), ids, errors };
}

/** A driver refers to events by the ids that the recorder gave it. */
function renumbered(record: TimedRecord['record'], of: (id: number) => number): TimedRecord['record'] {
  const maybe = (id: number | undefined): number | undefined => (id === undefined ? undefined : of(id));
  switch (record.kind) {
    case 'call':
      return {
        ...record,
        parent: maybe(record.parent),
        cause: maybe(record.cause),
        completes: record.completes.map(of),
      };
    case 'return':
      return { ...record, call: of(record.call) };
    case 'frame-fate':
      return { ...record, frame: of(record.frame) };
    case 'finding':
      return { ...record, events: record.events.map(of) };
    case 'annotation':
      return { ...record, from: of(record.from), to: of(record.to) };
    case 'state-change':
    case 'ownership':
    case 'relink':
    case 'frame':
    case 'note':
      return { ...record, cause: maybe(record.cause) };
    default:
      return record;
  }
}

const outage = fc.record({ from: fc.integer({ min: 3, max: 30 }), length: fc.integer({ min: 1, max: 12 }) });

/** Whether the layer of an object has a variable; others are nobody's. */
function isKnown(records: readonly TimedRecord[], object: number, variable: number): boolean {
  const declaration = records.find(({ record }) => record.kind === 'state-object' && record.id === object);
  return (
    declaration?.record.kind === 'state-object' &&
    variable < offloadStateVariables(declaration.record.layer).length
  );
}

describe('a disk that takes nothing for a while', () => {
  it('leaves a trace that is never damaged, in which each record that is there has its id', () => {
    let losses = 0;
    fc.assert(
      fc.property(
        arbitraryRecords(),
        fc.constantFrom(1, 3, 7),
        outage,
        (records, flushEvery, { from, length }) => {
          const { bytes, ids } = recordOn(
            records,
            flushEvery,
            (write) => write < from || write >= from + length,
          );
          const reading = readTrace(bytes);
          expect(reading.end.ok && reading.end.value.kind).not.toBe('damaged');
          const shifted = (id: number): number => ids[id]!;
          records.forEach(({ record }, index) => {
            const found = reading.records[ids[index]!];
            if (found === undefined || found.kind === 'unknown') losses++;
            else expect(found).toEqual(renumbered(record, shifted));
          });
        },
      ),
      property(200),
    );
    expect(losses).toBeGreaterThan(100);
  });

  it('and takes it again finds as many lost records as loss records count, and the state as it would have been', () => {
    let marked = 0;
    fc.assert(
      fc.property(
        arbitraryRecords(),
        fc.constantFrom(1, 3),
        outage,
        (records, flushEvery, { from, length }) => {
          const takes = (write: number): boolean => write < from || write >= from + length;
          const { bytes, ids, errors } = recordOn(records, flushEvery, takes);
          const states = new StateHistory();
          const reading = readTrace(bytes, [states]);
          if (reading.end.ok && reading.end.value.kind !== 'complete') return;
          const lost = reading.records.filter(({ kind }) => kind === 'unknown').length;
          const counted = reading.records.reduce(
            (sum, record) => sum + (record.kind === 'loss' && record.reason === 'disk' ? record.records : 0),
            0,
          );
          expect(counted).toBeGreaterThanOrEqual(lost);
          if (errors > 0 && lost > 0) marked++;
          const whole = new StateHistory();
          readTrace(recordOn(records, flushEvery, () => true).bytes, [whole]);
          const values = (history: StateHistory, event: number): unknown =>
            [...Array(records.length).keys()]
              .map((id) => history.objectAt(id, event))
              .map((at) => [
                at?.owner,
                at?.variables
                  .filter(({ variable }) => isKnown(records, at.object, variable))
                  .map(({ variable, value }) => [variable, value]),
              ]);
          expect(values(states, ids.at(-1)!)).toEqual(values(whole, records.length - 1));
        },
      ),
      property(200),
    );
    expect(marked).toBeGreaterThan(20);
  });

  it('leaves an index that knows what is missing', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), outage, async (records, { from, length }) => {
        const { bytes } = recordOn(records, 3, (write) => write < from || write >= from + length);
        const file = await TraceFile.open(memorySource(bytes));
        if (!file.ok) throw new Error(file.error.message);
        expect(file.value.length).toBe(readTrace(bytes).records.length);
      }),
      property(60),
    );
  });

  it('stops whoever records where nobody said that it should go on', () => {
    const encoder = new TraceEncoder(plainHeader, {
      write: (bytes) => {
        if (bytes.length > 1000) throw new Error('no space left');
      },
    });
    encoder.write(0, { kind: 'component', id: 0, role: 'wire', name: 'x'.repeat(2000) });
    expect(() => encoder.flush()).toThrow('no space left');
  });
});
