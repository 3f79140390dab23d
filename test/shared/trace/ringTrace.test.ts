import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import { StateHistory } from '../../../shared/state/stateHistory';
import { portableCodec } from '../../../shared/trace/codec';
import { RingTrace } from '../../../shared/trace/ringTrace';
import { frameTags } from '../../../shared/trace/layout';
import { StateReader } from '../../../shared/trace/stateReader';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { TraceRecorder } from '../../../electron/recorder/traceRecorder';
import type { RunReport } from '../../../shared/analysis/runReport';
import { EventSource } from '../../bench/trace/eventSource';
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

describe('the memory of a ring', () => {
  const keep = 20_000_000;

  /** Records so many events in chunks of some thousand, and answers how many bytes were in memory at most, looked at behind every chunk. */
  function mostHeld(
    events: number,
    mostBytes?: number,
  ): { readonly held: number; readonly file: Uint8Array } {
    const ring = new RingTrace(plainHeader, { keep, mostBytes });
    const recorder = new TraceRecorder(plainHeader, ring, { hasIndex: false });
    const source = new EventSource(recorder);
    let held = 0;
    for (let made = 5000; source.events < events; made += 5000) {
      source.run(made);
      recorder.flush();
      held = Math.max(held, ring.heldBytes);
    }
    recorder.finish({ virtualTime: source.now } as unknown as RunReport);
    const pieces: Uint8Array[] = [];
    ring.save({ write: (piece) => void pieces.push(piece.slice()) }, portableCodec);
    return { held, file: concatenate(pieces) };
  }

  it('holds hardly more bytes in a run that is eight times as long, and lets go of what it forgets', () => {
    const short = mostHeld(100_000);
    const long = mostHeld(800_000);
    expect(long.held).toBeLessThan(short.held * 1.5);
    expect(long.held).toBeLessThan(1_000_000);
    const reading = readTrace(long.file);
    expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
    const loss = reading.records.find(({ kind }) => kind === 'loss');
    const first = loss?.kind === 'loss' ? loss.records : 0;
    expect(first).toBeGreaterThan(600_000);
    expect(reading.times.at(-1)! - reading.times[first]!).toBeGreaterThanOrEqual(keep);
  });

  it('is bounded by bytes as well, where the time that is to be kept is long', () => {
    const { held, file } = mostHeld(200_000, 300_000);
    // Definitions and the chunk that came last are there in any case.
    expect(held).toBeLessThan(900_000);
    expect(readTrace(file).end).toEqual({ ok: true, value: { kind: 'complete' } });
  });

  it('needs no index of the encoder, which then writes neither index nor checkpoints', () => {
    const tags = new Set<number>();
    const sink = {
      write: (bytes: Uint8Array) =>
        void tags.add(new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true)),
    };
    const written = (hasIndex: boolean): boolean[] => {
      tags.clear();
      const recorder = new TraceRecorder(plainHeader, sink, { hasIndex });
      new EventSource(recorder).run(200_000);
      recorder.finish({ virtualTime: Number.MAX_SAFE_INTEGER } as unknown as RunReport);
      return [frameTags.chunk, frameTags.checkpoint, frameTags.index, frameTags.tail].map((tag) =>
        tags.has(tag),
      );
    };
    expect(written(true)).toEqual([true, true, true, true]);
    expect(written(false)).toEqual([true, false, false, false]);
  });
});
