/**
 * `npm run setup`: makes a fresh clone ready to run, test and build, and is quick when it already is. `npm start`,
 * `npm test` and `npx chimneysweep` call the same functions first. Nothing but Node's built-ins may be imported
 * before `installDependencies` is through.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runScript } from './lib/say.mjs';
import { linkCommand } from './setup/commandLink.mjs';
import { installDependencies } from './setup/dependencies.mjs';
import { installElectron } from './setup/electronRuntime.mjs';
import { installSystemPackages } from './setup/systemPackages.mjs';

/**
 * What the headless command line needs: the npm dependencies.
 *
 * @returns {Promise<void>}
 */
export const setUpHeadless = async () => {
  await installDependencies();
  linkCommand();
};

/**
 * What the window needs, too: an Electron runtime and what it needs of the system.
 *
 * @param {import('./setup/systemPackages.mjs').Required} required what the tests need besides
 * @returns {Promise<import('./setup/runtimeFolder.mjs').Runtime>}
 */
export const setUp = async (required) => {
  await setUpHeadless();
  const runtime = await installElectron();
  await installSystemPackages(runtime.executable, required);
  return runtime;
};

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    const started = performance.now();
    const runtime = await setUp({ chromium: true, peers: true });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`Ready: Electron ${runtime.version} in ${runtime.folder} (${seconds} s)\n`);
    return 0;
  });
}
