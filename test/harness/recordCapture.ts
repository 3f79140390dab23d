/** Runs a scenario in memory with a trace and a capture of it. */
import type { RunReport } from '../../shared/analysis/runReport';
import { TraceModel } from '../../shared/analysis/traceModel';
import type { LinkRequest } from '../../shared/contract/linkRequest';
import { scenarioDescription, type ScenarioId } from '../../shared/contract/scenarios';
import { inventFile } from '../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../electron/recorder/recording';
import { concatenate } from './traceBytes';

/** What the run leaves. */
export interface RecordedCapture {
  readonly capture: Uint8Array;
  readonly trace: Uint8Array;
  readonly model: TraceModel;
  readonly report: RunReport;
}

/** See the file's head. Without losses, unless `choices` ask for them. */
export function recordCapture(
  scenario: ScenarioId,
  choices: {
    readonly seed?: number;
    readonly loss?: number;
    readonly link?: LinkRequest;
    readonly fileBytes?: number;
    readonly taps?: readonly string[];
    readonly snapLength?: number;
  } = {},
): RecordedCapture {
  const { seed = 1, loss = 0, link, taps, snapLength } = choices;
  const file = inventFile(seed, choices.fileBytes ?? scenarioDescription(scenario).defaultFileBytes);
  const trace: Uint8Array[] = [];
  const capture: Uint8Array[] = [];
  const recording = new Recording(
    'test',
    { scenario, seed, loss, link, file },
    'made up',
    { write: (bytes) => trace.push(bytes.slice()) },
    { snapLength, capture: { sink: { write: (bytes) => capture.push(bytes.slice()) }, taps } },
  );
  while (recording.advance(100_000));
  const report = recording.finish(false);
  const model = new TraceModel();
  for (const piece of trace) model.push(piece);
  return { capture: concatenate(capture), trace: concatenate(trace), model, report };
}
