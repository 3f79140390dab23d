import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { cutTrace, type CutRequest, type CutResult } from '../../../shared/trace/cut';
import { portableCodec } from '../../../shared/trace/codec';
import type { EventId, TraceRecord } from '../../../shared/trace/records';
import { StateReader } from '../../../shared/trace/stateReader';
import { TraceFile } from '../../../shared/trace/traceFile';
import { memorySource } from '../../../shared/trace/traceSource';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';
import { completeTrace, concatenate, readTrace, type TimedRecord } from '../../harness/traceBytes';

async function open(bytes: Uint8Array): Promise<TraceFile> {
  const opened = await TraceFile.open(memorySource(bytes));
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

/** A cut of a trace, read back. */
interface CutTrace extends CutResult {
  readonly bytes: Uint8Array;
  readonly file: TraceFile;
  readonly records: readonly TraceRecord[];
  readonly times: readonly number[];
}

async function cut(file: TraceFile, request: CutRequest): Promise<CutTrace> {
  const pieces: Uint8Array[] = [];
  const made = await cutTrace(file, request, { write: (bytes) => void pieces.push(bytes.slice()) });
  if (!made.ok) throw new Error(made.error.message);
  const bytes = concatenate(pieces);
  const reading = readTrace(bytes);
  if (!reading.end.ok) throw new Error(reading.end.error.message);
  return {
    ...made.value,
    bytes,
    file: await open(bytes),
    records: reading.records as readonly TraceRecord[],
    times: reading.times,
  };
}

/** State at an instant as text, by labels instead of numbers; undefined before there is any. */
async function stateText(
  file: TraceFile,
  event: EventId,
  isWanted = (_: string): boolean => true,
): Promise<string> {
  const { stateObjects, components } = file.definitions;
  const state = await new StateReader(file, portableCodec).at(event);
  const lines: string[] = [];
  for (const { object, owner, parent, variables } of state.objects()) {
    const { label } = stateObjects[object]!;
    if (!isWanted(label)) continue;
    const values: string[] = [];
    for (const { variable, value, writtenBy } of variables) {
      const record = await file.record(writtenBy);
      const writer = record.kind === 'state-change' ? components[record.writer]!.name : 'nobody';
      values.push(`${variable}=${String(value)} by ${writer}`);
    }
    const above = parent === undefined ? 'nothing' : stateObjects[parent]!.label;
    lines.push(`${label} with ${owner} on ${above}: ${values.join(' ')}`);
  }
  return lines.sort().join('\n');
}

/** Records with a time of their own each, and labels that name them whatever their numbers. */
function distinct(records: readonly TimedRecord[]): TimedRecord[] {
  return records.map(({ record }, index) => {
    const time = (index + 1) * 1000;
    if (record.kind === 'state-object') return { time, record: { ...record, label: `object ${record.id}` } };
    if (record.kind === 'component') return { time, record: { ...record, name: `component ${record.id}` } };
    if (record.kind === 'connection') return { time, record: { ...record, local: `local ${record.id}` } };
    return { time, record };
  });
}

describe('a range that is cut out of any trace', () => {
  it('has the state of the original at each of its instants, with the same last writers', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryRecords(),
        fc.constantFrom(3, 1000),
        fc.nat(),
        fc.nat(),
        async (arbitrary, flushEvery, start, length) => {
          const records = distinct(arbitrary);
          const first = start % records.length;
          const behind = Math.min(records.length, first + 1 + (length % records.length));
          const original = await open(completeTrace(records, flushEvery));
          const made = await cut(original, { from: records[first]!.time, to: behind * 1000 + 500 });
          for (let event = first; event < behind; event++) {
            const same = made.times.filter((time) => time <= records[event]!.time).length - 1;
            expect(await stateText(made.file, same)).toBe(await stateText(original, event));
          }
        },
      ),
      property(120),
    );
  });

  it('keeps each record of the range, with references only to what is there', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), fc.nat(), async (arbitrary, start) => {
        const records = distinct(arbitrary);
        const first = start % records.length;
        const made = await cut(await open(completeTrace(records, 1000)), { from: records[first]!.time });
        const kinds = made.records
          .map(({ kind }) => kind)
          .filter((kind) => kind === 'call' || kind === 'frame' || kind === 'note');
        expect(kinds).toEqual(
          records
            .slice(first)
            .map(({ record }) => record.kind)
            .filter((kind) => kind === 'call' || kind === 'frame' || kind === 'note'),
        );
        // A return is there exactly if its call is.
        const isReturnOf = (event: number): boolean => made.records[event]!.kind === 'call';
        for (const record of made.records)
          if (record.kind === 'return') expect(isReturnOf(record.call)).toBe(true);
        const kept = records
          .slice(first)
          .filter(({ record }) => record.kind === 'return' && record.call >= first);
        expect(made.records.filter(({ kind }) => kind === 'return')).toHaveLength(kept.length);
      }),
      property(120),
    );
  });

  it('says how many records are missing, and is complete where the original is', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), fc.nat(), async (arbitrary, start) => {
        const records = distinct(arbitrary);
        const from = records[start % records.length]!.time;
        const made = await cut(await open(completeTrace(records, 1000)), { from });
        const lost = made.records.reduce(
          (sum, record) => sum + (record.kind === 'loss' && record.reason === 'cut' ? record.records : 0),
          0,
        );
        expect(lost).toBe(made.left);
        expect(made.taken + made.left).toBe(records.length);
        expect(readTrace(made.bytes).end).toEqual({ ok: true, value: { kind: 'complete' } });
      }),
      property(60),
    );
  });

  it('can be cut again', async () => {
    const records = distinct(fc.sample(arbitraryRecords(true, 60), { seed: 7, numRuns: 1 })[0]!);
    const original = await open(completeTrace(records, 1000));
    const once = await cut(original, { from: 5000 });
    const twice = await cut(once.file, { from: 10_000 });
    expect(await stateText(twice.file, twice.file.length - 1)).toBe(
      await stateText(original, records.length - 1),
    );
  });
});

