/**
 * `npm run coverage:ddi`: runs the tests and writes shared/analysis/generated/ddiTests.ts, which says what of the DDI each of
 * them exercises; `chimneysweep ddi --coverage` answers from it.
 */
import { inRoot, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { Advice, runScript, say } from './lib/say.mjs';

/** Tests that judge the file that is being made, and those of the tools, which never touch the emulator. */
const excluded = ['test/shared/analysis/ddiTests.test.ts', 'test/electron/cli/**', 'test/tools/**'];

await runScript(async () => {
  say('running the tests');
  const result = await run(
    process.execPath,
    [inRoot('node_modules/vitest/vitest.mjs'), 'run', ...excluded.map((pattern) => `--exclude=${pattern}`)],
    { cwd: root, env: { ...process.env, CHIMNEYSWEEP_WRITE_DDI_TESTS: '1' } },
  );
  if (result.code !== 0) throw new Advice(`Nothing has been written.\n${result.output.trimEnd()}`);
  say('shared/analysis/generated/ddiTests.ts has been written');
  return 0;
});
