/** What is wrong with a driver module and where: places in its own source, for people. */
import { SourceMap } from 'node:module';
import path from 'node:path';
import { DriverFault } from '../emulator/kit/driverFault';

/** A translated file: how places in the code that runs lead back to its source. */
export type SourceMaps = ReadonlyMap<string, SourceMap>;

/** A place in a source file; line and column count from 1. */
interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The innermost place of an error's stack that lies in one of the files. */
function placeOf(error: Error, maps: SourceMaps): Place | undefined {
  for (const frame of (error.stack ?? '').split('\n')) {
    const found = /\(?([^()]+):(\d+):(\d+)\)?$/.exec(frame.replace(/^\s*at (?:.*\()?/, ''));
    const [, file, line, column] = found ?? [];
    const map = file === undefined ? undefined : maps.get(file);
    if (map === undefined) continue;
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalLine' in entry)) return { file: file!, line: Number(line), column: Number(column) };
    return { file: file!, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }
  return undefined;
}

/** A sentence about an error that a module has caused, with its place: `driver.ts:12:5: InitiateOffloadHandler threw: …`. */
export function describeModuleError(error: unknown, maps: SourceMaps): string {
  if (!(error instanceof Error)) return String(error);
  let place: Place | undefined;
  for (let cause: unknown = error; cause instanceof Error && place === undefined; cause = cause.cause)
    place = placeOf(cause, maps);
  const prefix =
    place === undefined
      ? error instanceof DriverFault
        ? `${error.driver}: `
        : ''
      : `${path.basename(place.file)}:${place.line}:${place.column}: `;
  return prefix + error.message;
}
