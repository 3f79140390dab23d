import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateHistory, type ObjectAt } from '../../../shared/state/stateHistory';
import type { StateOwner, TraceRecord } from '../../../shared/trace/records';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import type { TimedRecord } from '../../harness/traceBytes';

function historyOf(records: readonly TimedRecord[]): StateHistory {
  const history = new StateHistory();
  records.forEach(({ time, record }, event) => history.onRecord(record, event, time));
  return history;
}

/** The tree as a reader would build it who starts at the beginning and stops behind `event`. */
function replay(records: readonly TimedRecord[], object: number, event: number): ObjectAt | undefined {
  const declaredBy = records.findIndex(
    ({ record }) => record.kind === 'state-object' && record.id === object,
  );
  let owner: StateOwner = 'host';
  let ownedSince: number | undefined;
  let parent: number | undefined;
  const variables = new Map<number, ObjectAt['variables'][number]>();
  records.slice(0, event + 1).forEach(({ time, record }, at) => {
    if (record.kind === 'state-object' && record.id === object) parent = record.parent;
    else if (record.kind === 'relink' && record.object === object) parent = record.parent;
    else if (record.kind === 'ownership' && record.object === object) {
      owner = record.owner;
      ownedSince = at;
    } else if (record.kind === 'state-change' && record.object === object) {
      for (const { variable, value } of record.changes) {
        variables.set(variable, { variable, value, writtenBy: at, writtenAt: time, writer: record.writer });
      }
    }
  });
  const declared = declaredBy >= 0 && declaredBy <= event;
  if (!declared || (owner as StateOwner) === 'gone') return undefined;
  const sorted = [...variables.values()].sort((left, right) => left.variable - right.variable);
  return { object, parent, owner, ownedSince, variables: sorted };
}

/** Traces in which state is what happens most. */
const stateRecords = arbitraryRecords(true, 120).map((records) => {
  const objects = records.filter(({ record }) => record.kind === 'state-object').length;
  return { records, objects };
});

describe('StateHistory', () => {
  it('shows every object at every event as a replay from the start does', () => {
    fc.assert(
      fc.property(stateRecords, ({ records, objects }) => {
        const history = historyOf(records);
        for (let object = 0; object <= objects; object++) {
          for (let event = -1; event <= records.length; event += 3) {
            expect(history.objectAt(object, event)).toEqual(replay(records, object, event));
          }
        }
      }),
      property(60),
    );
  });

  const tcp: TraceRecord = {
    kind: 'state-object',
    id: 0,
    layer: 'tcp',
    parent: undefined,
    connection: undefined,
    label: 'TCP',
  };
  const own = (owner: StateOwner): TraceRecord => ({ kind: 'ownership', object: 0, owner, cause: undefined });
  const change = (writer: number, ...values: readonly [number, number][]): TraceRecord => ({
    kind: 'state-change',
    object: 0,
    cause: undefined,
    writer,
    changes: values.map(([variable, value]) => ({ variable, value })),
  });
  const life: readonly TimedRecord[] = [
    { time: 10, record: tcp },
    { time: 20, record: change(1, [3, 1000], [4, 5]) },
    { time: 30, record: own('offloading') },
    { time: 40, record: own('target') },
    { time: 50, record: change(2, [3, 2460]) },
    { time: 60, record: own('uploading') },
    { time: 70, record: own('host') },
    { time: 80, record: change(1, [3, 3920]) },
    { time: 90, record: own('gone') },
  ];

  it('names the last writer of each value', () => {
    expect(historyOf(life).objectAt(0, 6)?.variables).toEqual([
      { variable: 3, value: 2460, writtenBy: 4, writtenAt: 50, writer: 2 },
      { variable: 4, value: 5, writtenBy: 1, writtenAt: 20, writer: 1 },
    ]);
  });

  it('lets the last of several values in one change win', () => {
    const history = historyOf([
      { time: 0, record: tcp },
      { time: 1, record: change(1, [3, 1], [3, 2]) },
    ]);
    expect(history.objectAt(0, 1)?.variables).toMatchObject([{ variable: 3, value: 2 }]);
  });

  it('gives a declared object to the host until somebody else owns it', () => {
    expect(historyOf(life).objectAt(0, 0)).toEqual({
      object: 0,
      owner: 'host',
      ownedSince: undefined,
      variables: [],
    });
    expect(historyOf(life).objectAt(0, 2)).toMatchObject({ owner: 'offloading', ownedSince: 2 });
  });

  it('knows nothing of an object before its declaration', () => {
    expect(historyOf(life).objectAt(0, -1)).toBeUndefined();
    expect(historyOf(life).objectAt(1, 5)).toBeUndefined();
  });

  it('shows an object no more once it is gone, and still shows it before', () => {
    expect(historyOf(life).objectAt(0, 8)).toBeUndefined();
    expect(historyOf(life).objectAt(0, 7)).toMatchObject({ owner: 'host' });
  });

  it('tells the stays with each owner, end to end, the last one open', () => {
    expect(historyOf(life).ownershipSpans(0)).toEqual([
      { owner: 'offloading', event: 2, from: 30, until: 40 },
      { owner: 'target', event: 3, from: 40, until: 60 },
      { owner: 'uploading', event: 5, from: 60, until: 70 },
      { owner: 'host', event: 6, from: 70, until: 90 },
      { owner: 'gone', event: 8, from: 90, until: undefined },
    ]);
    expect(historyOf(life).ownershipSpans(1)).toEqual([]);
  });
});
