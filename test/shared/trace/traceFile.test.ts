import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateHistory } from '../../../shared/state/stateHistory';
import { portableCodec } from '../../../shared/trace/codec';
import { findEvents, type EventQuery } from '../../../shared/trace/eventQuery';
import type { TraceRecord } from '../../../shared/trace/records';
import { StateReader } from '../../../shared/trace/stateReader';
import { TraceFile } from '../../../shared/trace/traceFile';
import { memorySource } from '../../../shared/trace/traceSource';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { completeTrace, readTrace, type TimedRecord } from '../../harness/traceBytes';

async function open(bytes: Uint8Array, cacheBytes?: number): Promise<TraceFile> {
  const opened = await TraceFile.open(memorySource(bytes), { cacheBytes });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

const flushes = fc.constantFrom(3, 7, 1000);

describe('a trace file with an index', () => {
  it('reads the same from its start, compressed or not', () => {
    fc.assert(
      fc.property(arbitraryRecords(), flushes, (records, flushEvery) => {
        for (const codec of [portableCodec, undefined]) {
          const reading = readTrace(completeTrace(records, flushEvery, codec));
          expect(reading.records).toEqual(records.map(({ record }) => record));
          expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
        }
      }),
      property(60),
    );
  });

  it('answers any record and time without reading the rest', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), flushes, async (records, flushEvery) => {
        const file = await open(completeTrace(records, flushEvery, portableCodec), 1);
        expect(file.flaw).toBeUndefined();
        expect(file.length).toBe(records.length);
        for (let event = records.length - 1; event >= 0; event -= 3) {
          expect(await file.record(event)).toEqual(records[event]!.record);
          expect(await file.time(event)).toBe(records[event]!.time);
        }
      }),
      property(60),
    );
  });

  it('finds the first event at or after any time', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), flushes, fc.nat(), async (records, flushEvery, time) => {
        const file = await open(completeTrace(records, flushEvery, portableCodec));
        const expected = records.findIndex((entry) => entry.time >= time);
        expect(await file.firstAtOrAfter(time)).toBe(expected < 0 ? records.length : expected);
      }),
      property(60),
    );
  });

  it('without its index is walked over and answers the same', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), flushes, async (records, flushEvery) => {
        const whole = completeTrace(records, flushEvery, portableCodec);
        const cut = await open(whole.subarray(0, whole.length - 5));
        expect(cut.flaw).toBeDefined();
        expect(cut.length).toBe(records.length);
        for (let event = 0; event < records.length; event += 5)
          expect(await cut.record(event)).toEqual(records[event]!.record);
      }),
      property(40),
    );
  });

  it('opens whatever becomes of its bytes, or says why not', async () => {
    const records = fc.sample(arbitraryRecords(true, 40), property(1))[0]!;
    const whole = completeTrace(records, 9, portableCodec);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
        fc.nat(),
        async (edits, cut) => {
          const changed = whole.slice(0, cut % 3 === 0 ? cut % whole.length : whole.length);
          for (const [place, value] of edits) changed[place % Math.max(1, changed.length)] = value;
          const opened = await TraceFile.open(memorySource(changed));
          if (!opened.ok) expect(opened.error.message).toMatch(/\w/);
          else expect(opened.value.length).toBeLessThanOrEqual(records.length);
        },
      ),
      property(500),
    );
  });
});

describe('a query', () => {
  /** The events that a query means, by looking at every record. */
  function expected(records: readonly TimedRecord[], query: EventQuery): number[] {
    const inTime = ({ time }: TimedRecord): boolean =>
      time >= (query.from ?? 0) && time < (query.to ?? Infinity);
    const fits = (record: TraceRecord): boolean => {
      if (query.kind !== undefined && record.kind !== query.kind) return false;
      if (
        query.functionName !== undefined &&
        !(record.kind === 'call' && record.functionName === query.functionName)
      )
        return false;
      if (query.connection !== undefined)
        if (
          !('connection' in record) ||
          record.kind === 'state-object' ||
          record.connection !== query.connection
        )
          return false;
      if (query.component === undefined) return true;
      if (record.kind === 'call')
        return record.caller === query.component || record.callee === query.component;
      if (record.kind === 'frame') return record.sender === query.component;
      return record.kind === 'note' && record.component === query.component;
    };
    if (query.status === undefined)
      return records.flatMap((entry, event) => (inTime(entry) && fits(entry.record) ? [event] : []));
    return records.flatMap((entry) => {
      const { record } = entry;
      if (!inTime(entry) || record.kind !== 'return' || record.status !== query.status) return [];
      const call = records[record.call]!.record;
      return fits(call) ? [record.call] : [];
    });
  }

  it('by time, connection, component, function and status finds what looking at every record finds', async () => {
    const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
      fc.option(value, { nil: undefined });
    const query = fc.record({
      from: maybe(fc.nat({ max: 300_000_000 })),
      to: maybe(fc.nat({ max: 3_000_000_000 })),
      kind: maybe(fc.constantFrom('call', 'frame', 'note', 'state-change')),
      connection: maybe(fc.nat({ max: 3 })),
      component: maybe(fc.nat({ max: 3 })),
      pick: fc.nat(),
      byFunction: fc.boolean(),
      byStatus: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), flushes, query, async (records, flushEvery, picked) => {
        const { pick, byFunction, byStatus, kind, ...rest } = picked;
        const calls = records.flatMap(({ record }) => (record.kind === 'call' ? [record.functionName] : []));
        const statuses = records.flatMap(({ record }) =>
          record.kind === 'return' && record.status !== undefined ? [record.status] : [],
        );
        const asked: EventQuery = {
          ...rest,
          kind: byStatus ? undefined : kind,
          functionName: byFunction ? calls[pick % Math.max(1, calls.length)] : undefined,
          status: byStatus ? statuses[pick % Math.max(1, statuses.length)] : undefined,
        };
        const file = await open(completeTrace(records, flushEvery, portableCodec));
        expect(await findEvents(file, asked)).toEqual(expected(records, asked));
      }),
      property(300),
    );
  });
});

describe('the state at an instant', () => {
  it('is what the changes up to it say, with its last writers', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), flushes, fc.nat(), async (records, flushEvery, pick) => {
        const event = pick % records.length;
        const history = new StateHistory();
        const bytes = completeTrace(records, flushEvery, portableCodec);
        const { records: read } = readTrace(bytes, [history]);
        const states = await new StateReader(await open(bytes), portableCodec).at(event);
        const objects = read.filter((record) => record.kind === 'state-object').length;
        for (let object = 0; object < objects; object++) {
          const old = history.objectAt(object, event);
          const now = states.object(object);
          // Variables that no layer has are in the records and not in the tree.
          const known = old?.variables.filter(({ variable }) => variable < 60) ?? [];
          expect(now?.owner).toBe(old?.owner);
          expect(now?.ownedSince).toBe(old?.ownedSince);
          const answered = new Map(now?.variables.map((item) => [item.variable, item]));
          for (const { variable, value, writtenBy } of known) {
            const found = answered.get(variable);
            if (found !== undefined) expect(found).toEqual({ variable, value, writtenBy });
          }
        }
      }),
      property(150),
    );
  });
});
