/** Where driver modules stand in their own source while they call somebody. */
import path from 'node:path';
import { sourceStackText, type SourceFrame } from '../../shared/analysis/sourceStack';
import type { DriverPlace } from '../../shared/contract/recording';
import type { ComponentRole } from '../../shared/trace/records';
import type { SourceOfCall } from '../emulator/observe/sourceProbe';
import { sourcePlace, type SourceMaps } from './moduleProblem';

/** Frames that are looked at: those of the emulator between the call and the module are some ten. */
const deepest = 64;

/** A module that has been loaded into its place. */
export interface PlacedModule {
  readonly place: DriverPlace;
  /** Its main file, absolute. */
  readonly file: string;
  /** Its files. */
  readonly maps: SourceMaps;
}

const rolesOfPlaces: Readonly<Record<DriverPlace, ComponentRole>> = {
  target: 'offload-target',
  intermediate: 'intermediate-driver',
};

/** The frames of this very call, the innermost first, as V8 has them. */
function callSites(): readonly NodeJS.CallSite[] {
  const { stackTraceLimit } = Error;
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  try {
    Error.stackTraceLimit = deepest;
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: { stack?: readonly NodeJS.CallSite[] } = {};
    Error.captureStackTrace(holder, callSites);
    return holder.stack ?? [];
  } finally {
    if (before === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
    else Object.defineProperty(Error, 'prepareStackTrace', before);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Tells of calls where they are made; undefined where there are no modules. Paths are relative to a module's folder, so that its place on the disk changes no trace. */
export function sourceOfCalls(modules: readonly PlacedModule[]): SourceOfCall | undefined {
  if (modules.length === 0) return undefined;
  const byRole = new Map(modules.map((module) => [rolesOfPlaces[module.place], module]));
  const known = new Map<string, SourceFrame>();
  const frameOf = (module: PlacedModule, site: NodeJS.CallSite): SourceFrame | undefined => {
    const script = site.getFileName();
    if (script === null || !module.maps.has(script)) return undefined;
    const line = site.getLineNumber() ?? 1;
    const column = site.getColumnNumber() ?? 1;
    const functionName = site.getFunctionName() ?? '';
    const key = `${script}:${line}:${column}:${functionName}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const place = sourcePlace({ script, line: line - 1, column: column - 1 }, module.maps)!;
    const file = path.relative(path.dirname(module.file), place.file).replaceAll(path.sep, '/');
    const frame: SourceFrame = { functionName, file, line: place.line, column: place.column };
    known.set(key, frame);
    return frame;
  };
  return (caller) => {
    const module = byRole.get(caller);
    if (module === undefined) return undefined;
    const frames = callSites().flatMap((site) => frameOf(module, site) ?? []);
    return frames.length === 0 ? undefined : sourceStackText(frames);
  };
}
