/** What has become of a script. */
import type { ScriptProblem, SourcePosition } from '../language/scriptProblem';
import type { StackMode } from './handOver';

/** How a script has ended. */
export type Verdict =
  | { readonly kind: 'passed' }
  /** The stack, or the script, is wrong about something. */
  | { readonly kind: 'failed'; readonly message: string; readonly position: SourcePosition }
  /** It could not be run. */
  | { readonly kind: 'error'; readonly problem: ScriptProblem };

/** A run of a script. */
export interface ScriptReport {
  readonly stack: StackMode;
  readonly verdict: Verdict;
  /** Events of the script that have been carried out. */
  readonly eventsRun: number;
  readonly eventCount: number;
  /** Segments on the wire, in both directions. */
  readonly segments: number;
  /** How often connections have changed hands. */
  readonly handOvers: number;
  /** Virtual time that the script has taken, ns. */
  readonly virtualTime: number;
  /** Virtual time at the end, counted from the machine's start: the last record of a trace has it. */
  readonly machineTime: number;
  /** What of the script is ignored. */
  readonly notes: readonly string[];
}

/** A script's expectation that has not been met. */
export class ScriptFailure extends Error {
  constructor(
    message: string,
    readonly position: SourcePosition,
  ) {
    super(message);
  }
}
