import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outFolder, root } from './paths.mjs';

/**
 * A thing that is built: what it is made of and one file that proves it was.
 *
 * @typedef {object} Target
 * @property {string} name
 * @property {readonly string[]} inputs files and folders, relative to the root
 * @property {readonly string[]} outputs files, relative to the root
 */

/** @param {Target} target */
const stampFile = (target) => path.join(outFolder, '.stamps', target.name);

/**
 * @param {string} relative
 * @returns {string[]} the file itself, or all files below the folder, sorted, relative to the root
 */
const filesBelow = (relative) => {
  const stats = statSync(path.join(root, relative), { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [relative];
  return readdirSync(path.join(root, relative))
    .sort()
    .flatMap((name) => filesBelow(path.join(relative, name)));
};

/**
 * @param {Target} target
 * @returns {string} hash over the names and contents of all inputs
 */
const hashInputs = (target) => {
  const hash = createHash('sha256');
  for (const file of target.inputs.flatMap(filesBelow)) {
    const content = readFileSync(path.join(root, file));
    hash.update(`${file.replaceAll('\\', '/')}\0${String(content.length)}\0`);
    hash.update(content);
  }
  return hash.digest('hex');
};

/**
 * @param {Target} target
 * @returns {boolean} whether it was built from exactly what its inputs are now
 */
export const isFresh = (target) => {
  if (!target.outputs.every((file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.isFile())) {
    return false;
  }
  try {
    return readFileSync(stampFile(target), 'utf8') === hashInputs(target);
  } catch {
    return false;
  }
};

/**
 * Runs a build and remembers what it was made of.
 *
 * @param {Target} target
 * @param {() => Promise<void>} build
 * @returns {Promise<void>}
 */
export const buildAndStamp = async (target, build) => {
  // Hashed before: an edit while the build runs must count as stale afterwards.
  const inputs = hashInputs(target);
  mkdirSync(path.dirname(stampFile(target)), { recursive: true });
  writeFileSync(stampFile(target), '');
  await build();
  writeFileSync(stampFile(target), inputs);
};
