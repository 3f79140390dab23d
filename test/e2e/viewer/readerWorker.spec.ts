/** The reader in a worker of a real browser: a trace on a server by ranges, and a Blob. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { startViewerServer, type ViewerServer } from '../../../electron/cli/viewerServer';
import { zlibCodec } from '../../../electron/files/zlibCodec';
import { rewriteTrace } from '../../../shared/trace/compaction';
import { memorySource } from '../../../shared/trace/traceSource';
import { syntheticTrace } from '../../harness/syntheticTrace';
import type { ReadByWorker } from './readerWorker';

let folder = '';
let server: ViewerServer;

test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-worker-'));
  // Playwright loads tests as CommonJS, which Vite is not.
  const { build } = await import('vite');
  await build({
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      reportCompressedSize: false,
      lib: {
        entry: path.resolve('test/e2e/viewer/readerWorker.ts'),
        formats: ['iife'],
        name: 'readerWorker',
        fileName: () => 'worker.js',
      },
    },
  });
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>A page with a worker</title>');
  const trace = path.join(folder, 'a.sweep');
  const saved: Uint8Array[] = [];
  const sink = { write: (bytes: Uint8Array) => void saved.push(bytes.slice()) };
  await rewriteTrace(memorySource(syntheticTrace({ sends: 500 })), sink, zlibCodec);
  writeFileSync(trace, Buffer.concat(saved));
  server = await startViewerServer({ viewer: folder, trace });
});

test.afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a worker reads a trace by ranges of a server, and a Blob, alike', async ({ page }) => {
  const requests: string[] = [];
  page.context().on('request', (request) => {
    const range = request.headers()['range'];
    if (range !== undefined) requests.push(range);
  });
  await page.goto(server.url);
  const ask = (how: 'server' | 'blob'): Promise<ReadByWorker | string> =>
    page.evaluate(async (source) => {
      const address = new URL(new URLSearchParams(location.search).get('trace')!, location.href).href;
      const worker = new Worker('worker.js');
      const answer = new Promise((resolve) => {
        worker.onmessage = (event) => {
          resolve(event.data);
        };
        worker.onerror = (event) => {
          resolve(event.message);
        };
      });
      worker.postMessage(source === 'server' ? address : await (await fetch(address)).blob());
      return (await answer) as ReadByWorker | string;
    }, how);
  const fromServer = await ask('server');
  expect(fromServer).toMatchObject({ byItsIndex: true, lastKind: 'end', inWorker: true });
  expect((fromServer as ReadByWorker).sends).toHaveLength(5);
  expect((fromServer as ReadByWorker).objects).toBeGreaterThan(0);
  expect(requests[0]).toBe('bytes=0-0');
  expect(await ask('blob')).toEqual(fromServer);
});
