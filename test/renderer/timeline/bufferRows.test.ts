import { expect, test } from 'vitest';
import { BufferLaneChoice } from '../../../renderer/timeline/bufferLaneChoice';
import {
  bufferRows,
  livesOf,
  mostBufferRows,
  ownerRoles,
  scopeOf,
  staysOf,
} from '../../../renderer/timeline/bufferRows';
import { LaneIndex } from '../../../renderer/timeline/laneIndex';
import { layoutLanes } from '../../../renderer/timeline/lanes';
import { hitTest } from '../../../renderer/timeline/places';
import { layoutTimeline } from '../../../renderer/timeline/timelineLayout';
import { wholeTrace } from '../../../renderer/timeline/viewport';
import { Notices } from '../../../renderer/stores/notices';
import { OpenTrace } from '../../../renderer/stores/openTrace';
import { componentName } from '../../../renderer/format/describe';
import { bufferOwnershipOf } from '../../../shared/analysis/bufferOwnership';
import { runPlan } from '../../harness/runPlan';
import { syntheticTrace } from '../../harness/syntheticTrace';

const { model } = runPlan({ connections: 2 }, { fileBytes: 200_000 });
const lives = livesOf(model, { kind: 'connection', connection: 0 });
const rows = bufferRows(model, lives);

test('the lists of a connection are all in rows, a few of them, and stays of a row do not overlap', () => {
  expect(lives.length).toBeGreaterThan(10);
  expect(lives.every(({ connection }) => connection === 0)).toBe(true);
  expect(rows.length).toBeLessThanOrEqual(mostBufferRows);
  expect(rows.reduce((sum, row) => sum + row.length, 0)).toBe(
    lives.reduce((sum, life) => sum + staysOf(life).length, 0),
  );
  for (const row of rows)
    for (let index = 1; index < row.length; index++)
      expect(row.start(index)).toBeGreaterThanOrEqual(row.end(index - 1));
});

test('each bar has the look of whoever owns the list then', () => {
  const [row] = rows;
  const ownership = bufferOwnershipOf(model);
  for (let index = 0; index < row!.length; index++) {
    const { life, stay } = row!.stays[index]!;
    expect(ownership.stayAt(life.address, stay.event)?.owner).toBe(stay.owner);
    expect(ownerRoles[row!.category(index)]).toBe(model.store!.components[stay.owner]!.role);
  }
  const names = new Set(row!.stays.map(({ stay }) => componentName(model, stay.owner)));
  expect([...names]).toEqual(expect.arrayContaining(['NDIS', 'Offload target']));
});

test('the lane stands above the connections, and a point of it is the call with which a stay began', () => {
  const index = new LaneIndex(model);
  index.update();
  const scope = { kind: 'connection', connection: 0 } as const;
  const lanes = layoutLanes(model, index, 0, { scope, rows });
  const titles = lanes.map(({ title }) => title);
  expect(titles.indexOf('Lists of connection 0')).toBe(titles.indexOf('Connection 0') - 1);
  expect(layoutLanes(model, index).map(({ title }) => title)).not.toContain('Lists of connection 0');
  const lane = lanes.find(({ id }) => id === 'buffers')!;
  const range = wholeTrace(model.store!.lastTime);
  const layout = layoutTimeline(model, lanes, range, 1000, { top: 0, height: 10_000 });
  const { stay } = rows[0]!.stays.reduce((one, other) =>
    (other.stay.until ?? 0) - other.stay.from > (one.stay.until ?? 0) - one.stay.from ? other : one,
  );
  const middle = ((stay.from + stay.until!) / 2 / (range.until - range.from)) * 1000;
  const hit = hitTest(layout, middle, lane.rows[0]!.y + 4);
  expect(hit?.row.kind).toBe('buffers');
  expect(model.calls.at(hit!.event)).toBeDefined();
});

test('a call that passes a list is about it, another one about its connection', () => {
  const send = model.calls.calls.find(({ functionName }) => functionName === 'NdisOffloadTcpSend')!;
  const scope = scopeOf(model, send.event);
  expect(scope?.kind).toBe('list');
  expect(livesOf(model, scope!).some(({ event }) => event <= send.event)).toBe(true);
  const initiate = model.calls.calls.find(({ functionName }) => functionName === 'NdisTerminateOffload')!;
  expect(scopeOf(model, initiate.event)).toEqual(
    initiate.connection === undefined ? undefined : { kind: 'connection', connection: initiate.connection },
  );
});

test('the choice is followed by what is shown, and forgotten with its trace', () => {
  const trace = new OpenTrace(new Notices(), { now: () => 0, nextTurn: (callback) => callback() });
  const choice = new BufferLaneChoice(trace);
  const open = (): void => {
    trace.receive({ kind: 'begin', origin: 'file', name: 'a trace' });
    trace.receive({ kind: 'bytes', bytes: syntheticTrace() });
    trace.receive({ kind: 'end' });
  };
  open();
  expect(choice.lane.value).toBeUndefined();
  choice.scope.value = { kind: 'connection', connection: 0 };
  expect(choice.lane.value?.scope).toEqual({ kind: 'connection', connection: 0 });
  expect(choice.lives.value).toBeDefined();
  choice.scope.value = undefined;
  expect(choice.lane.value).toBeUndefined();
  choice.scope.value = { kind: 'connection', connection: 0 };
  open();
  expect(choice.scope.value).toBeUndefined();
});
