/** What is wrong with a driver module and where: places in its own source, for people. */
import type { SourceMap } from 'node:module';
import path from 'node:path';
import { DriverFault } from '../emulator/kit/driverFault';

/** A translated file: how places in the code that runs lead back to its source. */
export type SourceMaps = ReadonlyMap<string, SourceMap>;

/** A place in a source file; line and column count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where a function stands in the code that runs; line and column count from 0. */
export interface CodePlace {
  /** The script's name: a file of a module, or anything else. */
  readonly script: string;
  readonly line: number;
  readonly column: number;
}

/** The source of a place in the code that runs; undefined where it is not in one of the files. */
export function sourcePlace({ script, line, column }: CodePlace, maps: SourceMaps): SourcePlace | undefined {
  const map = maps.get(script);
  if (map === undefined) return undefined;
  const entry = map.findEntry(line, column);
  if (!('originalLine' in entry)) return { file: script, line: line + 1, column: column + 1 };
  return { file: script, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

/** The innermost place of an error's stack that lies in one of the files. */
function placeOfError(error: Error, maps: SourceMaps): SourcePlace | undefined {
  for (const frame of (error.stack ?? '').split('\n')) {
    const found = /\(?([^()]+):(\d+):(\d+)\)?$/.exec(frame.replace(/^\s*at (?:.*\()?/, ''));
    const [, script, line, column] = found ?? [];
    if (script === undefined) continue;
    const place = sourcePlace({ script, line: Number(line) - 1, column: Number(column) - 1 }, maps);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** The place that an error comes from: its own, or that of what caused it. */
export function errorPlace(error: unknown, maps: SourceMaps): SourcePlace | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const place = placeOfError(cause, maps);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** `driver.ts:12:5: `, to stand before what is wrong there. */
export function placePrefix({ file, line, column }: SourcePlace): string {
  return `${path.basename(file)}:${line}:${column}: `;
}

/** A sentence about an error that a module has caused, with its place: `driver.ts:12:5: InitiateOffloadHandler threw: …`. */
export function describeModuleError(error: unknown, maps: SourceMaps): string {
  if (!(error instanceof Error)) return String(error);
  const place = errorPlace(error, maps);
  if (place !== undefined) return placePrefix(place) + error.message;
  return (error instanceof DriverFault ? `${error.driver}: ` : '') + error.message;
}
