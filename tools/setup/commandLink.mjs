import { chmodSync, lstatSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../lib/paths.mjs';

const target = inRoot('bin', 'chimneysweep.mjs');
const link = inRoot('node_modules', '.bin', 'chimneysweep');

/**
 * Makes `npx chimneysweep` work inside the checkout: npm links the commands of dependencies, never a package's
 * own. `npm ci` removes the link, so this runs each time.
 */
export const linkCommand = () => {
  if (process.platform === 'win32') {
    writeFileSync(`${link}.cmd`, '@node "%~dp0..\\..\\bin\\chimneysweep.mjs" %*\r\n');
    return;
  }
  const wanted = path.relative(path.dirname(link), target);
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === wanted) return;
  rmSync(link, { force: true });
  symlinkSync(wanted, link);
  chmodSync(target, 0o755);
};
