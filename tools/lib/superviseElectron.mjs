import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { say } from './say.mjs';

/** How long Electron may take to close its windows after it was asked to. */
const graceMs = 5000;

/** What Chromium complains about on every machine without a desktop, harmlessly. */
const headlessNoise = /:ERROR:.*Failed to connect to the bus/;

/**
 * @typedef {object} Launch
 * @property {string} executable absolute path
 * @property {readonly string[]} args
 * @property {NodeJS.ProcessEnv} env
 * @property {string} cwd
 * @property {number} [timeoutMs] end it after this time, and report exit code 124; unlimited by default
 * @property {boolean} [withoutNoise] leave out what Chromium always complains about on machines without a desktop
 */

/**
 * Runs Electron until it exits. Ctrl-C and SIGTERM are passed on; when it does not obey, its process group is
 * killed, so that no helper process of it stays behind.
 *
 * @param {Launch} launch
 * @returns {Promise<number>} its exit code; 124 when the time was up, 128 + n when signal n ended it
 */
export const superviseElectron = (launch) =>
  new Promise((resolve, reject) => {
    const ownGroup = process.platform !== 'win32';
    const child = spawn(launch.executable, [...launch.args], {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['inherit', 'inherit', launch.withoutNoise ? 'pipe' : 'inherit'],
      detached: ownGroup,
    });
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (!headlessNoise.test(line)) say(line);
      });
    }
    let timedOut = false;
    /** @type {NodeJS.Signals | undefined} */
    let interruptedBy;
    /** @type {NodeJS.Timeout | undefined} */
    let patience;
    /** @param {NodeJS.Signals} signal */
    const signalGroup = (signal) => {
      if (child.pid === undefined) return;
      try {
        if (ownGroup) process.kill(-child.pid, signal);
        else child.kill(signal);
      } catch {
        // Already gone.
      }
    };
    /** @param {NodeJS.Signals} [because] the signal that we got ourselves */
    const end = (because) => {
      interruptedBy ??= because;
      // The main process only: it takes its helpers along in good order.
      child.kill('SIGTERM');
      patience ??= setTimeout(() => signalGroup('SIGKILL'), graceMs);
    };
    const watchdog =
      launch.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            say(`The app was still running after ${String((launch.timeoutMs ?? 0) / 1000)} s and was ended.`);
            end();
          }, launch.timeoutMs);
    const killNow = () => {
      signalGroup('SIGKILL');
    };
    process.on('SIGINT', end);
    process.on('SIGTERM', end);
    process.on('SIGHUP', end);
    process.on('exit', killNow);
    const settle = () => {
      clearTimeout(watchdog);
      clearTimeout(patience);
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
      process.off('SIGHUP', end);
      process.off('exit', killNow);
      killNow();
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      settle();
      if (timedOut) resolve(124);
      else if (interruptedBy !== undefined) resolve(128 + signalNumber(interruptedBy));
      else resolve(code ?? 128 + signalNumber(signal));
    });
  });

/**
 * @param {NodeJS.Signals | null} signal
 * @returns {number}
 */
const signalNumber = (signal) =>
  ({ SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 })[
    /** @type {string} */ (signal)
  ] ?? 0;
