import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';
import path from 'node:path';

/**
 * The oldest Electron that the app must run on: 33, the runtime that the npm registry ships
 * (tools/electron-fallback), with Node 20.18 and Chromium 130 inside. electron-vite would otherwise take the
 * newest that it knows.
 */
const oldestElectron = { node: 'node20.18', chrome: 'chrome130' };

const entry = (...parts: string[]): string => path.resolve(import.meta.dirname, ...parts);

export default defineConfig({
  main: {
    build: {
      target: oldestElectron.node,
      sourcemap: true,
      rolldownOptions: {
        input: {
          index: entry('electron', 'main', 'index.ts'),
          // Runs in a utility process of its own, so that emulating never holds up the window.
          engine: entry('electron', 'main', 'engine.ts'),
          // A thread of the engine for each run, so that the engine stays at hand whatever the run does.
          runThread: entry('electron', 'engine', 'runThread.ts'),
          // A thread that compares two traces, so that the window hears of nothing but what it finds.
          compareThread: entry('electron', 'engine', 'compareThread.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: oldestElectron.node,
      // A sandboxed preload script has to be one CommonJS file.
      rolldownOptions: {
        input: { index: entry('electron', 'preload', 'index.ts') },
        output: { entryFileNames: '[name].js' },
      },
    },
  },
  renderer: {
    root: entry('renderer'),
    build: {
      outDir: entry('out', 'renderer'),
      target: oldestElectron.chrome,
      sourcemap: true,
      rolldownOptions: { input: entry('renderer', 'index.html') },
    },
    plugins: [vue()],
  },
});
