import { TraceModel } from '../../shared/analysis/traceModel';
import type { RunReport } from '../../shared/analysis/runReport';
import type { ScenarioId } from '../../shared/contract/scenarios';
import { scenarioDescription } from '../../shared/contract/scenarios';
import { faultsSchema, type WrittenFault } from '../../shared/scenario/faults';
import type { DriverModules } from '../../electron/emulator/scenarios/moduleDriver';
import type { SourceOfCall } from '../../electron/emulator/observe/sourceProbe';
import { inventFile } from '../../electron/emulator/scenarios/scenarioRun';
import type { IpVersions } from '../../electron/emulator/scenarios/topology';
import { Recording } from '../../electron/recorder/recording';

/** What a recorded scenario leaves. */
export interface RecordedScenario {
  readonly bytes: Uint8Array;
  readonly model: TraceModel;
  readonly report: RunReport;
}

/** Events after which a run counts as stuck. */
const mostSlices = 100_000;

/** Records a scenario in memory and reads it back. */
export function recordScenario(
  scenario: ScenarioId,
  choices: {
    readonly seed?: number;
    readonly loss?: number;
    readonly fileBytes?: number;
    readonly ipVersions?: IpVersions;
    readonly drivers?: DriverModules;
    readonly sourceOfCall?: SourceOfCall | undefined;
    /** What goes wrong on purpose, as people write it. */
    readonly faults?: readonly WrittenFault[];
  } = {},
): RecordedScenario {
  const description = scenarioDescription(scenario);
  const seed = choices.seed ?? 1;
  const pieces: Uint8Array[] = [];
  const recording = new Recording(
    'test',
    {
      scenario,
      seed,
      loss: choices.loss ?? description.defaultLoss,
      file: inventFile(seed, choices.fileBytes ?? description.defaultFileBytes),
      drivers: choices.drivers ?? {},
      ipVersions: choices.ipVersions,
      faults: faultsSchema.parse(choices.faults ?? []),
    },
    'made up',
    { write: (bytes) => pieces.push(bytes.slice()) },
    { sourceOfCall: choices.sourceOfCall },
  );
  let slices = 0;
  while (recording.advance(1000)) if (slices++ > mostSlices) throw new Error('the run does not end');
  const report = recording.finish(false);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  const model = new TraceModel();
  const pushed = model.push(bytes);
  if (!pushed.ok) throw new Error(pushed.error.message);
  const ending = model.close();
  if (!ending.ok) throw new Error(ending.error.message);
  if (ending.value.kind !== 'complete') throw new Error(ending.value.message);
  return { bytes, model, report };
}
