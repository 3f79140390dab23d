/** `chimneysweep stats`: the figures of a recorded run. */
import type { Command } from 'commander';
import { runStatistics } from '../../shared/analysis/runStatistics';
import { analyseFile } from './analyseFile';
import { statisticsText } from './statisticsText';

/** Adds the verb to the program. */
export function addStatsCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('stats')
    .description('Tell how often each function was called and how long it took, by connection and path.')
    .argument('<trace>', 'a .sweep file')
    .option('--json', 'print the figures as JSON; all times in ns')
    .action((trace: string, options: { readonly json?: boolean }) => {
      exitWith(stats(trace, options.json === true));
    });
}

/** Exit codes: 0 done, 1 the trace is cut or damaged and so are the figures, 2 it cannot be read. */
function stats(path: string, asJson: boolean): number {
  const analysed = analyseFile(path);
  if (!analysed.ok) {
    process.stderr.write(`chimneysweep: ${analysed.error}\n`);
    return 2;
  }
  const { store, analysis, flaw } = analysed.value;
  const run = runStatistics(store, analysis);
  process.stdout.write(asJson ? `${JSON.stringify(run, null, 2)}\n` : statisticsText(run));
  if (flaw === undefined) return 0;
  process.stderr.write(`chimneysweep: ${flaw}\n`);
  return 1;
}
