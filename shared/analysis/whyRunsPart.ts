/** Why a trace may differ from its run made again although nothing was changed. */
import { readHandNote } from '../contract/handNote';
import type { TraceModel } from './traceModel';

/**
 * The likeliest reason, as a sentence.
 * @param first the trace whose run was made again, read to its end
 * @param again name and version of the application that made it again
 */
export function whyRunsPart(first: TraceModel, again: string): string {
  const header = first.store?.header;
  if (first.notes.notes.some(({ text }) => readHandNote(text) !== undefined))
    return 'Something was done by hand in the first run, which does not happen again.';
  if (header?.settings['cutOfEvents'] !== undefined) return 'The first is a part of the trace of a run.';
  if (header !== undefined && header.application !== again)
    return `The first was recorded by ${header.application}, the second by ${again}.`;
  return 'Nothing was changed; was the first recording ended early?';
}
