/**
 * `npm start [-- FILE]`: sets up, builds what is stale, and opens the app. Without a display, the app does its job
 * unattended on a virtual one and leaves a trace and a screenshot in test-results/start.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { needsVirtualDisplay } from './lib/display.mjs';
import { electronArguments, electronEnvironment, mustGoWithoutSandbox } from './lib/electronCommand.mjs';
import { resultsFolder } from './lib/paths.mjs';
import { runScript, say } from './lib/say.mjs';
import { superviseElectron } from './lib/superviseElectron.mjs';
import { startVirtualDisplay } from './lib/xvfb.mjs';
import { setUp } from './setup.mjs';

const unattendedMs = 180_000;

/**
 * @param {string} executable
 * @param {readonly string[]} appArguments
 * @param {string} cwd
 */
const startUnattended = async (executable, appArguments, cwd) => {
  const folder = path.join(resultsFolder, 'start');
  mkdirSync(folder, { recursive: true });
  say('No display here: running unattended on a virtual one (Xvfb).');
  const display = await startVirtualDisplay();
  try {
    return await superviseElectron({
      executable,
      // A virtual display has no GPU to look for.
      args: ['--disable-gpu', ...electronArguments([`--unattended=${folder}`, ...appArguments])],
      env: electronEnvironment({ DISPLAY: display.name }),
      cwd,
      timeoutMs: unattendedMs,
      withoutNoise: true,
    });
  } finally {
    await display.stop();
  }
};

await runScript(async () => {
  const appArguments = process.argv.slice(2);
  const runtime = await setUp({ chromium: false, peers: false });
  await build(['desktop'], { onlyIfStale: true });
  if (mustGoWithoutSandbox())
    say("Running as root: Electron goes without Chromium's sandbox, which root cannot use.");
  // npm changes to the root folder; a FILE on the command line is relative to where the user typed it.
  const cwd = process.env['INIT_CWD'] ?? process.cwd();
  if (needsVirtualDisplay()) return await startUnattended(runtime.executable, appArguments, cwd);
  return await superviseElectron({
    executable: runtime.executable,
    args: electronArguments(appArguments),
    env: electronEnvironment(),
    cwd,
  });
});
