/**
 * `node tools/build.mjs [--if-stale] [desktop] [cli] [viewer]`: builds the desktop app, the headless command line
 * and the web viewer into out/; the first two when none is named.
 */
import { realpathSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildAndStamp, isFresh } from './lib/freshness.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { Advice, runScript, say } from './lib/say.mjs';

const electronVite = inRoot('node_modules', 'electron-vite', 'bin', 'electron-vite.js');
const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js');

/** What every build depends on. */
const common = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'shared', 'tools/build.mjs'];

/**
 * @param {string} name
 * @param {string} script
 * @param {readonly string[]} args
 */
const runBuild = async (name, script, args) => {
  const result = await run(process.execPath, [script, ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', FORCE_COLOR: '0' },
  });
  if (result.code !== 0) throw new Advice(`${result.output.trimEnd()}\n\nThe build of the ${name} failed.`);
};

/** @param {string} file a Vite configuration for the web viewer or the command line */
const viteArguments = (file) => ['build', '--config', file, '--logLevel', 'warn'];

/**
 * @typedef {import('./lib/freshness.mjs').Target & { title: string, build: () => Promise<void> }} Build
 */

/** @type {Record<'desktop' | 'cli' | 'viewer', Build>} */
const builds = {
  desktop: {
    name: 'desktop',
    title: 'desktop app',
    inputs: [...common, 'electron.vite.config.mts', 'electron', 'renderer'],
    outputs: [
      'out/main/index.js',
      'out/main/runThread.js',
      'out/preload/index.js',
      'out/renderer/index.html',
    ],
    build: () => runBuild('desktop app', electronVite, ['build', '--logLevel', 'warn']),
  },
  cli: {
    name: 'cli',
    title: 'command line',
    inputs: [...common, 'vite.cli.config.mts', 'electron'],
    outputs: ['out/cli/index.cjs', 'out/cli/checker.cjs'],
    build: async () => {
      await runBuild('command line', vite, viteArguments('vite.cli.config.mts'));
      await runBuild('checking thread', vite, [...viteArguments('vite.cli.config.mts'), '--mode', 'checker']);
    },
  },
  viewer: {
    name: 'viewer',
    title: 'web viewer',
    inputs: [...common, 'vite.viewer.config.mts', 'renderer'],
    outputs: ['out/viewer/index.html', 'out/viewer/chimneysweep-viewer.html'],
    build: async () => {
      await runBuild('web viewer', vite, viteArguments('vite.viewer.config.mts'));
      await runBuild('single-file web viewer', vite, [
        ...viteArguments('vite.viewer.config.mts'),
        '--mode',
        'single',
      ]);
      renameSync(
        inRoot('out', 'viewer-single', 'index.html'),
        inRoot('out', 'viewer', 'chimneysweep-viewer.html'),
      );
      rmSync(inRoot('out', 'viewer-single'), { recursive: true, force: true });
    },
  },
};

/** @typedef {keyof typeof builds} BuildName */

/**
 * Builds what is asked for.
 *
 * @param {readonly BuildName[]} names
 * @param {{ onlyIfStale: boolean }} options
 * @returns {Promise<void>}
 * @throws {Advice} with the compiler's own output when a build fails
 */
export const build = async (names, options) => {
  for (const name of names) {
    const target = builds[name];
    if (options.onlyIfStale && isFresh(target)) continue;
    const started = performance.now();
    await buildAndStamp(target, target.build);
    say(`build: ${target.title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  }
};

/**
 * @param {string} name
 * @returns {name is BuildName}
 */
const isBuildName = (name) => Object.hasOwn(builds, name);

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    const words = process.argv.slice(2);
    const names = words.filter((word) => word !== '--if-stale');
    if (!names.every(isBuildName)) {
      throw new Advice(`Usage: node tools/build.mjs [--if-stale] [${Object.keys(builds).join('] [')}]`);
    }
    await build(names.length > 0 ? names : ['desktop', 'cli'], { onlyIfStale: words.includes('--if-stale') });
    return 0;
  });
}
