import { expect, test } from 'vitest';
import { Notices } from '../../../renderer/stores/notices';
import { OpenTrace } from '../../../renderer/stores/openTrace';
import type { Pacing } from '../../../renderer/stores/pacing';
import { encodeUtf8 } from '../../../shared/base/utf8';
import { syntheticTrace } from '../../harness/syntheticTrace';

/** A clock that runs a millisecond per look, and turns that come when asked for. */
function handPacing(): Pacing & { readonly turns: (() => void)[]; runAll(): void } {
  const turns: (() => void)[] = [];
  let now = 0;
  return {
    turns,
    now: () => (now += 1),
    nextTurn: (callback) => void turns.push(callback),
    runAll() {
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
    },
  };
}

function make(): { trace: OpenTrace; notices: Notices; pacing: ReturnType<typeof handPacing> } {
  const notices = new Notices();
  const pacing = handPacing();
  return { trace: new OpenTrace(notices, pacing), notices, pacing };
}

function open(trace: OpenTrace, name: string, bytes: Uint8Array): void {
  trace.receive({ kind: 'begin', origin: 'file', name });
  trace.receive({ kind: 'bytes', bytes });
  trace.receive({ kind: 'end' });
}

const whole = syntheticTrace();

test('a whole trace is read and complete', () => {
  const { trace, notices, pacing } = make();
  open(trace, 'one.sweep', whole);
  pacing.runAll();
  expect(trace.state).toMatchObject({ phase: 'ready', name: 'one.sweep', origin: 'file' });
  expect(trace.state.ending).toEqual({ kind: 'complete' });
  expect(trace.state.model!.calls.calls.length).toBeGreaterThan(100);
  expect(notices.list).toEqual([]);
});

test('bytes may come one at a time', () => {
  const { trace, pacing } = make();
  trace.receive({ kind: 'begin', origin: 'recording', name: 'live' });
  expect(trace.state.phase).toBe('live');
  for (let at = 0; at < 3000; at++) trace.receive({ kind: 'bytes', bytes: whole.subarray(at, at + 1) });
  trace.receive({ kind: 'bytes', bytes: whole.subarray(3000) });
  trace.receive({ kind: 'end' });
  pacing.runAll();
  expect(trace.state.phase).toBe('ready');
  expect(trace.state.ending).toEqual({ kind: 'complete' });
});

test('much data is read in turns, and the version grows with each', () => {
  const { trace, pacing } = make();
  open(trace, 'large.sweep', syntheticTrace({ sends: 8000 }));
  expect(pacing.turns.length).toBe(1);
  const versionBefore = trace.state.version;
  expect(trace.state.phase).toBe('reading');
  pacing.runAll();
  expect(trace.state.version).toBeGreaterThan(versionBefore + 1);
  expect(trace.state.phase).toBe('ready');
});

test('a file that is no trace is refused with a sentence and the shown trace stays', () => {
  const { trace, notices, pacing } = make();
  open(trace, 'one.sweep', whole);
  pacing.runAll();
  const { model } = trace.state;
  open(trace, 'letter.sweep', encodeUtf8('Dear all, this is a letter and no trace.'));
  pacing.runAll();
  expect(trace.state).toMatchObject({ phase: 'ready', name: 'one.sweep' });
  expect(trace.state.model).toBe(model);
  expect(notices.list).toHaveLength(1);
  expect(notices.list[0]).toMatchObject({ severity: 'error' });
  expect(notices.list[0]!.text).toMatch(/^letter\.sweep: This is not a Chimneysweep trace/);
});

test('an empty file is refused, too', () => {
  const { trace, notices, pacing } = make();
  open(trace, 'empty.sweep', new Uint8Array(0));
  pacing.runAll();
  expect(trace.state.phase).toBe('empty');
  expect(notices.list[0]!.text).toContain('it is empty');
});

