/** Runs a scenario with a plan of the test's own, records it in memory and reads it back. */
import type { RunReport } from '../../shared/analysis/runReport';
import { TraceModel } from '../../shared/analysis/traceModel';
import { traceFormatVersion } from '../../shared/trace/records';
import type { DriverModules } from '../../electron/emulator/scenarios/moduleDriver';
import { scenarioPlans, type ScenarioPlan } from '../../electron/emulator/scenarios/scenarioPlan';
import { inventFile, ScenarioRun } from '../../electron/emulator/scenarios/scenarioRun';
import { TraceRecorder } from '../../electron/recorder/traceRecorder';

/** What a run leaves. */
export interface PlannedRun {
  readonly model: TraceModel;
  readonly report: RunReport;
  readonly run: ScenarioRun;
}

/** Events of the emulator after which a run counts as stuck. */
const mostEvents = 20_000_000;

/**
 * Runs to the end. `act` is called once before every event from the moment on that `when` holds for the first time; it answers
 * false when it has done its work.
 */
export function runPlan(
  plan: Partial<ScenarioPlan>,
  choices: {
    readonly fileBytes: number;
    readonly seed?: number;
    readonly loss?: number;
    readonly drivers?: DriverModules;
  },
  act: (run: ScenarioRun) => boolean = () => false,
): PlannedRun {
  const seed = choices.seed ?? 1;
  const pieces: Uint8Array[] = [];
  const recorder = new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: 'test',
      scenario: 'transfer',
      title: 'A plan of a test',
      seed,
      settings: {},
      snapLength: 128,
    },
    { write: (bytes) => pieces.push(bytes.slice()) },
  );
  const settings = {
    scenario: 'transfer',
    seed,
    loss: choices.loss ?? 0,
    file: inventFile(seed, choices.fileBytes),
    drivers: choices.drivers ?? {},
  } as const;
  const run = new ScenarioRun(recorder, settings, { ...scenarioPlans.transfer, ...plan });
  let acting = true;
  let events = 0;
  while (run.advance(acting ? 1 : 1000)) {
    acting &&= act(run);
    events += acting ? 1 : 1000;
    if (events > mostEvents) throw new Error('the run does not end');
  }
  const report = run.report(false);
  recorder.finish(report);
  const model = new TraceModel();
  for (const piece of pieces) {
    const pushed = model.push(piece);
    if (!pushed.ok) throw new Error(pushed.error.message);
  }
  return { model, report, run };
}
