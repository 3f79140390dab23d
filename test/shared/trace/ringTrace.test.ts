import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import { StateHistory } from '../../../shared/state/stateHistory';
import { portableCodec } from '../../../shared/trace/codec';
import { RingTrace } from '../../../shared/trace/ringTrace';
import { StateReader } from '../../../shared/trace/stateReader';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { TraceFile } from '../../../shared/trace/traceFile';
import { memorySource } from '../../../shared/trace/traceSource';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { concatenate, plainHeader, readTrace, type TimedRecord } from '../../harness/traceBytes';

function ringOf(
  records: readonly TimedRecord[],
  keep: number,
  flushEvery: number,
  mostBytes?: number,
): { readonly bytes: Uint8Array; readonly peakBytes: number } {
  const ring = new RingTrace(plainHeader, { keep, mostBytes });
  const encoder = new TraceEncoder(plainHeader, ring);
  records.forEach(({ time, record }, index) => {
    encoder.write(time, record);
    if (index % flushEvery === flushEvery - 1) encoder.flush();
  });
  encoder.finish();
  const pieces: Uint8Array[] = [];
  ring.save({ write: (piece) => void pieces.push(piece.slice()) }, portableCodec);
  return { bytes: concatenate(pieces), peakBytes: ring.peakBytes };
}

const flushes = fc.constantFrom(1, 3, 7);

/** Whether the layer of an object has a variable; others are nobody's. */
function isKnown(records: readonly TimedRecord[], object: number, variable: number): boolean {
  const declaration = records.find(({ record }) => record.kind === 'state-object' && record.id === object);
  return (
    declaration?.record.kind === 'state-object' &&
    variable < offloadStateVariables(declaration.record.layer).length
  );
}

describe('a ring that keeps the last records', () => {
  it('is a complete trace of at least the time that was asked for, and every record keeps its id', () => {
    fc.assert(
      fc.property(
        arbitraryRecords(),
        flushes,
        fc.nat({ max: 2_000_000_000 }),
        (records, flushEvery, keep) => {
          const reading = readTrace(ringOf(records, keep, flushEvery).bytes);
          expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
          expect(reading.records).toHaveLength(records.length);
          const until = records.at(-1)!.time;
          records.forEach(({ time, record }, event) => {
            if (time < until - keep) return;
            expect(reading.records[event]).toEqual(record);
            expect(reading.times[event]).toBe(time);
          });
        },
      ),
      property(150),
    );
  });

  it('begins with a loss record that counts what was forgotten, and the state that it led to', () => {
    let forgotten = 0;
    fc.assert(
      fc.property(arbitraryRecords(), flushes, fc.nat({ max: 500_000_000 }), (records, flushEvery, keep) => {
        const { bytes } = ringOf(records, keep, flushEvery);
        const states = new StateHistory();
        const reading = readTrace(bytes, [states]);
        const whole = new StateHistory();
        const encoder: Uint8Array[] = [];
        const original = new TraceEncoder(plainHeader, {
          write: (piece) => void encoder.push(piece.slice()),
        });
        for (const { time, record } of records) original.write(time, record);
        original.finish();
        readTrace(concatenate(encoder), [whole]);
        const first = reading.records.findIndex(({ kind }) => kind !== 'unknown');
        const loss = reading.records[first];
        if (loss?.kind === 'loss' && loss.reason === 'ring' && loss.records > 0) {
          forgotten++;
          const kept = reading.records.slice(loss.records);
          expect(kept).toEqual(records.slice(loss.records).map(({ record }) => record));
        }
        const values = (history: StateHistory): unknown =>
          [...Array(records.length).keys()]
            .map((id) => history.objectAt(id, records.length - 1))
            .map((at) => [
              at?.owner,
              at?.variables
                .filter(({ variable }) => isKnown(records, at.object, variable))
                .map(({ variable, value }) => [variable, value]),
            ]);
        expect(values(states)).toEqual(values(whole));
      }),
      property(150),
    );
    expect(forgotten).toBeGreaterThan(30);
  });

  it('has a checkpoint behind that state, from which a file is asked for the state at any later event', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), async (records) => {
        const { bytes } = ringOf(records, 0, 3);
        const [file, whole] = await Promise.all(
          [bytes, ringOf(records, Number.MAX_SAFE_INTEGER, 3).bytes].map(async (one) => {
            const opened = await TraceFile.open(memorySource(one));
            if (!opened.ok) throw new Error(opened.error.message);
            return opened.value;
          }),
        );
        const event = records.length - 1;
        const at = async (one: TraceFile): Promise<unknown> =>
          (await new StateReader(one, portableCodec).at(event))
            .objects()
            .map(({ object, owner, parent, variables }) => [
              object,
              owner,
              parent,
              variables.map(({ variable, value }) => [variable, value]),
            ]);
        expect(await at(file!)).toEqual(await at(whole!));
      }),
      property(80),
    );
  });

  it('holds no more than the bytes that it may, whatever time that is', () => {
    const records: TimedRecord[] = [
      { time: 0, record: { kind: 'component', id: 0, role: 'wire', name: 'wire' } },
      ...Array.from({ length: 5000 }, (_, index): TimedRecord => ({
        time: index,
        record: {
          kind: 'note',
          component: 0,
          connection: undefined,
          cause: undefined,
          text: `note ${index} ${'x'.repeat(100)}`,
        },
      })),
    ];
    const { bytes, peakBytes } = ringOf(records, Number.MAX_SAFE_INTEGER, 20, 50_000);
    expect(peakBytes).toBeLessThan(60_000);
    const reading = readTrace(bytes);
    expect(reading.records.at(-1)).toEqual(records.at(-1)!.record);
    expect(reading.records[0]!.kind).toBe('unknown');
  });
});
