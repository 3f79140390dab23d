import { expect, test } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { electronArguments, electronEnvironment } from '../../../tools/lib/electronCommand.mjs';

let folder = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-unattended-'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the application as `npm start` does where nobody watches, and waits until it has ended. */
function runUnattended(...words: string[]) {
  const executable = path.resolve('node_modules/electron/dist/electron');
  const options = [`--user-data-dir=${path.join(folder, 'profile')}`, '--disable-gpu'];
  const args = [...options, ...electronArguments([`--unattended=${folder}`, ...words])];
  return spawnSync(executable, args, { encoding: 'utf8', env: electronEnvironment() });
}

test('records the demonstration, keeps trace and screenshot, says what was recorded, and exits 0', () => {
  const run = runUnattended();
  expect(run.stdout).toContain('4 NdisSetOptionalHandlers');
  expect(run.stdout).toContain('equal at source, peer and return');
  expect(run.status).toBe(0);
  expect(existsSync(path.join(folder, 'first-sweep-seed-1.sweep'))).toBe(true);
  expect(existsSync(path.join(folder, 'first-sweep-seed-1.png'))).toBe(true);
});

test('refuses a file that is no trace with a sentence and exits 1', () => {
  const file = path.join(folder, 'no.sweep');
  writeFileSync(file, 'no trace');
  const run = runUnattended(file);
  expect(run.stderr).toContain('This is not a Chimneysweep trace');
  expect(run.status).toBe(1);
});
