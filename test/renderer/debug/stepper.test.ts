import { expect, test } from 'vitest';
import { stepCommandList } from '../../../renderer/debug/stepCommands';
import { stepWords } from '../../../renderer/debug/stepWords';
import { Stepper } from '../../../renderer/debug/stepper';
import { Notices } from '../../../renderer/stores/notices';
import { OpenTrace } from '../../../renderer/stores/openTrace';
import { View } from '../../../renderer/stores/view';
import { happens, type StopCondition } from '../../../shared/debug/stopCondition';
import { syntheticTrace } from '../../harness/syntheticTrace';

interface Bench {
  readonly trace: OpenTrace;
  readonly view: View;
  readonly stepper: Stepper;
  readonly asked: StopCondition[];
  readonly said: string[];
}

function make(origin: 'file' | 'recording'): Bench {
  const trace = new OpenTrace(new Notices(), { now: () => 0, nextTurn: (callback) => callback() });
  const view = new View(() => trace.state.model);
  const asked: StopCondition[] = [];
  const said: string[] = [];
  const stepper = new Stepper(
    trace,
    view,
    (condition) => asked.push(condition),
    (words) => said.push(words),
  );
  trace.receive({ kind: 'begin', origin, name: 'a trace' });
  trace.receive({ kind: 'bytes', bytes: syntheticTrace({ withoutEnd: true }) });
  if (origin === 'file') trace.receive({ kind: 'end' });
  return { trace, view, stepper, asked, said };
}

const forward = { kind: 'event', direction: 'forward' } as const;
const backward = { kind: 'event', direction: 'backward' } as const;

test('stepping by events selects everything that happens in a file, forward and backward', () => {
  const { trace, view, stepper, said } = make('file');
  const { store } = trace.state.model!;
  const happening = Array.from({ length: store!.length }, (_, event) => event).filter((event) =>
    happens(store!.kind(event)),
  );
  const there: number[] = [];
  while (stepper.step(forward).kind === 'stepped') there.push(view.selection.value!);
  expect(there).toEqual(happening);
  expect(said).toEqual([stepWords(forward).nowhere]);
  const back: number[] = [view.selection.value!];
  while (stepper.step(backward).kind === 'stepped') back.push(view.selection.value!);
  expect(back.reverse()).toEqual(happening);
});

test('a file has nothing behind its last event: no run is asked for more', () => {
  const { view, trace, stepper, asked } = make('file');
  view.select(trace.state.model!.store!.length - 1);
  expect(stepper.step(forward).kind).toBe('nowhere');
  expect(asked).toEqual([]);
});

test('a paused run goes on from its last event until the step is done', () => {
  const { view, trace, stepper, asked } = make('recording');
  const last = trace.state.model!.store!.length - 1;
  trace.state.pause = { cause: 'asked', time: 0, event: 0 };
  view.select(last);
  expect(stepper.step(forward)).toEqual({ kind: 'running', condition: { kind: 'event' } });
  expect(asked).toEqual([{ kind: 'event' }]);
  expect(stepper.isStepping).toBe(true);
  stepper.letGo();
  expect(stepper.isStepping).toBe(false);
});

test('a paused run stands still while steps go along what is recorded', () => {
  const { view, trace, stepper, asked } = make('recording');
  trace.state.pause = { cause: 'asked', time: 0, event: 0 };
  view.select(trace.state.model!.calls.calls[0]!.event);
  expect(stepper.step(forward).kind).toBe('stepped');
  expect(stepper.step(backward).kind).toBe('stepped');
  expect(asked).toEqual([]);
});

test('a run that goes on is not stepped', () => {
  const { view, trace, stepper, asked, said } = make('recording');
  view.select(trace.state.model!.store!.length - 1);
  expect(stepper.step(forward).kind).toBe('nowhere');
  expect(asked).toEqual([]);
  expect(said[0]).toContain('Pause it');
});

test('each step has a command of its own, and no two of them have the same keys', () => {
  expect(new Set(stepCommandList.map(({ id }) => id)).size).toBe(stepCommandList.length);
  const keys = stepCommandList.flatMap((one) => one.keys).map((key) => JSON.stringify(key));
  expect(new Set(keys).size).toBe(keys.length);
});
