import vue from '@vitejs/plugin-vue';
import path from 'node:path';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';
import { allowInlined } from './tools/vite/allowInlined.mjs';

const inRoot = (...parts: string[]): string => path.resolve(import.meta.dirname, ...parts);

/**
 * The web viewer: the renderer as static files that work from any folder of any web server (out/viewer). With
 * `--mode single`, everything goes into one HTML file, because a browser lets a page opened from disk load no
 * module scripts (out/viewer-single; tools/build.mjs puts it beside the others). For the same reason workers stay
 * classic scripts, Vite's default: import them with `?worker&inline`, and they run from disk, too.
 */
export default defineConfig(({ mode }) => {
  const single = mode === 'single';
  return {
    root: inRoot('renderer'),
    base: './',
    publicDir: single ? false : 'public',
    build: {
      outDir: inRoot('out', single ? 'viewer-single' : 'viewer'),
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: { input: inRoot('renderer', 'index.html') },
    },
    plugins: [vue(), ...(single ? [viteSingleFile(), allowInlined()] : [])],
  };
});
