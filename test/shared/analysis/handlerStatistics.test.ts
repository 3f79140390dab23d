import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallColumns } from '../../../shared/analysis/callColumns';
import { CallIndex } from '../../../shared/analysis/callIndex';
import {
  groupHandlerSums,
  handlerSumsOf,
  HandlerStatistics,
  mergeHandlerSums,
  type HandlerSums,
} from '../../../shared/analysis/handlerStatistics';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { CallArgument, CallRecord, TraceRecord } from '../../../shared/trace/records';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';
import type { TimedRecord } from '../../harness/traceBytes';

interface Analysis {
  readonly columns: CallColumns;
  readonly statistics: HandlerStatistics;
}

function analyse(records: Iterable<TimedRecord>): Analysis {
  const statistics = new HandlerStatistics();
  const columns = new CallColumns([statistics]);
  statistics.attach(columns);
  let event = 0;
  for (const { time, record } of records) columns.onRecord(record, event++, time);
  return { columns, statistics };
}

function* recordsOf({ model }: ReturnType<typeof recordScenario>): Generator<TimedRecord> {
  const store = model.store!;
  for (let event = 0; event < store.length; event++) {
    const record = store.record(event);
    if (record.kind !== 'unknown') yield { time: store.time(event), record };
  }
}

function call(functionName: string, links: Partial<CallRecord> = {}): TraceRecord {
  return {
    kind: 'call',
    functionName,
    caller: 0,
    callee: 1,
    irql: 2,
    processor: 0,
    connection: undefined,
    parent: undefined,
    cause: undefined,
    completes: [],
    arguments: [],
    ...links,
  };
}

function leave(event: number, status?: number): TraceRecord {
  return { kind: 'return', call: event, status, outputs: [] };
}

function lists(...sizes: readonly (readonly [dataLength: number, transferred: number])[]): CallArgument {
  return {
    kind: 'net-buffer-lists',
    name: 'NetBufferList',
    lists: sizes.map(([dataLength, bytesTransferred]) => ({
      address: 0x1000,
      dataLength,
      netBufferCount: 1,
      mdlCount: 1,
      status: 0,
      bytesTransferred,
      streamOffset: undefined,
    })),
  };
}

function timed(...records: readonly (readonly [number, TraceRecord])[]): TimedRecord[] {
  return records.map(([time, record]) => ({ time, record }));
}

/** What is to be equal of two statistics; sums of durations may differ by rounding beyond 2^53. */
function plain(all: readonly HandlerSums[]): unknown {
  return all.map(({ duration, completion, statuses, ...rest }) => ({
    ...rest,
    statuses: [...statuses].sort(([left], [right]) => left - right),
    duration: duration.serialise().buckets,
    completion: completion.serialise().buckets,
    shortest: duration.minimum,
    longest: completion.maximum,
  }));
}

describe('the columns of calls', () => {
  it('say of any trace what the index of calls says', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const index = new CallIndex();
        records.forEach(({ time, record }, event) => {
          index.onRecord(record, event, time);
        });
        const { columns } = analyse(records);
        expect(columns.length).toBe(index.calls.length);
        for (const one of index.calls) {
          const position = columns.at(one.event);
          expect(position).toBe(one.index);
          const completion = columns.completion(position);
          expect({
            ...columns.handler(position),
            index: position,
            start: columns.start(position),
            end: columns.end(position),
            returnEvent: columns.returnEvent(position),
            status: columns.status(position),
            connection: columns.connection(position),
            parent: columns.parent(position),
            cause: columns.cause(position),
            processor: columns.processor(position),
            completedBy: completion === undefined ? undefined : columns.event(completion),
          }).toMatchObject({
            functionName: one.functionName,
            caller: one.caller,
            callee: one.callee,
            index: one.index,
            start: one.start,
            end: one.end,
            returnEvent: one.returnEvent,
            status: one.status,
            connection: one.connection,
            parent: one.parent,
            cause: one.cause,
            processor: one.processor,
            completedBy: one.completedBy,
          });
        }
        expect(columns.at(records.length)).toBe(-1);
      }),
      property(),
    );
  });
});

