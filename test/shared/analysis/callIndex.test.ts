import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallIndex } from '../../../shared/analysis/callIndex';
import type { CallRecord, TraceRecord } from '../../../shared/trace/records';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import type { TimedRecord } from '../../harness/traceBytes';

function indexOf(records: readonly TimedRecord[]): CallIndex {
  const index = new CallIndex();
  records.forEach(({ time, record }, event) => index.onRecord(record, event, time));
  return index;
}

function call(
  functionName: string,
  caller: number,
  callee: number,
  links: Partial<Pick<CallRecord, 'parent' | 'completes' | 'cause'>> = {},
): TraceRecord {
  return {
    kind: 'call',
    functionName,
    caller,
    callee,
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

function timed(...records: readonly (readonly [number, TraceRecord])[]): TimedRecord[] {
  return records.map(([time, record]) => ({ time, record }));
}

describe('a call', () => {
  it('gets end and status from its return', () => {
    const index = indexOf(
      timed(
        [10, call('MiniportTcpOffloadSend', 0, 1)],
        [12, call('NdisAllocateMemory', 1, 0)],
        [15, leave(1)],
        [20, leave(0, 0x103)],
      ),
    );
    expect(index.at(0)).toMatchObject({ start: 10, end: 20, returnEvent: 3, status: 0x103 });
    expect(index.at(1)).toMatchObject({ start: 12, end: 15, returnEvent: 2, status: undefined });
  });

  it('stays open while it has not returned', () => {
    expect(indexOf(timed([10, call('NdisInitiateOffload', 0, 1)])).at(0)).toMatchObject({
      end: undefined,
      returnEvent: undefined,
      status: undefined,
    });
  });

  it('takes its first return only', () => {
    const index = indexOf(timed([0, call('NdisOffloadTcpSend', 0, 1)], [5, leave(0, 1)], [9, leave(0, 2)]));
    expect(index.at(0)).toMatchObject({ end: 5, status: 1 });
  });

  it('has as depth the number of calls around it in the same component', () => {
    const index = indexOf(
      timed(
        [0, call('NdisInitiateOffload', 0, 1)],
        [1, call('MiniportInitiateOffload', 1, 2, { parent: 0 })],
        [2, call('NdisMInitiateOffloadComplete', 2, 1, { parent: 1 })],
        [3, call('ProtocolInitiateOffloadComplete', 1, 0, { parent: 2 })],
        [4, call('NdisTerminateOffload', 0, 1, { parent: 3 })],
      ),
    );
    expect(index.calls.map(({ depth }) => depth)).toEqual([0, 0, 1, 0, 2]);
  });

  it('needs as many rows in its component’s lane as calls are nested there', () => {
    const index = indexOf(
      timed([0, call('A', 0, 1)], [1, call('B', 1, 2, { parent: 0 })], [2, call('C', 2, 1, { parent: 1 })]),
    );
    expect(index.rows[1]).toBe(2);
    expect(index.rows[2]).toBe(1);
    expect(index.rows[0]).toBeUndefined();
  });
});

describe('a request', () => {
  const records = timed(
    [10, call('MiniportTcpOffloadSend', 0, 1)],
    [20, call('MiniportTcpOffloadSend', 0, 1)],
    [30, call('NdisTcpOffloadSendComplete', 1, 0, { completes: [0] })],
    [40, call('NdisTcpOffloadSendComplete', 1, 0, { completes: [0] })],
    [50, call('MiniportReset', 0, 1)],
  );
  const isAsynchronous = (name: string): boolean => name === 'MiniportTcpOffloadSend';
  const pendingAt = (time: number): number[] =>
    indexOf(records)
      .pendingAt(time, isAsynchronous)
      .map(({ event }) => event);

  it('is completed by the first completion that names it', () => {
    const index = indexOf(records);
    expect(index.at(0)?.completedBy).toBe(2);
    expect(index.at(1)?.completedBy).toBeUndefined();
    expect(index.at(2)?.completes).toEqual([0]);
  });

  it('may be completed together with others by one chain', () => {
    const chain = [
      ...records.slice(0, 2),
      ...timed([60, call('NdisTcpOffloadSendComplete', 1, 0, { completes: [0, 1] })]),
    ];
    const index = indexOf(chain);
    expect([index.at(0)?.completedBy, index.at(1)?.completedBy]).toEqual([2, 2]);
    expect(index.pendingAt(60, isAsynchronous)).toEqual([]);
  });

  it('pends from its call to its completion, oldest first; others never do', () => {
    expect(pendingAt(9)).toEqual([]);
    expect(pendingAt(10)).toEqual([0]);
    expect(pendingAt(29)).toEqual([0, 1]);
    expect(pendingAt(30)).toEqual([1]);
    expect(pendingAt(1000)).toEqual([1]);
  });
});

describe('CallIndex', () => {
  it('pairs calls, returns and completions of any trace as a search through it does', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const index = indexOf(records);
        const events = records.flatMap(({ record }, event) => (record.kind === 'call' ? [event] : []));
        expect(index.calls.map(({ event }) => event)).toEqual(events);
        for (const entry of index.calls) {
          const back = records.findIndex(
            ({ record }) => record.kind === 'return' && record.call === entry.event,
          );
          const completion = records.findIndex(
            ({ record }) => record.kind === 'call' && record.completes.includes(entry.event),
          );
          expect(entry.returnEvent).toBe(back < 0 ? undefined : back);
          expect(entry.end).toBe(records[back]?.time);
          expect(entry.completedBy).toBe(completion < 0 ? undefined : completion);
          expect(index.calls[entry.index]).toBe(entry);
        }
      }),
      property(),
    );
  });

  it('finds the first call that starts at or after any time', () => {
    fc.assert(
      fc.property(arbitraryRecords(), fc.nat(), (records, time) => {
        const index = indexOf(records);
        const expected = index.calls.findIndex(({ start }) => start >= time);
        expect(index.firstStartingAt(time)).toBe(expected < 0 ? index.calls.length : expected);
      }),
      property(),
    );
  });
});
