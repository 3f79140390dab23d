import { expect, test } from 'vitest';
import { emptyDraft, readDraft, type BreakpointDraft } from '../../../renderer/debug/breakpointDraft';
import { BreakpointSearch } from '../../../renderer/debug/breakpointSearch';
import { Breakpoints } from '../../../renderer/debug/breakpoints';
import {
  breakpointText,
  hitCountText,
  parseHitCount,
  sameTrigger,
} from '../../../renderer/debug/breakpointWords';
import { triggerOf } from '../../../renderer/debug/breakpointCommands';
import type { ChoiceStorage } from '../../../renderer/stores/storage';
import { TraceModel } from '../../../shared/analysis/traceModel';
import type { Breakpoint } from '../../../shared/debug/breakpoints';
import { findStops, type FoundStop } from '../../../shared/debug/findStops';
import { emptyVocabulary } from '../../../shared/expression/valueNames';
import { syntheticTrace } from '../../harness/syntheticTrace';

function storage(stored: Record<string, string> = {}): ChoiceStorage {
  return { getItem: (key) => stored[key] ?? null, setItem: (key, value) => void (stored[key] = value) };
}

function read(draft: Partial<BreakpointDraft>): ReturnType<typeof readDraft> {
  return readDraft({ ...emptyDraft(), ...draft }, emptyVocabulary);
}

function readTrace(): TraceModel {
  const model = new TraceModel();
  expect(model.push(syntheticTrace()).ok).toBe(true);
  return model;
}

const onSend: Breakpoint = {
  id: 'send',
  on: { kind: 'handler', name: 'MiniportTcpOffloadSend' },
  enabled: true,
};

test.each([
  [
    { kind: 'age', text: '10ms' },
    { kind: 'age', nanoseconds: 10_000_000 },
  ],
  [
    { kind: 'age', text: '1.5 us MiniportTcpOffloadSend' },
    { kind: 'age', nanoseconds: 1500, handler: 'MiniportTcpOffloadSend' },
  ],
  [
    { kind: 'field', text: 'SndWnd == 0' },
    { kind: 'field', name: 'SndWnd', condition: '== 0' },
  ],
  [
    { kind: 'field', text: ' SndWnd ' },
    { kind: 'field', name: 'SndWnd' },
  ],
  [
    { kind: 'finding', text: '', least: 'warning' },
    { kind: 'finding', least: 'warning' },
  ],
  [
    { kind: 'finding', text: 'SND-021' },
    { kind: 'finding', least: 'error', rule: 'SND-021' },
  ],
  [
    { kind: 'status', text: 'RESOURCES' },
    { kind: 'status', status: 'RESOURCES' },
  ],
] as const)('the form %j is a breakpoint on %j', (draft, on) => {
  const made = read(draft);
  expect(made.ok && made.value.on).toEqual(on);
});

test.each([
  [{ kind: 'expression', text: '' }, 'text'],
  [{ kind: 'expression', text: 'latency >' }, 'text'],
  [{ kind: 'age', text: 'ten' }, 'text'],
  [{ kind: 'finding', text: 'SND-999' }, 'text'],
  [{ kind: 'handler', text: 'MiniportPause', condition: 'latency >' }, 'condition'],
  [{ kind: 'handler', text: 'MiniportPause', hits: 'often' }, 'hits'],
  [{ kind: 'handler', text: 'MiniportPause', log: 'took {latency' }, 'log'],
] as const)('the form %j says what is wrong with its %s', (draft, part) => {
  const made = read(draft);
  expect(made.ok).toBe(false);
  if (!made.ok) {
    expect(made.error.part).toBe(part);
    expect(made.error.words).not.toBe('');
  }
});

test.each([
  ['', undefined],
  ['3', { operator: '==', count: 3 }],
  ['>= 3', { operator: '>=', count: 3 }],
  ['%3', { operator: '%', count: 3 }],
  ['0', null],
  ['-1', null],
])('the hits %j are %j', (text, hits) => {
  expect(parseHitCount(text)).toEqual(hits);
});

