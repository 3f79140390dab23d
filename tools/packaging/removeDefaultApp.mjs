import { rmSync } from 'node:fs';
import path from 'node:path';

/**
 * electron-builder's afterPack hook: takes Electron's default app out of the package. It stays in when the runtime
 * comes from a folder instead of the official archive.
 *
 * @param {import('electron-builder').AfterPackContext} context
 */
export default function removeDefaultApp(context) {
  const resources = context.packager.getResourcesDir(context.appOutDir);
  rmSync(path.join(resources, 'default_app.asar'), { force: true });
}
