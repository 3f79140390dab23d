/** `chimneysweep stats`: the figures of a recorded run. */
import type { Command } from 'commander';
import { connectionStoryText } from '../../shared/analysis/connectionStoryText';
import { runStatistics } from '../../shared/analysis/runStatistics';
import { analyseFile } from './analyseFile';
import { statisticsText } from './statisticsText';

interface StatsOptions {
  readonly stories?: boolean;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addStatsCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('stats')
    .description('Tell how often each function was called and how long it took, by connection and path.')
    .argument('<trace>', 'a .sweep file')
    .option('--stories', 'tell the story of each connection besides')
    .option('--json', 'print the figures as JSON; all times in ns')
    .action((trace: string, options: StatsOptions) => {
      exitWith(stats(trace, options));
    });
}

/** Exit codes: 0 done, 1 the trace is cut or damaged and so are the figures, 2 it cannot be read. */
function stats(path: string, { stories, json }: StatsOptions): number {
  const analysed = analyseFile(path);
  if (!analysed.ok) {
    process.stderr.write(`chimneysweep: ${analysed.error}\n`);
    return 2;
  }
  const { store, analysis, flaw } = analysed.value;
  const run = runStatistics(store, analysis);
  if (json === true) {
    const told = stories === true ? { ...run, stories: analysis.stories.stories } : run;
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
  } else {
    process.stdout.write(statisticsText(run));
    if (stories === true)
      for (const story of analysis.stories.stories)
        process.stdout.write(`${connectionStoryText(story).join('\n')}\n`);
  }
  if (flaw === undefined) return 0;
  process.stderr.write(`chimneysweep: ${flaw}\n`);
  return 1;
}
