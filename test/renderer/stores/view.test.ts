import { beforeEach, expect, test } from 'vitest';
import { View } from '../../../renderer/stores/view';
import { wholeTrace } from '../../../renderer/timeline/viewport';
import { readTrace } from '../../harness/readTrace';
import { syntheticTrace } from '../../harness/syntheticTrace';

const model = readTrace(syntheticTrace());
const calls = model.calls.calls;
let view: View;

beforeEach(() => {
  view = new View(() => model);
  view.reset();
});

test('following views show the whole trace and its end', () => {
  view.grow();
  expect(view.range.value).toEqual(wholeTrace(model.store!.lastTime));
  expect(view.cursor.value).toEqual({ time: model.store!.lastTime, event: model.store!.length - 1 });
  view.show({ from: 0, until: 1000 });
  view.grow();
  expect(view.range.value).toEqual({ from: 0, until: 1000 });
});

test('a cursor at a time counts every event of that instant and none later', () => {
  for (const call of [calls[0]!, calls[20]!, calls[calls.length - 1]!]) {
    view.moveCursor(call.start);
    const { event } = view.cursor.value;
    expect(model.store!.time(event)).toBe(call.start);
    if (event + 1 < model.store!.length) expect(model.store!.time(event + 1)).toBeGreaterThan(call.start);
  }
  view.moveCursor(-5);
  expect(view.cursor.value.time).toBe(0);
  view.moveCursor(1e18);
  expect(view.cursor.value.event).toBe(model.store!.length - 1);
});

test('selecting moves the cursor right behind the event and remembers where it was', () => {
  view.select(calls[5]!.event);
  view.select(calls[9]!.event);
  expect(view.cursor.value).toEqual({ time: calls[9]!.start, event: calls[9]!.event });
  expect(view.previousCursor.value.event).toBe(calls[5]!.event);
  expect(view.following.value).toBe(false);
});

test('one can go back and forth through selections; a new one cuts the way forth', () => {
  for (const at of [1, 2, 3]) view.select(calls[at]!.event);
  view.travel(-1);
  view.travel(-1);
  expect(view.selection.value).toBe(calls[1]!.event);
  view.travel(-1);
  expect(view.selection.value).toBe(calls[1]!.event);
  view.travel(1);
  expect(view.selection.value).toBe(calls[2]!.event);
  view.select(calls[7]!.event);
  view.travel(1);
  expect(view.selection.value).toBe(calls[7]!.event);
  view.travel(-1);
  expect(view.selection.value).toBe(calls[2]!.event);
});

test('selecting something out of sight brings it into view', () => {
  view.show({ from: 0, until: 10_000 });
  const last = calls[calls.length - 1]!;
  view.select(last.event);
  expect(view.range.value.from).toBeLessThan(last.start);
  expect(view.range.value.until).toBeGreaterThan(last.start);
});

test('fitting fits the selection with its completion, then everything', () => {
  const request = calls.find((call) => call.functionName === 'NdisInitiateOffload')!;
  const completion = model.calls.at(request.completedBy!)!;
  view.select(request.event);
  view.fitSelection();
  expect(view.range.value.from).toBeLessThan(request.start);
  expect(view.range.value.until).toBeGreaterThan(completion.start);
  expect(view.range.value).not.toEqual(wholeTrace(model.store!.lastTime));
  view.fitSelection();
  expect(view.range.value).toEqual(wholeTrace(model.store!.lastTime));
});

test('events that do not exist cannot be selected', () => {
  view.select(-1);
  view.select(model.store!.length);
  expect(view.selection.value).toBeUndefined();
});