describe('a connection that is cut out', () => {
  let bytes: Uint8Array;
  let original: TraceFile;
  let whole: readonly TraceRecord[];
  beforeAll(async () => {
    bytes = recordScenario('many-connections', { fileBytes: 60_000 }).bytes;
    original = await open(bytes);
    whole = readTrace(bytes).records as readonly TraceRecord[];
  });

  it('comes with all calls, frames and notes of its own, and none of another', async () => {
    const made = await cut(original, { connection: 1 });
    const own = (record: TraceRecord): boolean =>
      (record.kind === 'call' || record.kind === 'frame') && record.connection === 1;
    const connection = made.records.findIndex(({ kind }) => kind === 'connection');
    expect(connection).toBeGreaterThanOrEqual(0);
    const declared = made.file.definitions.connections.findIndex(
      ({ local }) => local === original.definitions.connections[1]!.local,
    );
    const taken = made.records.filter(
      (record) => (record.kind === 'call' || record.kind === 'frame') && record.connection === declared,
    );
    expect(taken).toHaveLength(whole.filter(own).length);
    const frames = made.records.filter((record) => record.kind === 'frame');
    expect(frames.every((frame) => frame.connection === declared)).toBe(true);
    expect(made.events).toBeLessThan(whole.length / 1.5);
  });

  it('keeps return and completion of every call', async () => {
    const made = await cut(original, { connection: 1 });
    const summary = (
      records: readonly TraceRecord[],
      isWanted: (record: TraceRecord) => boolean,
    ): string[] => {
      const returned = new Map<EventId, number | undefined>();
      const completed = new Set<EventId>();
      for (const record of records) {
        if (record.kind === 'return') returned.set(record.call, record.status);
        if (record.kind === 'call') for (const request of record.completes) completed.add(request);
      }
      return records.flatMap((record, event) =>
        record.kind === 'call' && isWanted(record)
          ? `${record.functionName} ${returned.has(event)} ${returned.get(event)} ${completed.has(event)}`
          : [],
      );
    };
    const declared = made.file.definitions.connections.findIndex(
      ({ local }) => local === original.definitions.connections[1]!.local,
    );
    expect(
      summary(made.records, (record) => record.kind === 'call' && record.connection === declared),
    ).toEqual(summary(whole, (record) => record.kind === 'call' && record.connection === 1));
  });

  it('keeps the state of the connection and of what it depends on', async () => {
    const made = await cut(original, { connection: 1, from: original.lastTime / 2 });
    const labels = new Set(made.file.definitions.stateObjects.map(({ label }) => label));
    expect(labels.size).toBeGreaterThanOrEqual(3);
    const state = await stateText(original, original.length - 1, (label) => labels.has(label));
    expect(await stateText(made.file, made.file.length - 1)).toBe(state);
  });
});
