import { createHash } from 'node:crypto';

/**
 * Adds sources to a directive of a Content-Security-Policy that has it; without the directive, nothing changes.
 *
 * @param {string} policy
 * @param {string} directive such as `script-src`
 * @param {readonly string[]} sources
 * @returns {string}
 */
const addSources = (policy, directive, sources) =>
  policy
    .split(';')
    .map((part) => {
      const [name, ...present] = part.trim().split(/\s+/);
      if (name !== directive) return part.trim();
      return [directive, ...new Set([...present.filter((source) => source !== "'none'"), ...sources])].join(
        ' ',
      );
    })
    .join('; ');

/**
 * Lets a page's own Content-Security-Policy (a meta element) accept the scripts and styles that stand in the page
 * itself, by their hashes: nothing else inlined gets in.
 *
 * @param {string} html
 * @returns {string}
 */
export const allowInlinedIn = (html) => {
  /** @param {RegExp} pattern */
  const hashes = (pattern) =>
    [...html.matchAll(pattern)].map(
      ([, body]) =>
        `'sha256-${createHash('sha256')
          .update(body ?? '')
          .digest('base64')}'`,
    );
  const scripts = hashes(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g);
  const styles = hashes(/<style[^>]*>([\s\S]*?)<\/style>/g);
  return html.replace(
    /(<meta\s[^>]*http-equiv="Content-Security-Policy"[^>]*content=")([^"]*)(")/i,
    (_match, before, policy, after) =>
      String(before) +
      addSources(addSources(String(policy), 'script-src', scripts), 'style-src', styles) +
      String(after),
  );
};

/**
 * The same as a Vite plugin, to come after vite-plugin-singlefile.
 *
 * @returns {import('vite').Plugin}
 */
export const allowInlined = () => ({
  name: 'chimneysweep:allow-inlined',
  enforce: 'post',
  generateBundle: {
    // As late as vite-plugin-singlefile, which comes before it in the list of plugins.
    order: 'post',
    handler(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'asset' && file.fileName.endsWith('.html')) {
          file.source = allowInlinedIn(Buffer.from(file.source).toString('utf8'));
        }
      }
    },
  },
});
