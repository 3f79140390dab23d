/** The driver modules of a run: loading them, and telling what they have done wrong. */
import { fail, succeed, type Result } from '../../shared/base/result';
import type { DriverPlace } from '../../shared/contract/recording';
import { DriverFault } from '../emulator/kit/driverFault';
import type { SourceOfCall } from '../emulator/observe/sourceProbe';
import type { DriverModules } from '../emulator/scenarios/moduleDriver';
import { loadTrustedDriverModule, type LoadedDriverModule } from './driverModule';
import {
  describeModuleError,
  errorPlace,
  placePrefix,
  sourcePlace,
  type CodePlace,
  type SourceMaps,
} from './moduleProblem';
import { sourceOfCalls } from './moduleStack';

/** Files of trusted modules, by the place that they take. */
export interface DriverModuleFiles {
  readonly target?: string | undefined;
  readonly intermediate?: string | undefined;
}

/** What a module has done, and which. */
export interface ModuleBlame {
  /** A sentence with the place in its source, where one is known. */
  readonly message: string;
  /** Where the module stands; undefined where that is not known. */
  readonly place: DriverPlace | undefined;
}

/** See the file's head. */
export interface LoadedDriverModules {
  readonly modules: DriverModules;
  /** Paths of all files that belong to them. */
  readonly files: readonly string[];
  /** Where in their source calls are made, for a recording; undefined where there are no modules. */
  readonly sourceOfCall: SourceOfCall | undefined;
  /** A sentence about an error that ended a run; undefined where no module was there to blame. */
  readonly describe: (error: unknown) => string | undefined;
  /** The same, with the place of the module that is to blame. */
  readonly blame: (error: unknown) => ModuleBlame | undefined;
  /**
   * Who is at work, and where in its source, by the functions that are under way, the innermost first: `driver.ts:12:5: TheHandler does …`.
   * Undefined where no function is a module's.
   */
  readonly blameCode: (stack: readonly CodePlace[], does: string) => ModuleBlame | undefined;
  /** Who is at work by the functions that have led to this very call. */
  readonly blameCaller: (does: string) => ModuleBlame | undefined;
  /** Who is at work by the handlers that are under way. */
  readonly blameHandler: (does: string) => ModuleBlame | undefined;
}

/** Frames of a stack that are looked at for a module's. */
const deepStack = 100;

const places = ['target', 'intermediate'] as const satisfies readonly DriverPlace[];

/** Loads modules that the user trusts. The error is a sentence. */
export async function loadTrustedDriverModules(
  files: DriverModuleFiles,
): Promise<Result<LoadedDriverModules, string>> {
  const loaded: { readonly place: DriverPlace; readonly module: LoadedDriverModule }[] = [];
  for (const place of places) {
    const file = files[place];
    if (file === undefined) continue;
    const module = await loadTrustedDriverModule(file);
    if (!module.ok) return fail(module.error);
    loaded.push({ place, module: module.value });
  }
  return succeed(describedModules(loaded));
}

function describedModules(
  loaded: readonly { readonly place: DriverPlace; readonly module: LoadedDriverModule }[],
): LoadedDriverModules {
  const maps: SourceMaps = new Map(loaded.flatMap(({ module }) => [...module.maps]));
  const ownerOf = (file: string | undefined): DriverPlace | undefined =>
    loaded.find(({ module }) => file !== undefined && module.maps.has(file))?.place;
  const handlerOf = (place: DriverPlace | undefined): string =>
    loaded.find((one) => one.place === place)?.module.running.at(-1) ?? 'a routine of its own';
  const describe = (error: unknown): string | undefined =>
    maps.size === 0 ? undefined : describeModuleError(error, maps);
  return {
    modules: Object.fromEntries(loaded.map(({ place, module }) => [place, module])),
    files: loaded.flatMap(({ module }) => module.files),
    sourceOfCall: sourceOfCalls(
      loaded.map(({ place, module }) => ({ place, file: module.files[0]!, maps: module.maps })),
    ),
    describe,
    blame: (error) => {
      const message = describe(error);
      if (message === undefined) return undefined;
      const named = error instanceof DriverFault ? error.driver : undefined;
      const place =
        ownerOf(errorPlace(error, maps)?.file) ?? loaded.find(({ module }) => module.name === named)?.place;
      return { message, place };
    },
    blameCode: (stack, does) => {
      for (const code of stack) {
        const source = sourcePlace(code, maps);
        if (source === undefined) continue;
        const place = ownerOf(source.file);
        return { message: `${placePrefix(source)}${handlerOf(place)} ${does}`, place };
      }
      return undefined;
    },
    blameCaller: (does) => {
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = deepStack;
      const source = errorPlace(new Error(does), maps);
      Error.stackTraceLimit = stackTraceLimit;
      if (source === undefined) return undefined;
      const place = ownerOf(source.file);
      return { message: `${placePrefix(source)}${handlerOf(place)} ${does}`, place };
    },
    blameHandler: (does) => {
      const busy = loaded.find(({ module }) => module.running.length > 0);
      if (busy === undefined) return undefined;
      const { module, place } = busy;
      return { message: `${module.name}: ${handlerOf(place)} ${does}`, place };
    },
  };
}
