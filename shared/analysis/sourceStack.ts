/**
 * Where in the source of a driver module a call was made. The trace has it as an annotation right behind the call's record, written while it is
 * recorded; only runs with driver modules have any.
 */
import type { EventId } from '../trace/records';
import type { TraceStore } from '../trace/traceStore';

/** Author of annotations that are stacks of driver modules. */
export const sourceStackAuthor = 'Driver source';

/** A function under way, and where it stands; line and column count from 1. */
export interface SourceFrame {
  /** Empty where it has no name. */
  readonly functionName: string;
  /** Relative to the folder of the module's file, with slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The text of a stack, the innermost function first: a line `file:line:column function` each. */
export function sourceStackText(frames: readonly SourceFrame[]): string {
  return frames
    .map(({ functionName, file, line, column }) => `${file}:${line}:${column} ${functionName}`.trimEnd())
    .join('\n');
}

/** Reads such a text; what is no line of a stack is left out. */
export function readSourceStack(text: string): readonly SourceFrame[] {
  return text.split('\n').flatMap((line): SourceFrame[] => {
    const [, file, row, column, functionName = ''] = /^(.+?):(\d{1,9}):(\d{1,9})(?: (.*))?$/.exec(line) ?? [];
    return file === undefined ? [] : [{ functionName, file, line: Number(row), column: Number(column) }];
  });
}

/** The stack of the module that made a call, the innermost function first; undefined where the trace has none. */
export function sourceStackOf(store: TraceStore, call: EventId): readonly SourceFrame[] | undefined {
  const next = call + 1;
  if (next >= store.length || store.kind(next) !== 'annotation') return undefined;
  const record = store.record(next);
  if (record.kind !== 'annotation' || record.author !== sourceStackAuthor || record.from !== call)
    return undefined;
  return readSourceStack(record.text);
}
