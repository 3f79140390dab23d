import { build } from '../build.mjs';
import { needsVirtualDisplay } from '../lib/display.mjs';
import { inRoot } from '../lib/paths.mjs';
import { serveFolder } from '../lib/serveFolder.mjs';
import { startVirtualDisplay } from '../lib/xvfb.mjs';

/** Not the root: the viewer has to work from any folder of a web server. */
const viewerPath = '/some/where/';

/**
 * Playwright's global setup: makes what the tests run is what the source says, and gives them a display and a web
 * server.
 *
 * @returns {Promise<() => Promise<void>>} the global teardown
 */
export default async function globalSetup() {
  await build(['desktop', 'cli', 'viewer'], { onlyIfStale: true });
  const server = await serveFolder(inRoot('out', 'viewer'), viewerPath);
  process.env['CHIMNEYSWEEP_VIEWER_URL'] = server.url;
  const display = needsVirtualDisplay() ? await startVirtualDisplay() : undefined;
  if (display !== undefined) process.env['DISPLAY'] = display.name;
  return async () => {
    await display?.stop();
    await server.stop();
  };
}
