import { expect, test } from 'vitest';
import { causeOf, layoutArrowsOf, layoutVisibleArrows, mostArrows } from '../../../renderer/timeline/arrows';
import { LaneIndex } from '../../../renderer/timeline/laneIndex';
import { lanesHeight, layoutLanes, mostGrowth } from '../../../renderer/timeline/lanes';
import { alongChain, neighbourInLane, neighbourMilestone } from '../../../renderer/timeline/navigation';
import { layoutOverview } from '../../../renderer/timeline/overview';
import { hitTest, placeOf } from '../../../renderer/timeline/places';
import { layoutTimeline, mostBars } from '../../../renderer/timeline/timelineLayout';
import { pixelOf, wholeTrace } from '../../../renderer/timeline/viewport';
import { readTrace } from '../../harness/readTrace';
import { runPlan } from '../../harness/runPlan';
import { syntheticTrace } from '../../harness/syntheticTrace';

const model = readTrace(syntheticTrace());
const index = new LaneIndex(model);
index.update();
const lanes = layoutLanes(model, index);
const whole = wholeTrace(model.store!.lastTime);
const width = 1000;
const everything = { top: 0, height: 10_000 };
const called = (name: string): number => model.calls.calls.find((call) => call.functionName === name)!.event;

test('lanes stand in the order milestones, components, connections, wire, and do not overlap', () => {
  expect(lanes.map((lane) => lane.title)).toEqual([
    'Milestones',
    'tcpip.sys',
    'ndis.sys',
    'soot.sys',
    'Connection 0',
    'Wire',
  ]);
  let bottom = 0;
  for (const lane of lanes) {
    expect(lane.y).toBe(bottom);
    for (const row of lane.rows) {
      expect(row.y).toBeGreaterThanOrEqual(lane.y);
      expect(row.y + row.height).toBeLessThanOrEqual(lane.y + lane.height);
    }
    bottom = lane.y + lane.height;
  }
  expect(lanesHeight(lanes)).toBe(bottom);
});

test('intermediate drivers stand above the adapters’ drivers, the uppermost first', () => {
  const stack = runPlan(
    { connections: 1, team: { adapters: 2, mode: 'failover', layers: 2 } },
    { fileBytes: 100_000 },
  ).model;
  const stackIndex = new LaneIndex(stack);
  stackIndex.update();
  const titles = layoutLanes(stack, stackIndex).map((lane) => lane.title);
  const drivers = titles.filter((title) => /driver|target|stack/.test(title));
  expect(drivers).toEqual([
    'Host TCP/IP stack',
    'Intermediate driver 2',
    'Teaming driver',
    'Offload target 1',
    'Offload target 2',
  ]);
});

test('lanes grow into free room, up to a limit, and never beyond it', () => {
  const usual = lanesHeight(lanes);
  let before = usual;
  for (let room = 0; room < usual * 2; room += 13) {
    const grown = layoutLanes(model, index, room);
    const height = lanesHeight(grown);
    expect(height).toBeLessThanOrEqual(Math.max(room, usual));
    expect(height).toBeLessThanOrEqual(usual * mostGrowth);
    expect(height).toBeGreaterThanOrEqual(before);
    before = height;
    for (const lane of grown) {
      for (const row of lane.rows) expect(Number.isInteger(row.y) && Number.isInteger(row.height)).toBe(true);
    }
  }
  expect(before).toBeGreaterThan(usual * 1.3);
});

test('lanes that need more than there is keep their usual height', () => {
  expect(layoutLanes(model, index, 10)).toEqual(lanes);
});

test('every call stands in the lane of its callee at its depth', () => {
  for (const call of model.calls.calls) {
    const place = placeOf(model, lanes, call.event)!;
    expect(place.lane.component).toBe(call.callee);
    expect(place.row.kind).toBe('calls');
    expect(place.lane.rows[call.depth]).toBe(place.row);
  }
});

test('a request of the host stack is one span, not one per driver that it passes', () => {
  const requests = index.requestRows[0]!.flatMap((row) => row.calls.map((call) => call.functionName));
  expect(requests.filter((name) => name === 'NdisOffloadTcpSend')).toHaveLength(40);
  expect(requests).not.toContain('MiniportTcpOffloadSend');
  for (const row of index.requestRows[0]!) {
    for (let at = 1; at < row.length; at++) expect(row.start(at)).toBeGreaterThanOrEqual(row.end(at - 1));
  }
});

test('an index that grows with its trace equals one made at the end', () => {
  const growing = readTrace(new Uint8Array(0));
  const bytes = syntheticTrace({ sends: 3000 });
  const live = new LaneIndex(growing);
  for (let at = 0; at < bytes.length; at += 50_000) {
    growing.push(bytes.subarray(at, at + 50_000));
    live.update();
  }
  const late = new LaneIndex(readTrace(bytes));
  late.update();
  const shape = (one: LaneIndex): unknown => ({
    calls: one.callRows.map((rows) => rows.map((row) => row.calls.map((call) => call.event))),
    requests: one.requestRows.map((rows) => rows.map((row) => row.calls.map((call) => call.event))),
    lost: one.frameRows.chimney.lost,
    again: one.frameRows.chimney.sentAgain,
  });
  expect(shape(live)).toEqual(shape(late));
  expect(late.frameRows.chimney.lost.length).toBeGreaterThan(100);
});

