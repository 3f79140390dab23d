import { builtinModules } from 'node:module';
import path from 'node:path';
import { defineConfig } from 'vite';

const inRoot = (...parts: string[]): string => path.resolve(import.meta.dirname, ...parts);

/**
 * The headless command line, one file with everything in it but Node (run by bin/chimneysweep.mjs), and but what stays in
 * node_modules: the TypeScript compiler, which is twenty times as large as the rest and needed for driver modules only, and koffi,
 * which brings native code and is needed for a real wire only.
 */
export default defineConfig({
  publicDir: false,
  ssr: { noExternal: true, external: ['typescript', 'koffi'], target: 'node' },
  build: {
    ssr: true,
    outDir: inRoot('out', 'cli'),
    emptyOutDir: true,
    target: 'node20.18',
    minify: false,
    sourcemap: true,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: inRoot('electron', 'cli', 'index.ts') },
      external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), 'typescript', 'koffi'],
      output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    },
  },
});
