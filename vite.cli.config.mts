import { builtinModules } from 'node:module';
import path from 'node:path';
import { defineConfig } from 'vite';

const inRoot = (...parts: string[]): string => path.resolve(import.meta.dirname, ...parts);

/** Packages that stay in node_modules. */
const left = ['typescript', 'koffi', '@duckdb/node-api', 'apache-arrow'];

/**
 * The headless command line, one file with everything in it but Node (run by bin/chimneysweep.mjs), and but what stays in
 * node_modules: the TypeScript compiler, which is twenty times as large as the rest and needed for driver modules only; koffi, which
 * brings native code and is needed for a real wire only; and DuckDB and Arrow, which are needed for queries and exports only.
 * With the mode `checker`: the thread that checks a recording, another file with what that needs, so that it starts fast.
 */
export default defineConfig(({ mode }) => ({
  publicDir: false,
  ssr: { noExternal: true, external: left, target: 'node' },
  build: {
    ssr: true,
    outDir: inRoot('out', 'cli'),
    emptyOutDir: mode !== 'checker',
    target: 'node20.18',
    minify: false,
    sourcemap: true,
    reportCompressedSize: false,
    rolldownOptions: {
      input:
        mode === 'checker'
          ? { checker: inRoot('electron', 'cli', 'checker.ts') }
          : { index: inRoot('electron', 'cli', 'index.ts') },
      external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), ...left],
      output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    },
  },
}));