test('a cut trace is shown up to the cut, with a warning', () => {
  const { trace, notices, pacing } = make();
  const bytes = syntheticTrace({ sends: 2000 });
  open(trace, 'cut.sweep', bytes.subarray(0, bytes.length - 1000));
  pacing.runAll();
  expect(trace.state.phase).toBe('ready');
  expect(trace.state.ending!.kind).toBe('cut');
  expect(trace.state.model!.store!.length).toBeGreaterThan(1000);
  expect(notices.list).toMatchObject([{ severity: 'warning' }]);
  expect(notices.list[0]!.text).toContain('This trace is incomplete');
});

test('a damaged trace is shown up to the damage, with a warning', () => {
  const { trace, notices, pacing } = make();
  const bytes = syntheticTrace({ sends: 2000 });
  bytes[bytes.length - 500]! ^= 0xff;
  open(trace, 'bad.sweep', bytes);
  pacing.runAll();
  expect(trace.state.ending!.kind).toBe('damaged');
  expect(notices.list[0]!.text).toContain('damaged at byte');
});

test('a recording that fails keeps what came and says why', () => {
  const { trace, notices, pacing } = make();
  const bytes = syntheticTrace({ sends: 2000 });
  trace.receive({ kind: 'begin', origin: 'recording', name: 'live' });
  trace.receive({ kind: 'bytes', bytes: bytes.subarray(0, bytes.length / 2) });
  trace.receive({ kind: 'failed', message: 'The engine stopped. Record again.' });
  pacing.runAll();
  expect(trace.state.phase).toBe('ready');
  expect(trace.state.model!.store!.length).toBeGreaterThan(100);
  expect(notices.list.map((notice) => notice.severity).sort()).toEqual(['error', 'warning']);
  expect(notices.list.some((notice) => notice.text === 'The engine stopped. Record again.')).toBe(true);
});

test('a failure before the first byte leaves things as they were', () => {
  const { trace, notices } = make();
  trace.receive({ kind: 'begin', origin: 'file', name: 'gone.sweep' });
  trace.receive({ kind: 'failed', message: 'gone.sweep could not be read.' });
  expect(trace.state.phase).toBe('empty');
  expect(notices.list[0]!.text).toBe('gone.sweep could not be read.');
});

test('a newer stream replaces one that is still being read', () => {
  const { trace, pacing } = make();
  open(trace, 'large.sweep', syntheticTrace({ sends: 8000 }));
  open(trace, 'one.sweep', whole);
  pacing.runAll();
  expect(trace.state).toMatchObject({ phase: 'ready', name: 'one.sweep' });
  expect(trace.state.ending).toEqual({ kind: 'complete' });
});

test('progress shows while bytes come and goes when they end', () => {
  const { trace, pacing } = make();
  trace.receive({ kind: 'begin', origin: 'file', name: 'one.sweep' });
  trace.receive({ kind: 'progress', fraction: 0.5 });
  expect(trace.state.progress).toBe(0.5);
  trace.receive({ kind: 'bytes', bytes: whole });
  trace.receive({ kind: 'end' });
  pacing.runAll();
  expect(trace.state.progress).toBeUndefined();
});

test('what recording costs shows while it goes on and behind its end, and not for the next trace', () => {
  const { trace, pacing } = make();
  const cost = { events: 100, milliseconds: 1, sinkMilliseconds: 0, runMilliseconds: 10 };
  trace.receive({ kind: 'begin', origin: 'recording', name: 'live' });
  trace.receive({ kind: 'recording-cost', cost });
  expect(trace.state.recordingCost).toEqual(cost);
  trace.receive({ kind: 'bytes', bytes: whole });
  trace.receive({ kind: 'recording-cost', cost: { ...cost, saveMilliseconds: 3 } });
  trace.receive({ kind: 'end' });
  pacing.runAll();
  expect(trace.state.recordingCost).toEqual({ ...cost, saveMilliseconds: 3 });
  open(trace, 'one.sweep', whole);
  pacing.runAll();
  expect(trace.state.recordingCost).toBeUndefined();
});
