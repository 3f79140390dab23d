/** What `chimneysweep soak` prints. */
import { soakActionNames } from '../emulator/soak/soakActions';
import type { SoakResult } from '../emulator/soak/soakRun';

/** Failing seeds whose findings are printed, and findings printed of each. */
export const mostFailures = 10;
const mostFindings = 12;

/** What was asked for. */
export interface SoakRange {
  readonly seeds: number;
  readonly first: number;
  readonly connections: number;
  /** Whether the rules of the specification are checked, too. */
  readonly check?: boolean;
}

/** What all seeds came to. */
export interface SoakTally {
  readonly failures: SoakResult[];
  readonly actions: Record<string, number>;
  done: number;
  calls: number;
  events: number;
  chimneyBytes: number;
}

/** A tally of no seed. */
export function emptyTally(): SoakTally {
  return { failures: [], actions: {}, done: 0, calls: 0, events: 0, chimneyBytes: 0 };
}

/** Counts a seed in. */
export function addResult(tally: SoakTally, result: SoakResult): void {
  tally.done++;
  tally.calls += result.calls;
  tally.events += result.events;
  tally.chimneyBytes += result.chimneyBytes;
  for (const name of soakActionNames) tally.actions[name] = (tally.actions[name] ?? 0) + result.actions[name];
  if (result.findings.length > 0) tally.failures.push(result);
}

/** The command that repeats one seed. */
function repeatCommand(seed: number, connections: number, check: boolean): string {
  return `npx chimneysweep soak --seeds 1 --first ${seed} --connections ${connections}${check ? ' --check' : ''}`;
}

/** A seed in which something is wrong, for people, with the command that repeats it. */
export function failureText({ seed, findings }: SoakResult, connections: number, check = false): string {
  const shown = findings.slice(0, mostFindings).map((finding) => `  ${finding}`);
  if (findings.length > mostFindings) shown.push(`  and ${findings.length - mostFindings} more`);
  const lines = [`FAILED seed ${seed}:`, ...shown, `  again: ${repeatCommand(seed, connections, check)}`];
  return lines.join('\n') + '\n';
}

/** The whole, for people. */
export function tallyText(
  { failures, actions, done, calls, chimneyBytes }: SoakTally,
  seconds: number,
): string {
  const taken = Object.entries(actions).map(([name, count]) => `${name} ${count}`);
  const failed = failures.length === 0 ? 'nothing found' : `${failures.length} failed`;
  const lines = [
    `${failures.length === 0 ? 'OK' : 'FAILED'}: ${done} seeds, ${failed}, in ${seconds.toFixed(1)} s`,
    `  calls recorded    ${calls}`,
    `  bytes by chimney  ${chimneyBytes}`,
    `  actions           ${taken.join(', ')}`,
  ];
  if (failures.length > 0) lines.push(`  failing seeds     ${failures.map(({ seed }) => seed).join(' ')}`);
  return lines.join('\n') + '\n';
}

/** The whole, as JSON. */
export function tallyJson(tally: SoakTally, range: SoakRange, seconds: number, stopped: boolean): string {
  const { failures, ...totals } = tally;
  const failed = failures.map((result) => ({
    ...result,
    again: repeatCommand(result.seed, range.connections, range.check ?? false),
  }));
  const { seeds, first, connections, check = false } = range;
  return (
    JSON.stringify(
      {
        seeds,
        first,
        connections,
        checked: check,
        stopped,
        ...totals,
        wallTimeMs: Math.round(seconds * 1000),
        failures: failed,
      },
      null,
      2,
    ) + '\n'
  );
}
