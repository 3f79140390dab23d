/** `chimneysweep mutants`: runs every bad driver under the eyes of the rules, and prints which rule caught which. */
import type { Command } from 'commander';
import { selectRules } from '../../shared/rules/baseline/baseline';
import { implementedRules } from '../../shared/rules/rules';
import { judgeMutant, tierShares, type MutantVerdict } from '../emulator/mutants/killMatrix';
import { mutants } from '../emulator/mutants/mutants';
import { complain } from './complain';
import { ProgressLine } from './progressLine';
import { parseSeed } from './runCommand';

interface MutantsOptions {
  readonly rules?: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addMutantsCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('mutants')
    .description('Run drivers that break one rule each on purpose, and tell which rule catches which.')
    .option('--rules <patterns>', 'mutants of these rules only: ids, SND-*, areas, tier:1; !X leaves out')
    .option('--seed <number>', 'seed of every run', parseSeed, 1)
    .option('--json', 'print the kill matrix as JSON')
    .action((options: MutantsOptions) => {
      exitWith(runMutants(options));
    });
}

/** Exit codes: 0 every mutant was caught by its rule and by nothing that does not follow, 1 not so, 2 the call is wrong. */
function runMutants({ rules: patterns, seed, json }: MutantsOptions): number {
  const wanted = patterns === undefined ? undefined : new Set(selectRules(patterns));
  const chosen = mutants.filter(({ breaks }) => wanted?.has(breaks) ?? true);
  if (chosen.length === 0) return complain(`--rules ${patterns ?? ''}: no mutant breaks such a rule.`);
  const progress = new ProgressLine('of the mutants have run');
  const verdicts = chosen.map((mutant, index) => {
    progress.show(index / chosen.length);
    return judgeMutant(implementedRules, mutant, seed);
  });
  progress.clear();
  const shares = tierShares(implementedRules, mutants);
  const unproven = implementedRules
    .map(({ id }) => id)
    .filter((id) => (wanted?.has(id) ?? true) && !mutants.some(({ breaks }) => breaks === id));
  if (json === true)
    process.stdout.write(
      `${JSON.stringify({ seed, mutants: verdicts, unproven, tiers: shares }, null, 2)}\n`,
    );
  else {
    for (const verdict of verdicts) process.stdout.write(lineOf(verdict));
    for (const id of unproven) process.stdout.write(`${id}  no mutant stands against it\n`);
    const killed = verdicts.filter((verdict) => verdict.killed).length;
    process.stdout.write(`\n${killed} of ${verdicts.length} mutants were caught by their rule.\n`);
    for (const { tier, rules, implemented, undecided, proven } of shares)
      process.stdout.write(
        `tier ${tier}: ${implemented} of ${rules} rules implemented (${((100 * implemented) / rules).toFixed(1)} %), ` +
          `${proven} with a mutant, ${undecided} that records cannot decide\n`,
      );
  }
  return unproven.length === 0 && verdicts.every(isAsItShouldBe) ? 0 : 1;
}

function isAsItShouldBe({ killed, stray, unprovoked }: MutantVerdict): boolean {
  return killed && stray.length === 0 && unprovoked.length === 0;
}

function lineOf({ breaks, how, killed, findings, entailed, stray, unprovoked }: MutantVerdict): string {
  const parts = [
    killed ? `caught, ${findings} times` : 'NOT CAUGHT',
    ...(entailed.length === 0 ? [] : [`with it ${entailed.join(' ')}`]),
    ...(stray.length === 0 ? [] : [`STRAY ${stray.join(' ')}`]),
    ...(unprovoked.length === 0 ? [] : [`WITHOUT IT ${unprovoked.join(' ')}`]),
  ];
  return `${breaks}  ${parts.join('; ')}\n         ${how}\n`;
}
