import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceText, handlerDifferences } from '../../../shared/analysis/differenceText';
import { compareTraces, isSameRun, type TraceDifference } from '../../../shared/analysis/traceDifference';
import { structureLayout } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { TraceRecord } from '../../../shared/trace/records';
import { analyseTrace, type AnalysedTrace } from '../../harness/analyseTrace';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';
import { encodeTrace, plainHeader, type TimedRecord } from '../../harness/traceBytes';

/** The records of a recorded run, to be changed. */
function recordsOf({ store }: AnalysedTrace): TimedRecord[] {
  const records: TimedRecord[] = [];
  for (let event = 0; event < store.length; event++) {
    const record = store.record(event);
    if (record.kind === 'unknown') throw new Error(`event ${event} is unknown`);
    records.push({ time: store.time(event), record });
  }
  return records;
}

const run = analyseTrace(recordScenario('first-sweep', { seed: 1, fileBytes: 120_000 }).bytes);

/** Compares the run with itself after a change of one record. */
function compareChanged(
  find: (record: TraceRecord, event: number) => boolean,
  change: (timed: TimedRecord) => TimedRecord,
): { readonly event: number; readonly difference: TraceDifference } {
  const records = recordsOf(run);
  const event = records.findIndex(({ record }, index) => find(record, index));
  expect(event).toBeGreaterThan(0);
  records[event] = change(records[event]!);
  const changed = analyseTrace(encodeTrace(records, run.store.header));
  return { event, difference: compareTraces(run, changed) };
}

function isCall(name: string): (record: TraceRecord) => boolean {
  return (record) => record.kind === 'call' && record.functionName === name;
}

describe('two traces', () => {
  it('of the same scenario and seed are the same', () => {
    const again = analyseTrace(recordScenario('first-sweep', { seed: 1, fileBytes: 120_000 }).bytes);
    const difference = compareTraces(run, again);
    expect(isSameRun(difference)).toBe(true);
    expect(difference).toEqual({
      header: [],
      oneSided: [],
      first: undefined,
      firstInSubstance: undefined,
      lanes: [],
    });
    expect(handlerDifferences(run, again)).toEqual([]);
    expect(differenceText(difference, [])).toBe('Every call, frame, note and change of state is the same.\n');
  });

  it('that hold any records are the same as themselves', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const bytes = encodeTrace(records);
        const difference = compareTraces(analyseTrace(bytes), analyseTrace(bytes));
        expect(isSameRun(difference)).toBe(true);
      }),
      property(60),
    );
  });

  it('part where a frame is lost in one of them, and the first difference is that frame', () => {
    const left = analyseTrace(recordScenario('transfer', { seed: 4, loss: 0.01, fileBytes: 300_000 }).bytes);
    const right = analyseTrace(recordScenario('transfer', { seed: 4, loss: 0, fileBytes: 300_000 }).bytes);
    const difference = compareTraces(left, right);
    expect(difference.first?.lane.kind).toBe('frames');
    expect(difference.first?.matter).toEqual({ kind: 'frame', name: 'lost', left: 'true', right: 'false' });
    expect(difference.firstInSubstance).toBe(difference.first);
    expect(difference.header).toEqual([{ name: 'settings.loss', left: '0.01', right: '0' }]);
    const { frames } = left.analysis;
    const before = frames.at(difference.first!.left!.event);
    for (let frame = 0; frame < before; frame++) expect(frames.isLost(frame)).toBe(false);
    const times = difference.lanes.map(({ first }) =>
      Math.min(first.left?.time ?? Infinity, first.right?.time ?? Infinity),
    );
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });
});

