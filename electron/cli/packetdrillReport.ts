/** Verdicts of packetdrill scripts, as text and as JSON. */
import { describeProblem, excerpt } from '../packetdrill/language/scriptProblem';
import type { ScriptReport } from '../packetdrill/runner/verdict';

/** One line for a script that passes, several for any other. */
export function reportText(file: string, source: string, report: ScriptReport): string {
  const { verdict, stack, eventsRun, eventCount, segments, handOvers, virtualTime, notes } = report;
  const handed = handOvers === 0 ? '' : `, ${handOvers} hand-overs`;
  const told = notes.map((note) => `  note: ${note}\n`).join('');
  if (verdict.kind === 'passed') {
    const time = `${(virtualTime / 1e9).toFixed(3)} s`;
    return `PASSED ${file} (${stack}: ${eventCount} events, ${segments} segments${handed}, ${time})\n${told}`;
  }
  if (verdict.kind === 'error') return `ERROR ${describeProblem(file, source, verdict.problem)}\n${told}`;
  const { line, column } = verdict.position;
  const place = `${file}:${line}:${column}`;
  return `FAILED ${place}: ${verdict.message}${excerpt(source, verdict.position)}\n  (${stack}: ${eventsRun} of ${eventCount} events${handed})\n${told}`;
}

/** The same for programs. */
export function reportJson(file: string, report: ScriptReport): Readonly<Record<string, unknown>> {
  const { verdict, ...rest } = report;
  const place =
    verdict.kind === 'passed'
      ? {}
      : verdict.kind === 'failed'
        ? { message: verdict.message, ...verdict.position }
        : { message: verdict.problem.message, problem: verdict.problem.kind, ...verdict.problem.position };
  const { line, column, ...others } = place as { line?: number; column?: number };
  return {
    script: file,
    verdict: verdict.kind,
    ...others,
    ...(line === undefined ? {} : { line, column }),
    ...rest,
  };
}
