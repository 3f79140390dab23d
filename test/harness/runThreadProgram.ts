/** The program of a run's thread, built for tests in plain Node. */
import { mkdtempSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { build } from 'vite';

/** A program in a folder of its own. */
export interface BuiltProgram {
  readonly program: string;
  remove(): void;
}

/** Builds it below out/, from where the TypeScript compiler in node_modules can be found. */
export async function buildRunThread(): Promise<BuiltProgram> {
  const root = path.resolve(import.meta.dirname, '../..');
  const folder = mkdtempSync(path.join(root, 'test', 'tmp', 'run-thread-'));
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    ssr: { noExternal: true, external: ['typescript'], target: 'node' },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      target: 'node20.18',
      minify: false,
      rolldownOptions: {
        input: { runThread: path.join(root, 'electron', 'engine', 'runThread.ts') },
        external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), 'typescript'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  });
  return {
    program: path.join(folder, 'runThread.cjs'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
