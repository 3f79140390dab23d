/**
 * `npm run dist [-- electron-builder's arguments]`: builds the app and packages it into dist/ with electron-builder.
 */
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { build } from './build.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { runScript, say } from './lib/say.mjs';
import { setUp } from './setup.mjs';

await runScript(async () => {
  const runtime = await setUp({ chromium: false, peers: false });
  await build(['desktop'], { onlyIfStale: true });
  const folder = realpathSync(runtime.folder);
  const isFallback = folder !== runtime.folder;
  if (isFallback)
    say(`Packaging Electron ${runtime.version} from the npm registry: to try out, not to ship.`);
  const { status } = spawnSync(
    process.execPath,
    [
      inRoot('node_modules', 'electron-builder', 'cli.js'),
      ...(isFallback ? [`-c.electronDist=${folder}`, `-c.electronVersion=${runtime.version}`] : []),
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: 'inherit' },
  );
  return status ?? 1;
});
