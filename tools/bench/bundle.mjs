import { builtinModules } from 'node:module';
import path from 'node:path';
import { build } from 'vite';
import { inRoot } from '../lib/paths.mjs';

/** Where the bench keeps what it builds. */
export const benchFolder = inRoot('out', 'bench');

/**
 * Bundles TypeScript programs of test/bench so that plain Node runs them, as it would run the product.
 *
 * @param {Readonly<Record<string, string>>} programs source file below the root, by name
 * @param {readonly string[]} [packages] packages that stay outside, since they bring machine code
 * @returns {Promise<(name: string) => string>} the built file of a program
 */
export const bundle = async (programs, packages = []) => {
  await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    ssr: { noExternal: true, external: [...packages], target: 'node' },
    build: {
      ssr: true,
      outDir: benchFolder,
      emptyOutDir: false,
      target: 'node20.18',
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(programs).map(([name, source]) => [name, inRoot(source)])),
        external: [...packages, ...builtinModules, ...builtinModules.map((name) => `node:${name}`)],
        output: { format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  });
  return (name) => path.join(benchFolder, `${name}.mjs`);
};
