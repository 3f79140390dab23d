import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Where distributions and vendors put a Chromium.
 *
 * @type {Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>>}
 */
const usualPlaces = {
  linux: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/** @returns {boolean} whether Playwright downloaded a Chromium of its own */
const playwrightHasOne = () => {
  /** @type {Partial<Record<NodeJS.Platform, string>>} */
  const cache = { linux: '.cache', darwin: 'Library/Caches', win32: 'AppData/Local' };
  const folder =
    process.env['PLAYWRIGHT_BROWSERS_PATH'] ??
    path.join(os.homedir(), cache[process.platform] ?? '.cache', 'ms-playwright');
  try {
    return readdirSync(folder).some((name) => name.startsWith('chromium'));
  } catch {
    return false;
  }
};

/**
 * The Chromium that shows the web viewer in tests.
 *
 * @returns {{ executable: string | undefined } | undefined} `executable` is undefined for Playwright's own
 *   download; undefined altogether when there is none
 */
export const findChromium = () => {
  const places = usualPlaces[process.platform] ?? [];
  const executable = places.find((place) => existsSync(place));
  if (executable !== undefined) return { executable };
  return playwrightHasOne() ? { executable: undefined } : undefined;
};
