/** The note that an injected fault leaves in a trace: where analyses end, as at a packet or at a call of the host's. */
import type { FaultKind } from './faults';

/** What a note says about a fault. */
export interface FaultNote {
  /** Position in the run's list of faults, from 1. */
  readonly number: number;
  readonly kind: FaultKind;
  /** What happens, in words; as it is read, with the reason why it happens then. */
  readonly what: string;
}

/** The text of a note. `why`: why it happens then. */
export function faultNoteText({ number, kind, what }: FaultNote, why: string): string {
  return `Fault ${number}, ${kind}: ${what} (${why})`;
}

const pattern = /^Fault (\d+), ([a-z-]+): (.*)$/s;

/** What the text of a note says about a fault; undefined for all other notes. */
export function readFaultNote(text: string): FaultNote | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  return { number: Number(match[1]), kind: match[2] as FaultKind, what: match[3]! };
}
