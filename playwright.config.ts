import { defineConfig } from '@playwright/test';
import { findChromium } from './tools/lib/chromium.mjs';

const executablePath = findChromium()?.executable;

/**
 * End-to-end tests. The global setup builds what is stale, starts a virtual display where there is none, and serves
 * the web viewer; tests find the viewer's address in CHIMNEYSWEEP_VIEWER_URL.
 */
export default defineConfig({
  globalSetup: './tools/playwright/globalSetup.mjs',
  outputDir: 'test-results/e2e',
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
  forbidOnly: process.env['CI'] !== undefined,
  // A test that passes on the second try is a broken test.
  retries: 0,
  workers: 1,
  // A limit against hanging, not a statement about speed: CI machines are slow and shared.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  use: { trace: 'retain-on-failure', screenshot: 'only-on-failure' },
  projects: [
    { name: 'electron', testDir: 'test/e2e/electron', testMatch: '**/*.{test,spec}.ts' },
    {
      name: 'viewer',
      testDir: 'test/e2e/viewer',
      testMatch: '**/*.{test,spec}.ts',
      use: {
        browserName: 'chromium',
        viewport: { width: 1440, height: 900 },
        launchOptions: {
          ...(executablePath === undefined ? {} : { executablePath }),
          // Chromium would otherwise call home at every start.
          args: [
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
          ],
        },
      },
    },
  ],
});
