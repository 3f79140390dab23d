import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder, absolute. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * @param {...string} parts path below the checkout's root
 * @returns {string} absolute path
 */
export const inRoot = (...parts) => path.join(root, ...parts);

/** Everything the builds write. */
export const outFolder = inRoot('out');

/** Everything runs and tests leave for people to look at. */
export const resultsFolder = inRoot('test-results');

/** Caches that may vanish at any time (`npm ci` wipes them). */
export const cacheFolder = inRoot('node_modules', '.cache', 'chimneysweep');
