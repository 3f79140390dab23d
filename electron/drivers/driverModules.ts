/** The driver modules of a run: loading them, and telling what they have done wrong. */
import { fail, succeed, type Result } from '../../shared/base/result';
import type { DriverModules } from '../emulator/scenarios/moduleDriver';
import { loadTrustedDriverModule } from './driverModule';
import { describeModuleError, type SourceMaps } from './moduleProblem';

/** Files of trusted modules, by the place that they take. */
export interface DriverModuleFiles {
  readonly target?: string | undefined;
  readonly intermediate?: string | undefined;
}

/** See the file's head. */
export interface LoadedDriverModules {
  readonly modules: DriverModules;
  /** A sentence about an error that ended a run; undefined where no module was there to blame. */
  readonly describe: (error: unknown) => string | undefined;
}

/** Loads modules that the user trusts. The error is a sentence. */
export async function loadTrustedDriverModules(
  files: DriverModuleFiles,
): Promise<Result<LoadedDriverModules, string>> {
  const maps: SourceMaps[] = [];
  const modules: { -readonly [Place in keyof DriverModules]: DriverModules[Place] } = {};
  for (const place of ['target', 'intermediate'] as const) {
    const file = files[place];
    if (file === undefined) continue;
    const loaded = await loadTrustedDriverModule(file);
    if (!loaded.ok) return fail(loaded.error);
    modules[place] = loaded.value;
    maps.push(loaded.value.maps);
  }
  const all: SourceMaps = new Map(maps.flatMap((some) => [...some]));
  const describe = (error: unknown): string | undefined =>
    all.size === 0 ? undefined : describeModuleError(error, all);
  return succeed({ modules, describe });
}
