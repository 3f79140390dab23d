/**
 * The page is served from a scheme of its own, `chimneysweep://app/`, out of the built renderer and nothing else: it has an
 * origin, a strict content security policy applies, and no page can name a file of the user's.
 */
import { net, protocol } from 'electron';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const scheme = 'chimneysweep';

/** Address of the page. */
export const pageAddress = `${scheme}://app/index.html`;

/** Must run before the app is ready. */
export function registerApplicationScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

/** Serves `folder`; must run after the app is ready. */
export function serveApplication(folder: string): void {
  protocol.handle(scheme, async (request) => {
    const { host, pathname } = new URL(request.url);
    const file = path.normalize(path.join(folder, decodeURIComponent(pathname)));
    if (host !== 'app' || !file.startsWith(folder + path.sep))
      return new Response('Not found', { status: 404 });
    return net.fetch(pathToFileURL(file).toString());
  });
}
