import { root } from './paths.mjs';

/** Chromium refuses to run its sandbox as root, and Electron aborts without this switch then. */
export const mustGoWithoutSandbox = () => process.platform === 'linux' && process.getuid?.() === 0;

/**
 * The command line (without the executable) that starts this checkout's app.
 *
 * @param {readonly string[]} appArguments what the app itself is to see
 * @returns {string[]}
 */
export const electronArguments = (appArguments) => [
  ...(mustGoWithoutSandbox() ? ['--no-sandbox'] : []),
  root,
  ...appArguments,
];

/**
 * The environment for Electron: without the variable that turns it into plain Node (set by some editors'
 * terminals).
 *
 * @param {NodeJS.ProcessEnv} [additions]
 * @returns {NodeJS.ProcessEnv}
 */
export const electronEnvironment = (additions = {}) => {
  const { ELECTRON_RUN_AS_NODE: _dropped, ...rest } = process.env;
  return { ...rest, ...additions };
};
