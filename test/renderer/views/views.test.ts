import { expect, test } from 'vitest';
import { latencyOf, parseFilter, rowOf, selectCalls } from '../../../renderer/views/calls/callRows';
import { numberText } from '../../../renderer/views/details/argumentText';
import { eventAsJson, eventAsText } from '../../../renderer/views/details/copyEvent';
import { layoutStateTree } from '../../../renderer/views/state/stateRows';
import { throughputOf } from '../../../renderer/views/throughput/throughputData';
import { wholeTrace } from '../../../renderer/timeline/viewport';
import { readTrace } from '../../harness/readTrace';
import { syntheticTrace } from '../../harness/syntheticTrace';

const model = readTrace(syntheticTrace());
const { calls } = model.calls;
const byTime = { column: 'time', descending: false } as const;
const last = model.store!.length - 1;
const called = (name: string): number => calls.find((call) => call.functionName === name)!.event;

test('the state tree goes from neighbor to path to TCP, with owners and last writers', () => {
  const send = called('NdisOffloadTcpSend');
  const tree = layoutStateTree(model, send, -1);
  expect(tree.map((node) => [node.layer, node.depth, node.owner])).toEqual([
    ['neighbor', 0, 'target'],
    ['path', 1, 'target'],
    ['tcp', 2, 'target'],
  ]);
  const sndUna = tree[2]!.groups[0]!.rows.find((row) => row.name === 'SndUna')!;
  expect(sndUna.writer).toBe('tcpip.sys');
  expect(model.store!.kind(sndUna.writtenBy)).toBe('state-change');
  expect(sndUna.hint).toContain('TCP_OFFLOAD_STATE_DELEGATED.SndUna');
});

test('values are those of the instant, and fresh ones are marked', () => {
  const early = layoutStateTree(model, called('NdisInitiateOffload'), -1);
  const late = layoutStateTree(model, last, last - 1);
  const sndUna = (tree: typeof early) =>
    tree[2]!.groups.flatMap((group) => group.rows).find((row) => row.name === 'SndUna')!;
  expect(sndUna(early).text).not.toBe(sndUna(late).text);
  expect(sndUna(late).writer).toBe('soot.sys');
  expect(sndUna(early).fresh).toBe(true);
  expect(sndUna(late).fresh).toBe(false);
  expect(sndUna(layoutStateTree(model, last, called('NdisOffloadTcpSend'))).fresh).toBe(true);
});

test('before anything was declared there is no tree', () => {
  expect(layoutStateTree(model, 0, -1)).toEqual([]);
});

test('the calls are filtered by words and exclusions', () => {
  const names = (filter: string): string[] =>
    Array.from(selectCalls(model, parseFilter(filter), byTime), (index) => calls[index]!.functionName);
  expect(names('')).toHaveLength(calls.length);
  expect(names('setoptional')).toEqual(['NdisSetOptionalHandlers', 'NdisSetOptionalHandlers']);
  expect(new Set(names('tcpoffloadsend -complete'))).toEqual(new Set(['MiniportTcpOffloadSend']));
  expect(new Set(names('pending'))).toEqual(new Set(['NdisOffloadTcpSend', 'MiniportTcpOffloadSend']));
  expect(names('no such thing')).toEqual([]);
});

test('the calls are sorted by any column, both ways, and rows can be found again', () => {
  const latency = selectCalls(model, [], { column: 'latency', descending: true });
  const values = Array.from(latency, (index) => latencyOf(model, calls[index]!) ?? -1);
  expect(values).toEqual([...values].sort((left, right) => right - left));
  expect(values[0]).toBeGreaterThan(0);
  for (const order of [
    byTime,
    { column: 'time', descending: true },
    { column: 'function', descending: false },
  ] as const) {
    const shown = selectCalls(model, parseFilter('send'), order);
    shown.forEach((position, row) => expect(rowOf(shown, position, order)).toBe(row));
    expect(rowOf(shown, 0, order)).toBe(-1);
  }
});

test('throughput covers the range with bins that stay in place while panning', () => {
  const whole = wholeTrace(model.store!.lastTime);
  const data = throughputOf(model, whole, 200);
  expect(data.times[0]).toBe(0);
  expect(data.times).toHaveLength(data.rates.host.length);
  const sum = (rates: readonly number[]): number =>
    rates.slice(0, -1).reduce((total, rate) => total + (rate * data.binWidth) / 8e9, 0);
  expect(sum(data.rates.host)).toBeCloseTo(model.frames.totals.host.newBytes, 3);
  expect(sum(data.rates.chimney)).toBeCloseTo(model.frames.totals.chimney.newBytes, 3);
  const shifted = throughputOf(model, { from: whole.from + 100_000, until: whole.until + 100_000 }, 200);
  expect(shifted.binWidth).toBe(data.binWidth);
  expect(shifted.times.every((time) => time % data.binWidth === 0)).toBe(true);
});

test('numbers of arguments get the names of their group', () => {
  expect(numberText(1234, undefined)).toEqual({ value: '1\u2009234', names: '' });
  expect(numberText(7, 'no such group')).toEqual({ value: '7', names: '' });
});

test('an event can be taken along as JSON and as text', () => {
  const call = called('NdisSetOptionalHandlers');
  const json = JSON.parse(eventAsJson(model, call)) as Record<string, unknown>;
  expect(json).toMatchObject({
    functionName: 'NdisSetOptionalHandlers',
    caller: 'soot.sys',
    callee: 'ndis.sys',
    status: 'NDIS_STATUS_SUCCESS',
    arguments: {
      OptionalHandlers: { structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS' },
    },
  });
  expect(eventAsText(model, call)).toContain(
    'OptionalHandlers: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
  );
  const frame = model.frames.frames[0]!.event;
  expect(JSON.parse(eventAsJson(model, frame))).toMatchObject({
    kind: 'frame',
    bytes: expect.stringMatching(/^[0-9a-f]+$/) as string,
  });
  expect(eventAsText(model, frame)).toContain('TCP: 49152 → 7');
  for (let event = 0; event <= last; event++)
    expect(() => JSON.parse(eventAsJson(model, event)) as unknown).not.toThrow();
});
