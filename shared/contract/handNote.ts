/** The note that something done by hand leaves in a trace. */

/** What every such note begins with. */
const byHand = 'By hand: ';

/** What a note says about something done by hand. */
export interface HandNote {
  /** In words. */
  readonly what: string;
  /** Whether it was not done, because the run does not stand so that it could be. */
  readonly isRefused: boolean;
}

const refusals = [' is not asked for: ', ': the host stack does not know '] as const;

/** The text of a note. */
export function handNoteText(what: string): string {
  return byHand + what;
}

/** What the text of a note says about something done by hand; undefined for all other notes. */
export function readHandNote(text: string): HandNote | undefined {
  if (!text.startsWith(byHand)) return undefined;
  const what = text.slice(byHand.length);
  return { what, isRefused: refusals.some((words) => what.includes(words)) };
}
