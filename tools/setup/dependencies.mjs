import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot, root } from '../lib/paths.mjs';
import { lastLines, runNpm } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';

const stampFile = inRoot('node_modules', '.chimneysweep-setup');

/** @returns {string} hash of everything that decides what belongs in node_modules */
const wantedStamp = () => {
  const hash = createHash('sha256').update(readFileSync(inRoot('package-lock.json')));
  // The lock carries no "allowScripts"; Node's ABI does not matter, since nothing here is compiled.
  return `${hash.digest('hex')}\n`;
};

/** @returns {string} what is there now; empty when nothing is */
const presentStamp = () => {
  try {
    return readFileSync(stampFile, 'utf8');
  } catch {
    return '';
  }
};

/**
 * Makes node_modules what package-lock.json says, with `npm ci`, unless a stamp says it already is.
 *
 * @returns {Promise<void>}
 * @throws {Advice} when npm fails
 */
export const installDependencies = async () => {
  const wanted = wantedStamp();
  if (presentStamp() === wanted) return;
  say('set-up: installing the npm dependencies that package-lock.json pins (npm ci)');
  const result = await runNpm(
    // No dependency of ours needs an install script; see "allowScripts" in package.json.
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'],
    { cwd: root },
  );
  if (result.code !== 0) {
    throw new Advice(
      `${lastLines(result.output)}\n\nset-up: npm ci failed. Check that the npm registry can be reached, then type: npm ci`,
    );
  }
  writeFileSync(stampFile, wanted);
};