test('breakpoints say what they stop on and which hits count', () => {
  expect(breakpointText(onSend)).toBe('Handler: MiniportTcpOffloadSend');
  expect(hitCountText({ operator: '%', count: 3 })).toBe('every 3 hits');
  expect(sameTrigger(onSend.on, { kind: 'handler', name: 'MiniportPause' })).toBe(false);
});

test('breakpoints outlive the window; F9 takes away what it has set', () => {
  const kept = storage();
  const breakpoints = new Breakpoints(kept);
  expect(breakpoints.toggle(onSend.on)).toBe(true);
  breakpoints.add({ kind: 'status', status: 'RESOURCES' }, { enabled: false });
  expect(new Breakpoints(kept).list.value.map(breakpointText)).toEqual([
    'Handler: MiniportTcpOffloadSend',
    'Status: RESOURCES',
  ]);
  expect(breakpoints.active.value).toBe(1);
  expect(breakpoints.toggle(onSend.on)).toBe(false);
  expect(new Breakpoints(kept).list.value).toHaveLength(1);
});

test('ids stay apart when breakpoints come and go', () => {
  const breakpoints = new Breakpoints(storage());
  const first = breakpoints.add(onSend.on)!;
  breakpoints.add({ kind: 'status', status: 'RESOURCES' });
  breakpoints.remove(first.id);
  breakpoints.add({ kind: 'status', status: 'FAILURE' });
  expect(new Set(breakpoints.list.value.map(({ id }) => id)).size).toBe(2);
});

test('a breakpoint on an event looks at its handler, or at the variable that it changes', () => {
  const model = readTrace();
  const call = model.calls.calls[0]!;
  const handler = { kind: 'handler', name: call.functionName };
  expect(triggerOf(model, call.event)).toEqual(handler);
  expect(triggerOf(model, call.returnEvent!)).toEqual(handler);
  const change = Array.from({ length: model.store!.length }, (_, event) => event).find(
    (event) => model.store!.kind(event) === 'state-change',
  )!;
  expect(triggerOf(model, change)).toMatchObject({ kind: 'field' });
  expect(triggerOf(model, model.notes.notes[0]!.event)).toBeUndefined();
});

test('the search in slices finds what a search at once finds', async () => {
  const model = readTrace();
  const log: Breakpoint = { ...onSend, id: 'log', log: 'sent at {time}' };
  const expected = findStops(model.store!, [onSend, log]);
  const turns: (() => void)[] = [];
  let now = 0;
  const search = new BreakpointSearch({ now: () => (now += 100), nextTurn: (turn) => turns.push(turn) });
  await search.start(model, [onSend, log], emptyVocabulary);
  while (turns.length > 0) turns.shift()!();
  expect(search.state.progress).toBe(1);
  expect(expected.ok && expected.value.filter((stop) => stop.log === undefined)).toEqual(search.stops);
  expect(expected.ok && expected.value.filter((stop) => stop.log !== undefined)).toEqual(search.logs);
  expect(search.stops.length).toBeGreaterThan(1);
  expect(search.count('send')).toBe(search.stops.length);
});

test('who asks for the next hit is told when the search has come to it, or that there is none', async () => {
  const model = readTrace();
  const turns: (() => void)[] = [];
  let now = 0;
  const search = new BreakpointSearch({ now: () => (now += 100), nextTurn: (turn) => turns.push(turn) });
  await search.start(model, [onSend], emptyVocabulary);
  const told: (FoundStop | undefined)[] = [];
  search.after(-1, (stop) => told.push(stop));
  while (turns.length > 0) turns.shift()!();
  const [first, second] = search.stops as [FoundStop, FoundStop];
  expect(told).toEqual([first]);
  search.after(first.record, (stop) => told.push(stop));
  search.after(search.stops.at(-1)!.record, (stop) => told.push(stop));
  expect(told).toEqual([first, second, undefined]);
  expect(search.before(second.record)).toBe(first);
  expect(search.before(first.record)).toBeUndefined();
});
