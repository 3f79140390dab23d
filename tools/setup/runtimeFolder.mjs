import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../lib/paths.mjs';

/** The npm package `electron`: types, and the place where every tool looks for the runtime. */
export const electronPackage = inRoot('node_modules', 'electron');

const distFolder = path.join(electronPackage, 'dist');
const pathFile = path.join(electronPackage, 'path.txt');

/**
 * @typedef {object} Runtime
 * @property {string} executable absolute path of the Electron executable
 * @property {string} folder absolute path of the folder it lies in, symbolic links kept
 * @property {string} version such as `45.4.1`
 */

/**
 * The runtime that `require('electron')`, electron-vite and Playwright find.
 *
 * @returns {Runtime | undefined} undefined when there is none
 */
export const presentRuntime = () => {
  try {
    const executable = path.join(distFolder, readFileSync(pathFile, 'utf8'));
    const version = readFileSync(path.join(distFolder, 'version'), 'utf8').trim().replace(/^v/, '');
    return existsSync(executable) ? { executable, folder: distFolder, version } : undefined;
  } catch {
    return undefined;
  }
};

/** Takes the runtime away from where tools find it: a link is removed, what it points to stays. */
export const forgetRuntime = () => {
  rmSync(pathFile, { force: true });
  if (lstatSync(distFolder, { throwIfNoEntry: false }) !== undefined) {
    rmSync(distFolder, { recursive: true, force: true });
  }
};

/**
 * Makes an unpacked runtime the one that all tools find.
 *
 * @param {string} folder absolute
 * @param {string} executable its name in there
 */
export const useRuntime = (folder, executable) => {
  forgetRuntime();
  symlinkSync(path.relative(electronPackage, folder), distFolder, 'dir');
  // path.txt last: without it, the runtime counts as missing.
  writeFileSync(pathFile, executable);
};
