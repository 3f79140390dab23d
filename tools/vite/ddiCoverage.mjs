/** Adds setup file and reporter of the DDI coverage to every test run, whatever reporters the command line asks for. */
import { inRoot } from '../lib/paths.mjs';

/**
 * The plugin; benchmarks run without it.
 *
 * @returns {import('vitest/config').Plugin}
 */
export const ddiCoverage = () => ({
  name: 'chimneysweep:ddi-coverage',
  configureVitest: ({ project, vitest }) => {
    if (vitest.config.mode === 'benchmark') return;
    project.config.setupFiles.push(inRoot('test', 'harness', 'ddiCoverage', 'observe.ts'));
    vitest.config.reporters.push([inRoot('test', 'harness', 'ddiCoverage', 'reporter.ts'), {}]);
  },
});
