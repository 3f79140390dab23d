import { expect, test } from 'vitest';
import { connectionsAt, connectionsFor } from '../../../renderer/debug/editObjects';
import { HandEdits } from '../../../renderer/debug/handEdits';
import { Notices } from '../../../renderer/stores/notices';
import { OpenTrace } from '../../../renderer/stores/openTrace';
import { View } from '../../../renderer/stores/view';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { readHandNote } from '../../../shared/contract/handNote';
import type { LiveEdit } from '../../../shared/contract/liveEdit';
import type { RunControl, RunPause } from '../../../shared/contract/runControl';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { readTrace } from '../../harness/readTrace';
import { concatenate } from '../../harness/traceBytes';

const query: LiveEdit = { kind: 'query', connection: 0, layer: 'tcp', classes: 'all' };

/** A transfer in which something is done by hand while its connection is the target's. */
function recordEdited(edit: LiveEdit): Uint8Array {
  const pieces: Uint8Array[] = [];
  const recording = new Recording(
    'test',
    { scenario: 'transfer', seed: 1, loss: 0, file: inventFile(1, 100_000), drivers: {} },
    'made up',
    { write: (piece) => pieces.push(piece.slice()) },
  );
  while (recording.progress < 0.3) recording.advance(10);
  recording.edit(edit);
  while (recording.advance(1000));
  recording.finish(false);
  return concatenate(pieces);
}

interface Bench {
  readonly trace: OpenTrace;
  readonly view: View;
  readonly edits: HandEdits;
  readonly asked: RunControl[];
  readonly note: number;
  pauseAt(event: number, cause: 'asked' | 'step'): void;
}

function make(edit: LiveEdit): Bench {
  const trace = new OpenTrace(new Notices(), { now: () => 0, nextTurn: (callback) => callback() });
  const view = new View(() => trace.state.model);
  const asked: RunControl[] = [];
  const edits = new HandEdits(
    trace,
    view,
    (wish) => asked.push(wish),
    () => undefined,
  );
  trace.receive({ kind: 'begin', origin: 'recording', name: 'live' });
  trace.receive({ kind: 'bytes', bytes: recordEdited(edit) });
  const { notes } = trace.state.model!.notes;
  const note = notes.find(({ text }) => readHandNote(text) !== undefined)!.event;
  const pauseAt = (event: number, cause: 'asked' | 'step'): void => {
    const pause: RunPause = { cause, event, time: 0 };
    trace.receive({ kind: 'resumed' });
    trace.receive({ kind: 'paused', pause });
  };
  return { trace, view, edits, asked, note, pauseAt };
}

test('it is done, the run goes on to its note and on to the call that comes of it, which is told', () => {
  const { trace, edits, asked, note, pauseAt } = make(query);
  edits.do(query);
  expect(asked).toEqual([]);
  pauseAt(note - 1, 'asked');
  edits.do(query);
  edits.do(query);
  expect(asked).toEqual([
    { kind: 'edit', edit: query },
    { kind: 'step', until: { kind: 'by-hand' } },
  ]);
  expect(edits.isBusy).toBe(true);
  pauseAt(note, 'step');
  expect(asked[2]).toEqual({ kind: 'step', until: { kind: 'outcome', note } });
  const call = trace.state.model!.calls.calls.find(({ event }) => event > note)!;
  pauseAt(call.event, 'step');
  expect(edits.isBusy).toBe(false);
  expect(edits.told.value).toBe('Done: NdisQueryOffloadState.');
});

test('what is refused is told at its note, and nothing further is waited for', () => {
  const initiate: LiveEdit = { kind: 'initiate', connection: 0 };
  const { edits, asked, note, pauseAt } = make(initiate);
  pauseAt(note - 1, 'asked');
  edits.do(initiate);
  pauseAt(note, 'step');
  expect(asked).toHaveLength(2);
  expect(edits.told.value).toBe('Not done: initiate is not asked for: the connection is Offloaded.');
});

test('a stop for another reason ends it', () => {
  const { edits, note, pauseAt } = make(query);
  pauseAt(note - 1, 'asked');
  edits.do(query);
  pauseAt(note - 1, 'asked');
  expect(edits.isBusy).toBe(false);
  expect(edits.told.value).toContain('another reason');
});

test('connections can be picked from when they are there, and only by whom they are with', () => {
  const model: TraceModel = readTrace(recordEdited(query));
  const { store, states } = model;
  const tcp = store!.stateObjects.find(({ layer }) => layer === 'tcp')!;
  const spans = states.ownershipSpans(tcp.id);
  const when = (owner: string): number => spans.find((span) => span.owner === owner)!.event;
  expect(connectionsAt(model, 0)).toEqual([]);
  const kinds = ['initiate', 'terminate', 'send'] as const;
  const pickable = (event: number): number[] =>
    kinds.map((kind) => connectionsFor(connectionsAt(model, event), kind).length);
  expect(pickable(when('host'))).toEqual([1, 0, 1]);
  expect(pickable(when('target'))).toEqual([0, 1, 1]);
  expect(connectionsAt(model, when('target'))[0]).toMatchObject({
    connection: 0,
    owners: { tcp: 'target', path: 'target', neighbor: 'target' },
  });
});
