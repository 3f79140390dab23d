/** Adds setup file and reporter of the DDI coverage to every test run, whatever reporters the command line asks for. */
import path from 'node:path';
import type { Plugin } from 'vitest/config';
import { DdiCoverageReporter } from './reporter';

/** The plugin; benchmarks run without it. */
export function ddiCoverage(root: string): Plugin {
  return {
    name: 'chimneysweep:ddi-coverage',
    configureVitest: ({ project, vitest }) => {
      if (vitest.config.mode === 'benchmark') return;
      project.config.setupFiles.push(path.join(root, 'test/harness/ddiCoverage/observe.ts'));
      vitest.config.reporters.push(new DdiCoverageReporter());
    },
  };
}