describe('the first difference', () => {
  it('is an argument, with its name and both values', () => {
    const { event, difference } = compareChanged(isCall('NdisOffloadTcpSend'), ({ time, record }) => {
      if (record.kind !== 'call') throw new Error('no call');
      const changed = record.arguments.map((value) =>
        value.kind === 'net-buffer-lists'
          ? { ...value, lists: value.lists.map((list) => ({ ...list, dataLength: list.dataLength + 1 })) }
          : value,
      );
      return { time, record: { ...record, arguments: changed } };
    });
    expect(difference.lanes).toHaveLength(1);
    expect(difference.first).toMatchObject({
      lane: { kind: 'calls', name: 'NdisOffloadTcpSend' },
      ordinal: 0,
      left: { event },
      right: { event },
      matter: { kind: 'argument', name: 'NetBufferList[0].dataLength' },
    });
    expect(differenceText(difference, [])).toContain('NetBufferList[0].dataLength is');
  });

  it('is a status that was returned', () => {
    const { difference } = compareChanged(
      (record) => record.kind === 'return' && record.status === NDIS_STATUS.PENDING,
      ({ time, record }) => ({
        time,
        record: { ...record, status: NDIS_STATUS.INVALID_STATE } as TraceRecord,
      }),
    );
    expect(difference.first?.matter).toEqual({
      kind: 'status',
      left: 'NDIS_STATUS_PENDING',
      right: 'NDIS_STATUS_INVALID_STATE',
    });
  });

  it('is a member of a state structure, by its name; addresses count for nothing', () => {
    const at = structureLayout('TCP_OFFLOAD_STATE_DELEGATED').fields.find(
      ({ name }) => name === 'State',
    )!.offset;
    const change = (name: string): TraceDifference =>
      compareChanged(isCall(name), ({ time, record }) => {
        if (record.kind !== 'call') throw new Error('no call');
        const changed = record.arguments.map((value) => {
          if (value.kind === 'pointer') return { ...value, value: value.value + 64 };
          if (value.kind !== 'block-list') return value;
          const blocks = value.blocks.map((block) => ({
            ...block,
            address: block.address + 64,
            states: block.states.map((state) => {
              const bytes = state.bytes.slice();
              if (state.structure === 'TCP_OFFLOAD_STATE_DELEGATED') bytes[at]! ^= 1;
              return { ...state, bytes };
            }),
          }));
          return { ...value, blocks };
        });
        return { time, record: { ...record, arguments: changed } };
      }).difference;
    expect(change('NdisInitiateOffload').first?.matter).toMatchObject({
      kind: 'argument',
      name: 'OffloadBlockList[2].TCP_OFFLOAD_STATE_DELEGATED.State',
    });
  });

  it('is a call that only one of them has', () => {
    const records = recordsOf(run);
    const { time } = records[records.length - 1]!;
    const extra: TraceRecord = {
      kind: 'call',
      functionName: 'MiniportReset',
      caller: 1,
      callee: 4,
      irql: 0,
      processor: 0,
      connection: undefined,
      parent: undefined,
      cause: undefined,
      completes: [],
      arguments: [],
    };
    const longer = analyseTrace(encodeTrace([...records, { time, record: extra }], run.store.header));
    const difference = compareTraces(run, longer);
    expect(difference.first).toMatchObject({
      lane: { name: 'MiniportReset' },
      left: undefined,
      right: { event: records.length, time },
      matter: { kind: 'missing' },
    });
    expect(handlerDifferences(run, longer)).toEqual([
      { functionName: 'MiniportReset', calls: [0, 1], completionP50: [0, 0], completionP99: [0, 0] },
    ]);
  });

  it('in time alone is told apart from what was done', () => {
    const records = recordsOf(run);
    const later = records.map(({ time, record }, event) => ({
      time: event > 1000 ? time + 5 : time,
      record,
    }));
    const difference = compareTraces(run, analyseTrace(encodeTrace(later, run.store.header)));
    expect(difference.first?.matter.kind).toMatch(/^(start|duration)$/);
    expect(difference.firstInSubstance).toBeUndefined();
    expect(differenceText(difference, [])).toContain('Nothing differs but times.');
  });

  it('finds connections and components by their names, whatever their ids', () => {
    const component = (id: number, name: string): TimedRecord => ({
      time: 0,
      record: { kind: 'component', id, role: 'offload-target', name },
    });
    const call = (caller: number, callee: number): TimedRecord => ({
      time: 5,
      record: {
        kind: 'call',
        functionName: 'MiniportPause',
        caller,
        callee,
        irql: 0,
        processor: 0,
        connection: undefined,
        parent: undefined,
        cause: undefined,
        completes: [],
        arguments: [],
      },
    });
    const left = [component(0, 'ndis'), component(1, 'soot'), call(0, 1)];
    const right = [component(0, 'soot'), component(1, 'ndis'), component(2, 'more'), call(1, 0)];
    const read = (records: TimedRecord[]): AnalysedTrace => analyseTrace(encodeTrace(records, plainHeader));
    const difference = compareTraces(read(left), read(right));
    expect(difference.lanes).toEqual([]);
    expect(difference.oneSided).toEqual([
      { what: 'component', name: 'more (offload-target)', side: 'right' },
    ]);
    expect(isSameRun(difference)).toBe(false);
  });
});
