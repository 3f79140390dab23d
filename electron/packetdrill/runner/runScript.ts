/** Runs a script from its text: everything that can be wrong with it is a verdict. */
import type { Probe } from '../../emulator/probe';
import { parseScript } from '../language/parser';
import { ScriptError, type ScriptProblem } from '../language/scriptProblem';
import { ScriptRun, type RunChoices } from './scriptRun';
import type { ScriptReport } from './verdict';

/** What is chosen for a run of a script's text. */
export interface ScriptChoices extends RunChoices {
  /** `NAME=value` for words of the script, as `--define` in the script itself. */
  readonly definitions?: readonly string[];
}

/** Reads and runs a script; the run is a pure function of text, choices and nothing else. */
export function runScript(probe: Probe, source: string, choices: ScriptChoices): ScriptReport {
  const parsed = parseScript(source, choices.definitions);
  if (!parsed.ok) return notRun(choices, parsed.error);
  try {
    return new ScriptRun(probe, parsed.value, choices).run();
  } catch (error) {
    if (error instanceof ScriptError) return notRun(choices, error.problem);
    throw error;
  }
}

function notRun({ stack }: ScriptChoices, problem: ScriptProblem): ScriptReport {
  return {
    stack,
    verdict: { kind: 'error', problem },
    eventsRun: 0,
    eventCount: 0,
    segments: 0,
    handOvers: 0,
    virtualTime: 0,
    machineTime: 0,
    notes: [],
  };
}
