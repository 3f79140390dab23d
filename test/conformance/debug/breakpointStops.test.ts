/** Fifty breakpoint expressions stop a run under way at the events at which the search in its file finds them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { RunGate } from '../../../electron/recorder/runGate';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import type { RunPause } from '../../../shared/contract/runControl';
import { scenarioDescription, type ScenarioId } from '../../../shared/contract/scenarios';
import type { Breakpoint } from '../../../shared/debug/breakpoints';
import { dependsOn } from '../../../shared/debug/checkedBreakpoint';
import { findStops, type FoundStop } from '../../../shared/debug/findStops';
import { StopWatch } from '../../../shared/debug/stopWatch';
import { checkExpression } from '../../../shared/expression/check';
import { TraceRows } from '../../../shared/expression/traceRows';
import { breakpointExpressions as expressions } from '../../harness/breakpointExpressions';
import { readTrace } from '../../harness/readTrace';
import { concatenate } from '../../harness/traceBytes';

const breakpoints: readonly Breakpoint[] = expressions.map((text, index) => ({
  id: String(index),
  on: { kind: 'expression', text },
  enabled: true,
}));

const scenarios: readonly ScenarioId[] = ['first-sweep', 'transfer', 'many-connections', 'no-tcp-entries'];

interface Run {
  readonly pauses: readonly RunPause[];
  readonly model: TraceModel;
}

/** Runs a scenario behind a gate, which stands at each stop and is told to go on. */
function gated(scenario: ScenarioId, set: readonly Breakpoint[]): Run {
  const pieces: Uint8Array[] = [];
  const pauses: RunPause[] = [];
  const gate = new RunGate(
    {
      hasWish: () => false,
      take: () => undefined,
      wait: () => ({ kind: 'resume' }),
      tell: (saying) => {
        if (saying.kind === 'paused') pauses.push(saying.pause);
      },
    },
    { watch: new StopWatch(), breakpoints: set },
  );
  const { defaultLoss: loss } = scenarioDescription(scenario);
  const recording = new Recording(
    'test',
    { scenario, seed: 7, loss, file: inventFile(7, 20_000), drivers: {} },
    'made up',
    { write: (piece) => pieces.push(piece.slice()) },
    { tap: gate },
  );
  gate.attach(recording);
  while (recording.advance(10_000));
  recording.finish(false);
  return { pauses, model: readTrace(concatenate(pieces)) };
}

function found(model: TraceModel, set: readonly Breakpoint[]): readonly FoundStop[] {
  const stops = findStops(model.store!, set);
  if (!stops.ok) throw new Error(JSON.stringify(stops.error));
  return stops.value;
}

/** Whether nothing behind an event changes what an expression says of it. */
function isDecidedAtOnce(text: string): boolean {
  const checked = checkExpression(text);
  if (!checked.ok) throw new Error(checked.error[0]!.message);
  const { references } = checked.value;
  return (['return', 'completion', 'fate'] as const).every((later) => !dependsOn(references, later));
}

describe('fifty breakpoint expressions', () => {
  const runs = new Map<ScenarioId, Run>();

  beforeAll(() => {
    for (const scenario of scenarios) runs.set(scenario, gated(scenario, breakpoints));
  }, 120_000);

  it('are fifty, of which at least forty stop one of the scenarios', () => {
    expect(new Set(expressions).size).toBe(50);
    const met = new Set(
      [...runs.values()].flatMap(({ model }) =>
        found(model, breakpoints).map(({ breakpoint }) => breakpoint),
      ),
    );
    expect(met.size).toBeGreaterThanOrEqual(40);
  });

  it.each(scenarios)('stop %s where the file search finds them', (scenario) => {
    const { pauses, model } = runs.get(scenario)!;
    const byRecord = new Map<number, string[]>();
    for (const { breakpoint, record } of found(model, breakpoints)) {
      const list = byRecord.get(record);
      if (list === undefined) byRecord.set(record, [breakpoint]);
      // Of two requests that one call completes both may meet it; the pause names it once.
      else if (!list.includes(breakpoint)) list.push(breakpoint);
    }
    const live = pauses.map((pause) =>
      pause.cause === 'breakpoint' ? [pause.event, pause.breakpoints] : pause,
    );
    expect(live.length).toBeGreaterThan(100);
    expect(live).toEqual([...byRecord]);
  });

  it.each(scenarios)(
    'stop %s at the events that `events --where` finds, where no later record decides',
    (scenario) => {
      const { model } = runs.get(scenario)!;
      const stops = found(model, breakpoints);
      const rows = new TraceRows(model, model.store!);
      let compared = 0;
      for (const [index, text] of expressions.entries()) {
        if (!isDecidedAtOnce(text)) continue;
        const checked = checkExpression(text);
        if (!checked.ok) throw new Error(text);
        const events = stops
          .filter(({ breakpoint }) => breakpoint === String(index))
          .map(({ event }) => event);
        expect([text, events]).toEqual([text, [...rows.matching(checked.value)]]);
        compared++;
      }
      expect(compared).toBeGreaterThan(25);
    },
  );

  it('leave the trace as it is without them', () => {
    const without = gated('first-sweep', []);
    const { model } = runs.get('first-sweep')!;
    expect(model.store!.length).toBe(without.model.store!.length);
    expect(without.pauses).toEqual([]);
  });
});