describe('handler statistics', () => {
  const records = timed(
    [100, call('MiniportTcpOffloadSend', { arguments: [lists([1000, 0], [460, 0])] })],
    [140, leave(0, NDIS_STATUS.PENDING)],
    [150, call('MiniportTcpOffloadSend', { arguments: [lists([40, 0])] })],
    [160, leave(2, NDIS_STATUS.PENDING)],
    [
      900,
      call('NdisTcpOffloadSendComplete', {
        caller: 1,
        callee: 0,
        completes: [0],
        arguments: [lists([0, 1000], [0, 460])],
      }),
    ],
    [930, leave(4)],
    [950, call('MiniportTcpOffloadSend')],
  );

  it('count calls, statuses, bytes, and what has not returned', () => {
    const [send, complete] = analyse(records).statistics.sums;
    expect(send).toMatchObject({ functionName: 'MiniportTcpOffloadSend', calls: 3, open: 1, bytes: 1500 });
    expect([...send!.statuses]).toEqual([[NDIS_STATUS.PENDING, 2]]);
    expect(complete).toMatchObject({ calls: 1, open: 0, bytes: 1460 });
    expect([...complete!.statuses]).toEqual([]);
  });

  it('measure from entry to return, and from entry to the first completion', () => {
    const [send] = analyse(records).statistics.sums;
    expect(send!.duration.summary()).toMatchObject({ count: 2, minimum: 10, maximum: 40 });
    expect(send!.completion.summary()).toMatchObject({ count: 1, maximum: 800 });
  });

  it('count a pending request as in flight until its completion, and others until their return', () => {
    expect(analyse(records).statistics.sums[0]!.mostInFlight).toBe(2);
    const refused = timed(
      [0, call('MiniportTcpOffloadSend')],
      [1, leave(0, NDIS_STATUS.SUCCESS)],
      [2, call('MiniportTcpOffloadSend')],
    );
    expect(analyse(refused).statistics.sums[0]!.mostInFlight).toBe(1);
  });

  it('are the same whether they are kept while reading or reckoned afterwards', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (any) => {
        const { columns, statistics } = analyse(any);
        expect(plain(handlerSumsOf(columns))).toEqual(plain(statistics.sums));
      }),
      property(),
    );
  });

  it('of the parts of a run add up to those of the whole run', () => {
    const run = recordScenario('first-sweep', { seed: 3 });
    const { columns, statistics } = analyse(recordsOf(run));
    const end = run.model.store!.lastTime + 1;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: end }), { minLength: 1, maxLength: 4 }), (cuts) => {
        const edges = [0, ...cuts.sort((left, right) => left - right), end];
        const whole = new Map<string, HandlerSums>();
        for (let part = 1; part < edges.length; part++) {
          for (const sums of handlerSumsOf(columns, { from: edges[part - 1]!, until: edges[part]! })) {
            const key = `${sums.functionName} ${sums.caller} ${sums.callee}`;
            const sum = whole.get(key);
            if (sum === undefined) whole.set(key, sums);
            else mergeHandlerSums(sum, sums);
          }
        }
        expect(plain([...whole.values()])).toEqual(plain(statistics.sums));
      }),
      property(20),
    );
  });

  it('of the connections of a run add up to all calls that are about one', () => {
    const { model, ...run } = recordScenario('many-connections', { seed: 2 });
    const { columns } = analyse(recordsOf({ model, ...run }));
    const calls = model.store!.connections.flatMap(({ id }) => handlerSumsOf(columns, { connection: id }));
    const about = model.calls.calls.filter(({ connection }) => connection !== undefined);
    expect(calls.reduce((sum, one) => sum + one.calls, 0)).toBe(about.length);
    expect(about.length).toBeGreaterThan(100);
  });

  it('can be put together by component', () => {
    const run = recordScenario('first-sweep');
    const { statistics } = analyse(recordsOf(run));
    const groups = groupHandlerSums(statistics.sums, (sums) => sums.callee);
    for (const [component, sums] of groups)
      expect(sums.calls).toBe(run.model.calls.calls.filter(({ callee }) => callee === component).length);
    expect(groups.size).toBe(3);
  });
});
