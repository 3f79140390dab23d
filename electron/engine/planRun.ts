/** What a run is to be recorded with: a scenario of the library, one that somebody has written, or the run of a trace made again. */
import path from 'node:path';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { libraryScenario } from '../../shared/scenario/library';
import { readScenario, scenarioProblemText } from '../../shared/scenario/readScenario';
import type { DriverModules } from '../emulator/scenarios/moduleDriver';
import { inventedFileName, inventFile } from '../emulator/scenarios/scenarioRun';
import type { ScenarioSettings } from '../emulator/scenarios/scenarioSettings';
import { readTraceHeader } from '../files/readTraceHeader';
import { readSourceFile } from '../files/sourceFile';
import type { RecordingOptions } from '../recorder/recording';
import { driverSourceSetting } from '../recorder/recordingHeader';
import { runAgain } from '../recorder/runAgain';
import type { RunTask } from './runTask';

/** See the file's head. */
export interface PlannedRun {
  readonly settings: ScenarioSettings;
  /** What the header is to call the file that is carried. */
  readonly fileName: string;
  readonly title: string;
  readonly options: Pick<RecordingOptions, 'snapLength' | 'keepLast'>;
  /** Whether the trace is to say where in their source driver modules make their calls: the trace of a run made again does if the first did. */
  readonly hasSource: boolean;
}

/** Reads the text of a scenario; the error is its first problem, with line and column. */
function definitionOf(text: string): Result<ScenarioDefinition, string> {
  const read = readScenario(text);
  if (read.ok) return read;
  const [first] = read.error;
  return fail(first === undefined ? 'The scenario is wrong.' : scenarioProblemText('scenario', first));
}

/** See the file's head. The error is for people. */
export function planRun(task: RunTask, drivers: DriverModules): Result<PlannedRun, string> {
  const given = task.file === undefined ? undefined : readSourceFile(task.file);
  if (given !== undefined && !given.ok) return given;
  const file = given === undefined ? undefined : { name: path.basename(task.file ?? ''), bytes: given.value };
  const written = task.text === undefined ? undefined : definitionOf(task.text);
  if (written !== undefined && !written.ok) return written;
  const { seed, loss, link, faults } = task;
  if (task.again !== undefined) {
    const header = readTraceHeader(task.again);
    if (!header.ok) return header;
    const again = runAgain(header.value, { definition: written?.value, seed, file, drivers });
    if (!again.ok) return again;
    const { settings, fileName, options } = again.value;
    const title = settings.definition?.title ?? settings.scenario;
    const hasSource = header.value.settings[driverSourceSetting] === true;
    return succeed({ settings, fileName, options, title, hasSource });
  }
  const definition = written?.value ?? libraryScenario(task.scenario);
  if (definition === undefined) return fail(`There is no scenario ${task.scenario}.`);
  return succeed({
    settings: {
      scenario: definition.scenario,
      ...(written === undefined ? {} : { definition }),
      seed,
      loss,
      link,
      faults,
      file: file?.bytes ?? inventFile(seed, definition.workload.bytes),
      fileSeed: file === undefined ? seed : undefined,
      drivers,
    },
    fileName: file?.name ?? inventedFileName(seed),
    title: definition.title,
    options: {},
    hasSource: true,
  });
}
