/** What kind of thing a note tells: faults and what is done by hand look different from other milestones. Pure. */
import { readHandNote } from '../../shared/contract/handNote';
import { readFaultNote } from '../../shared/scenario/faultNotes';

/** See the file's head. */
export type NoteKind = 'fault' | 'by-hand' | 'milestone';

/** The words for what is no plain milestone. */
export const noteKindTitles: Readonly<Record<Exclude<NoteKind, 'milestone'>, string>> = {
  fault: 'Fault',
  'by-hand': 'By hand',
};

/** What kind of thing the text of a note tells. */
export function noteKind(text: string): NoteKind {
  if (readFaultNote(text) !== undefined) return 'fault';
  return readHandNote(text) === undefined ? 'milestone' : 'by-hand';
}
