/** How the run of a trace is made again, as it was or with something changed: for the command line and for the app's engine. */
import { hostCostOfHeader } from '../../shared/analysis/hostCostSettings';
import { sha256Text } from '../../shared/base/digest';
import { fail, succeed, type Result } from '../../shared/base/result';
import { canonicalDefinition } from '../../shared/scenario/canonical';
import { changedDefinition } from '../../shared/scenario/changedDefinition';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { readRecordedRun, type CarriedFile } from '../../shared/scenario/recordedRun';
import type { TraceHeader } from '../../shared/trace/records';
import type { DriverModules } from '../emulator/scenarios/moduleDriver';
import { inventedFileName, inventFile } from '../emulator/scenarios/scenarioRun';
import type { ScenarioSettings } from '../emulator/scenarios/scenarioSettings';
import type { RecordingOptions } from './recording';

/** What may be other than in the trace; what is absent is the same. */
export interface RunAgainWishes {
  /** The whole definition, as an editor has it. */
  readonly definition?: ScenarioDefinition | undefined;
  /** Changes of the definition, each `path=value` as of {@link changedDefinition}. */
  readonly changes?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** The file that was carried, or another one: the trace has the bytes only of what was made up. */
  readonly file?: { readonly name: string; readonly bytes: Uint8Array } | undefined;
  /** The driver modules that were in the places of built-in drivers; only their names and digests are in the trace. */
  readonly drivers?: DriverModules | undefined;
}

/** What a `Recording` is to be made with. */
export interface RunAgain {
  readonly settings: ScenarioSettings;
  /** What the header is to call the file that is carried. */
  readonly fileName: string;
  readonly options: Pick<RecordingOptions, 'snapLength' | 'keepLast'>;
  /** Whether anything is other than in the trace: otherwise the new trace is the same, byte for byte. */
  readonly isChanged: boolean;
}

/** A file to carry. */
interface Carried {
  readonly bytes: Uint8Array;
  readonly name: string;
  /** Undefined for somebody's file. */
  readonly seed: number | undefined;
}

/** The file to carry: made up again, or somebody's. `length` in bytes. */
function carriedFile(
  header: TraceHeader,
  file: CarriedFile,
  { seed = header.seed, file: given }: RunAgainWishes,
  length: number,
): Result<Carried, string> {
  if (given !== undefined) return succeed({ ...given, seed: undefined });
  if (!('seed' in file))
    return fail('The trace knows the file that it carried by its SHA-256 only. Name the file.');
  // What was made up from the run's seed follows it.
  const fileSeed = file.seed === header.seed ? seed : file.seed;
  const named = header.settings['file'];
  const name = fileSeed === file.seed && typeof named === 'string' ? named : inventedFileName(fileSeed);
  return succeed({ bytes: inventFile(fileSeed, length), name, seed: fileSeed });
}

/** Names of driver modules with their digests, as a header has them. */
const moduleSettings = {
  target: ['targetDriver', 'targetDriverSha256'],
  intermediate: ['intermediateDriver', 'intermediateDriverSha256'],
} as const;

/** Whether modules differ from those of the trace; the error names one that is missing. */
function changesModules({ settings }: TraceHeader, drivers: DriverModules): Result<boolean, string> {
  let changes = false;
  for (const place of ['target', 'intermediate'] as const) {
    const [name, digest] = moduleSettings[place];
    const module = drivers[place];
    if (settings[name] !== undefined && module === undefined)
      return fail(
        `The trace was recorded with the driver module ${String(settings[name])}, which it has not in it. Name the module.`,
      );
    changes ||= settings[digest] !== module?.sha256;
  }
  return succeed(changes);
}

/**
 * See the file's head. The error is for people: a trace that does not say what was run, a change that gives no scenario, a file or a driver module
 * that is missing. Live edits are not in the header: what somebody did by hand does not happen again.
 */
export function runAgain(header: TraceHeader, wishes: RunAgainWishes = {}): Result<RunAgain, string> {
  const { seed = header.seed, drivers = {}, file: given } = wishes;
  const recorded = readRecordedRun(header);
  if (!recorded.ok) return recorded;
  const before = recorded.value;
  const changed = changedDefinition(wishes.definition ?? before.definition, wishes.changes ?? []);
  if (!changed.ok) return changed;
  const definition = changed.value;
  const carried = carriedFile(header, before.file, wishes, definition.workload.bytes);
  if (!carried.ok) return carried;
  const modules = changesModules(header, drivers);
  if (!modules.ok) return modules;
  const hostCost = hostCostOfHeader(header.settings);
  if (!hostCost.ok) return hostCost;
  const keepLast = header.settings['keepLastNs'];
  const settings: ScenarioSettings = {
    scenario: definition.scenario,
    definition,
    seed,
    loss: definition.topology.link.loss,
    file: carried.value.bytes,
    fileSeed: carried.value.seed,
    hostCost: hostCost.value,
    drivers,
  };
  const isSameFile =
    given === undefined || ('sha256' in before.file && sha256Text(given.bytes) === before.file.sha256);
  const isSameDefinition =
    JSON.stringify(canonicalDefinition(definition)) ===
    JSON.stringify(canonicalDefinition(before.definition));
  return succeed({
    settings,
    fileName: carried.value.name,
    options: {
      snapLength: header.snapLength,
      keepLast: typeof keepLast === 'number' ? keepLast : undefined,
    },
    isChanged: seed !== header.seed || !isSameFile || !isSameDefinition || modules.value,
  });
}
