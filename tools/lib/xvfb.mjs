import { spawn } from 'node:child_process';
import { Advice } from './say.mjs';

/** Ready after about 0.1 s where it was measured; a loaded machine may take a hundred times that. */
const startMs = 15_000;

/**
 * @typedef {object} VirtualDisplay
 * @property {string} name value for DISPLAY, such as `:99`
 * @property {() => Promise<void>} stop ends it; end every program that shows windows on it first, because one
 *   that loses its display can go on without a window, busily
 */

/**
 * Starts an X server without a screen. It picks a free display number itself.
 *
 * @returns {Promise<VirtualDisplay>}
 * @throws {Advice} when Xvfb is not there or does not start
 */
export const startVirtualDisplay = () =>
  new Promise((resolve, reject) => {
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
      // Its own process group: Ctrl-C must end the programs on it first.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    /** @type {Promise<void>} */
    const ended = new Promise((resolveEnded) => server.once('close', () => resolveEnded()));
    const stop = async () => {
      server.kill('SIGTERM');
      const patience = setTimeout(() => server.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(patience);
      process.off('exit', killNow);
    };
    const killNow = () => void server.kill('SIGKILL');
    process.on('exit', killNow);

    let complaint = '';
    server.stderr?.on('data', (/** @type {Buffer} */ chunk) => (complaint += chunk.toString()));
    /** @param {string} reason */
    const fail = (reason) => {
      clearTimeout(timer);
      killNow();
      reject(
        new Advice(`The virtual display (Xvfb) did not start: ${reason}\nTo mend that, type: npm run setup`),
      );
    };
    const timer = setTimeout(() => fail(`no answer within ${String(startMs / 1000)} s`), startMs);
    server.once('error', (error) => fail(error.message));
    server.once('exit', (code) => fail(complaint.trim() || `exit code ${String(code)}`));

    // The pipe stays open as long as the server runs: closing it early kills the server.
    const numbers = /** @type {import('node:stream').Readable} */ (server.stdio[3]);
    let text = '';
    numbers.on('data', (/** @type {Buffer} */ chunk) => {
      text += chunk.toString();
      const [number, rest] = text.split('\n');
      if (rest === undefined) return;
      clearTimeout(timer);
      server.removeAllListeners('exit');
      resolve({ name: `:${(number ?? '').trim()}`, stop });
    });
  });
