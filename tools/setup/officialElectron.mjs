import { readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../lib/run.mjs';
import { say } from '../lib/say.mjs';
import { electronPackage, forgetRuntime, presentRuntime } from './runtimeFolder.mjs';

/** A server that accepts and never answers would hold electron's own installer for five minutes. */
const probeMs = 3000;
const downloadMs = 10 * 60 * 1000;

/** @returns {string} the version of the npm package `electron` */
const packageVersion = () => {
  const manifest = /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(path.join(electronPackage, 'package.json'), 'utf8'))
  );
  return manifest.version;
};

/**
 * @param {string} version
 * @returns {Promise<boolean>} whether the official download answers
 */
const downloadAnswers = async (version) => {
  // Node's fetch knows no proxies, electron's installer does: let the installer find out.
  if (process.env['ELECTRON_GET_USE_PROXY'] !== undefined) return true;
  const mirror =
    process.env['ELECTRON_MIRROR'] ??
    process.env['npm_config_electron_mirror'] ??
    'https://github.com/electron/electron/releases/download/';
  try {
    const url = new URL(`v${version}/SHASUMS256.txt`, mirror.endsWith('/') ? mirror : `${mirror}/`);
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(probeMs) });
    return response.ok;
  } catch {
    return false;
  }
};

/**
 * Downloads the official runtime with the installer of the npm package `electron`, which checks the archive
 * against the SHA-256 sums in that package (and so, in the end, against package-lock.json).
 *
 * @returns {Promise<boolean>} whether it is there now
 */
export const installOfficialElectron = async () => {
  const version = packageVersion();
  if (!(await downloadAnswers(version))) {
    say("set-up: Electron's download site does not answer from here");
    return false;
  }
  // The installer would unpack through a symbolic link, into what the link points to.
  forgetRuntime();
  say(`set-up: downloading Electron ${version} (about 110 MB, checksums verified by its own installer)`);
  const result = await run(process.execPath, [path.join(electronPackage, 'install.js')], {
    timeoutMs: downloadMs,
  });
  if (result.code === 0 && presentRuntime() !== undefined) return true;
  say(
    result.timedOut
      ? `set-up: the download took more than ${String(downloadMs / 60_000)} minutes and was given up`
      : `set-up: the download failed: ${result.output.trim().split('\n')[0] ?? 'no message'}`,
  );
  return false;
};