test('a picture never has more bars than can be drawn', () => {
  const large = readTrace(syntheticTrace({ sends: 5000 }));
  const rows = new LaneIndex(large);
  rows.update();
  const layout = layoutTimeline(
    large,
    layoutLanes(large, rows),
    wholeTrace(large.store!.lastTime),
    6000,
    everything,
  );
  expect(layout.barCount).toBeGreaterThan(0);
  expect(layout.barCount).toBeLessThanOrEqual(mostBars);
});

test('only rows inside the visible part of the lanes are laid out', () => {
  const layout = layoutTimeline(model, lanes, whole, width, { top: lanes[1]!.y + 5, height: 10 });
  expect(layout.rows.map((visible) => visible.row)).toEqual(lanes[1]!.rows);
});

test('pointing at a call, a frame, a milestone and a change of owner finds each of them', () => {
  const span = model.states.ownershipSpans(2)[1]!;
  const lost = model.frames.frames.find((frame) => frame.fate === 'lost')!;
  for (const event of [
    called('MiniportInitiateOffload'),
    lost.event,
    model.notes.notes[1]!.event,
    span.event,
  ]) {
    const time = model.store!.time(event);
    const range = { from: time - 500, until: time + 9500 };
    const layout = layoutTimeline(model, lanes, range, width, everything);
    const { middle } = placeOf(model, lanes, event)!;
    expect(hitTest(layout, pixelOf(range, width, time) + 2, middle)?.event).toBe(event);
  }
  const layout = layoutTimeline(model, lanes, whole, width, everything);
  expect(hitTest(layout, 500, lanesHeight(lanes) + 50)).toBeUndefined();
});

test('a crowded bar says for how many it stands', () => {
  const range = { from: 0, until: model.store!.lastTime * 40 };
  const layout = layoutTimeline(model, lanes, range, 400, everything);
  const { middle } = placeOf(model, lanes, called('NdisOffloadTcpSend'))!;
  expect(hitTest(layout, 4, middle)!.count).toBeGreaterThan(1);
});

test('arrows lead from request to completion and from cause to consequence', () => {
  const request = called('NdisInitiateOffload');
  const [arrow] = layoutArrowsOf(model, lanes, whole, width, request);
  expect(arrow).toMatchObject({
    kind: 'completion',
    from: request,
    to: called('ProtocolInitiateOffloadComplete'),
  });
  expect(arrow!.x2).toBeGreaterThan(arrow!.x1);
  const frame = model.frames.frames.find((candidate) => candidate.path === 'chimney')!;
  const [cause] = layoutArrowsOf(model, lanes, whole, width, frame.event);
  expect(cause).toMatchObject({ kind: 'cause', from: called('MiniportTcpOffloadSend'), to: frame.event });
});

test('all arrows of the view are drawn until they would be a thicket', () => {
  expect(layoutVisibleArrows(model, lanes, whole, width)).toEqual([]);
  const start = model.calls.at(called('NdisOffloadTcpSend'))!.start;
  const few = layoutVisibleArrows(model, lanes, { from: start, until: start + 60_000 }, width);
  expect(few.length).toBeGreaterThan(0);
  expect(few.length).toBeLessThanOrEqual(mostArrows);
});

test('the keyboard walks a lane, the chain and the milestones', () => {
  const initiate = called('MiniportInitiateOffload');
  const next = neighbourInLane(model, index, initiate, 1)!;
  expect(model.calls.at(next)!.callee).toBe(model.calls.at(initiate)!.callee);
  expect(neighbourInLane(model, index, next, -1)).toBe(initiate);
  const completion = alongChain(model, initiate, 1)!;
  expect(model.calls.at(completion)!.functionName).toBe('NdisMInitiateOffloadComplete');
  expect(alongChain(model, completion, -1)).toBe(initiate);
  expect(alongChain(model, initiate, -1)).toBe(called('NdisInitiateOffload'));
  const frames = index.frameRows.chimney.frames;
  expect(neighbourInLane(model, index, frames[3]!.event, 1)).toBe(frames[4]!.event);
  expect(neighbourInLane(model, index, frames[3]!.event, -1)).toBe(frames[2]!.event);
  const notes = model.notes.notes;
  expect(neighbourMilestone(model, notes[0]!.event, 1)).toBe(notes[1]!.event);
  expect(neighbourMilestone(model, notes[1]!.event, -1)).toBe(notes[0]!.event);
  expect(neighbourMilestone(model, notes[0]!.event, -1)).toBeUndefined();
});

test('causes come from the record', () => {
  expect(causeOf(model, model.notes.notes[1]!.event)).toBe(called('NdisMInitiateOffloadComplete'));
  expect(causeOf(model, model.notes.notes[0]!.event)).toBeUndefined();
});

test('the overview is a share of its highest column and keeps single calls visible', () => {
  const overview = layoutOverview(model, whole, 200);
  const highest = overview.host.map((value, column) => value + overview.chimney[column]!);
  expect(Math.max(...highest)).toBeCloseTo(1, 9);
  expect(overview.calls.filter((value) => value > 0).length).toBeGreaterThan(20);
  expect(Math.max(...overview.calls)).toBeCloseTo(1, 9);
});
