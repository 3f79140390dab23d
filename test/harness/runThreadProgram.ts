/** Programs built for tests in plain Node: that of a run's thread, and others. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { build } from 'vite';

/** A program in a folder of its own. */
export interface BuiltProgram {
  readonly program: string;
  remove(): void;
}

/** Builds the program of a run's thread. */
export function buildRunThread(): Promise<BuiltProgram> {
  return buildProgram('electron/engine/runThread.ts');
}

/** Builds a program from its file, below out/, from where the TypeScript compiler in node_modules can be found. */
export async function buildProgram(file: string): Promise<BuiltProgram> {
  const { name } = path.parse(file);
  const root = path.resolve(import.meta.dirname, '../..');
  const parent = path.join(root, 'out', 'test');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'program-'));
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
        input: { [name]: path.join(root, file) },
        external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), 'typescript'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  });
  return {
    program: path.join(folder, `${name}.cjs`),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
