import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] working directory
 * @property {NodeJS.ProcessEnv} [env] whole environment; the caller's own by default
 * @property {number} [timeoutMs] kill the process after this many milliseconds
 */

/**
 * @typedef {object} RunResult
 * @property {number} code exit code; 1 when it was killed, 127 when it could not be started
 * @property {string} output stdout and stderr, interleaved as they came
 * @property {boolean} timedOut whether `timeoutMs` ended it
 */

/**
 * Runs a command without a shell and collects what it prints.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    // A process group of its own: a time limit must also end what the command itself started.
    const ownGroup = process.platform !== 'win32';
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
    });
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        if (ownGroup) process.kill(-child.pid, 'SIGKILL');
        else child.kill('SIGKILL');
      } catch {
        // Already gone.
      }
    };
    const onSignal = () => {
      kill();
      process.exit(130);
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            kill();
          }, options.timeoutMs);
    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      resolve({ code, output, timedOut });
    };
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
    child.on('error', (error) => {
      output += `${error.message}\n`;
      finish(127);
    });
    child.on('close', (code) => {
      finish(code ?? 1);
    });
  });

/**
 * The npm that started us, else the one on PATH.
 *
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export const runNpm = (args, options) => {
  const execPath = process.env['npm_execpath'];
  if (execPath !== undefined && path.basename(execPath) === 'npm-cli.js') {
    return run(process.execPath, [execPath, ...args], options);
  }
  // npm is a .cmd file on Windows, which only a shell can start.
  if (process.platform === 'win32') return run('cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options);
  return run('npm', args, options);
};

/**
 * Finds a program on PATH (Unix only).
 *
 * @param {string} name
 * @returns {string | undefined} absolute path
 */
export const findOnPath = (name) => {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (folder === '') continue;
    const candidate = path.join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
};

/**
 * The last lines of a program's output, for an error message.
 *
 * @param {string} output
 * @param {number} [count]
 * @returns {string}
 */
export const lastLines = (output, count = 15) => output.trimEnd().split('\n').slice(-count).join('\n');
