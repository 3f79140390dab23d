import { expect, test } from 'vitest';
import { FindingsView } from '../../../renderer/stores/findingsView';
import { SortedFindings } from '../../../renderer/stores/sortedFindings';
import { layoutFindingMarks, layoutMarksAt, markAt, markSize } from '../../../renderer/timeline/findingMarks';
import { LaneIndex } from '../../../renderer/timeline/laneIndex';
import { layoutLanes } from '../../../renderer/timeline/lanes';
import { placeOf } from '../../../renderer/timeline/places';
import { pixelOf, wholeTrace } from '../../../renderer/timeline/viewport';
import { Random } from '../../../shared/base/random';
import type { RuleSeverity } from '../../../shared/rules/catalogue';
import type { Finding } from '../../../shared/rules/engine/finding';
import { readTrace } from '../../harness/readTrace';
import { syntheticTrace } from '../../harness/syntheticTrace';

const nothing: ReadonlySet<RuleSeverity> = new Set();

function finding(severity: RuleSeverity, more: Partial<Finding> = {}): Finding {
  return {
    rule: 'SND-021',
    severity,
    time: 0,
    events: [],
    component: undefined,
    connection: undefined,
    object: undefined,
    found: '',
    expected: '',
    fingerprint: '',
    ...more,
  };
}

test('findings that share a column are one mark of the gravest, where that one stands', () => {
  const sorted = new SortedFindings();
  const worst = finding('error');
  sorted.add(103, finding('info'));
  sorted.add(101, finding('warning'));
  sorted.add(104, worst);
  sorted.add(250, finding('info'));
  expect(sorted.merged(0, 1000, 10, nothing)).toEqual([
    { position: 104, severity: 'error', finding: worst, count: 3 },
    expect.objectContaining({ position: 250, severity: 'info', count: 1 }),
  ]);
  expect(sorted.merged(0, 1000, 10, new Set(['error'])).map(({ severity }) => severity)).toEqual([
    'warning',
    'info',
  ]);
  expect(sorted.merged(105, 249, 10, nothing)).toEqual([]);
});

test('merged marks count every finding once, in whatever order they came, and stay in their columns while the stretch moves', () => {
  const random = new Random(7, 1);
  const sorted = new SortedFindings();
  const severities = ['error', 'warning', 'info'] as const;
  for (let index = 0; index < 5000; index++)
    sorted.add(random.nextBelow(1_000_000), finding(severities[random.nextBelow(3)]!));
  const all = sorted.merged(0, 1_000_000, 1000, nothing);
  expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  expect(all.length).toBeLessThanOrEqual(1000);
  const moved = sorted.merged(37_000, 1_000_000, 1000, nothing);
  expect(moved).toEqual(all.filter(({ position }) => position >= 37_000));
  const { error, warning, info } = sorted.countUntil(1_000_000, nothing);
  expect(error + warning + info).toBe(5000);
});

test('a column that is too narrow to be told from its neighbour still ends', () => {
  const sorted = new SortedFindings();
  for (let index = 0; index < 3; index++) sorted.add(9e15, finding('error'));
  expect(sorted.merged(0, 1e16, 1e-9, nothing)).toEqual([expect.objectContaining({ count: 3 })]);
});

test('the next finding is strictly behind, the previous one strictly before; hidden ones are passed over', () => {
  const sorted = new SortedFindings();
  const [first, second, third] = [finding('info'), finding('error'), finding('warning')];
  sorted.add(10, first);
  sorted.add(20, second);
  sorted.add(30, third);
  expect(sorted.next(10, 1, nothing)).toBe(second);
  expect(sorted.next(30, 1, nothing)).toBeUndefined();
  expect(sorted.next(30, -1, nothing)).toBe(second);
  expect(sorted.next(30, -1, new Set(['error']))).toBe(first);
});

test('counts and lists end with a position', () => {
  const sorted = new SortedFindings();
  const [early, late, after] = [finding('warning'), finding('error'), finding('error')];
  sorted.add(5, early);
  sorted.add(6, late);
  sorted.add(7, after);
  expect(sorted.countUntil(6, nothing)).toEqual({ error: 1, warning: 1, info: 0 });
  expect(sorted.countUntil(6, new Set(['error']))).toEqual({ error: 0, warning: 1, info: 0 });
  expect(sorted.lastUntil(6, nothing, 10)).toEqual([late, early]);
  expect(sorted.lastUntil(7, nothing, 1)).toEqual([after]);
});

const model = readTrace(syntheticTrace());
const store = model.store!;
const index = new LaneIndex(model);
index.update();
const lanes = layoutLanes(model, index);
const whole = wholeTrace(store.lastTime);

test('every kind of record has its mark in the row that shows it: returns at their call, changes of state at their connection', () => {
  const width = 1000;
  const window = { top: 0, height: 10_000 };
  const seen = new Set<string>();
  for (let event = 0; event < store.length; event++) {
    const record = store.record(event);
    const view = new FindingsView();
    view.update(model, [finding('error', { events: [event] })]);
    const marks = layoutFindingMarks(view, lanes, whole, width, window);
    seen.add(record.kind);
    expect(marks, record.kind).toHaveLength(1);
    expect(marks[0]!.x).toBeCloseTo(pixelOf(whole, width, store.time(event)), 6);
    const shownBy =
      record.kind === 'return' ? record.call : record.kind === 'frame-fate' ? record.frame : event;
    const place = placeOf(model, lanes, shownBy);
    if (place !== undefined) expect(marks[0]!.y, record.kind).toBe(place.row.y + 3);
    else expect(['Milestones', 'Connection 0']).toContain(laneAt(marks[0]!.y));
  }
  for (const kind of ['call', 'return', 'frame', 'frame-fate', 'state-change']) expect(seen).toContain(kind);
});

function laneAt(y: number): string | undefined {
  return lanes.find((lane) => y >= lane.y && y < lane.y + lane.height)?.title;
}

test('a point on a mark finds it, the uppermost of those that overlap', () => {
  const sorted = new SortedFindings();
  const [one, other] = [finding('error'), finding('error')];
  sorted.add(500, one);
  sorted.add(510, other);
  const marks = layoutMarksAt(sorted, nothing, { from: 0, until: 1000 }, 1000, markSize, 20);
  expect(markAt(marks, 510, 22)?.finding).toBe(marks.at(-1)!.finding);
  expect(markAt(marks, 540, 22)).toBeUndefined();
  expect(markAt(marks, 500, 40)).toBeUndefined();
});

test('findings are known by the records of their proof and by object; hidden severities by neither', () => {
  const view = new FindingsView();
  const error = finding('error', { events: [1, 4], object: 0 });
  const hint = finding('info', { events: [4], object: 0 });
  view.update(model, [error]);
  view.update(model, [error, hint]);
  expect(view.ofEvent(4)).toEqual([error, hint]);
  expect(view.ofEvent(1)).toEqual([error]);
  expect(view.ofObject(0)?.countUntil(3, view.hidden.value)).toEqual({ error: 0, warning: 0, info: 0 });
  expect(view.ofObject(0)?.countUntil(4, view.hidden.value)).toEqual({ error: 1, warning: 0, info: 1 });
  view.toggle('info');
  expect(view.ofEvent(4)).toEqual([error]);
  expect(view.ofObject(0)?.countUntil(4, view.hidden.value).info).toBe(0);
  view.update(model, []);
  expect(view.ofEvent(4)).toEqual([]);
  expect(view.ofObject(0)).toBeUndefined();
});
