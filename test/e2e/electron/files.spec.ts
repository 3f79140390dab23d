import { expect, test } from '@playwright/test';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { recordScenario } from '../../harness/recordScenario';
import { startDesktop, traceIsShown } from './desktop';

let folder = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-files-'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('npm start -- FILE opens a trace', async () => {
  const file = path.join(folder, 'full.sweep');
  writeFileSync(file, recordScenario('no-tcp-entries').bytes);
  const desktop = await startDesktop([file]);
  try {
    await traceIsShown(desktop.page);
    await expect(desktop.page.getByTestId('trace-title')).toContainText('The target is full');
    await expect(desktop.page.getByTestId('verdict')).toHaveText('Succeeded');
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});

test('npm start -- FILE sends a file that is no trace', async () => {
  const file = path.join(folder, 'letter.bin');
  const bytes = randomBytes(150_000);
  writeFileSync(file, bytes);
  const desktop = await startDesktop([file]);
  try {
    await traceIsShown(desktop.page);
    await expect(desktop.page.getByTestId('summary')).toContainText('All 150000 bytes came back unchanged');
    const digest = createHash('sha256').update(bytes).digest('hex');
    await expect(desktop.page.getByTestId('hashes')).toContainText(digest.slice(0, 8));
  } finally {
    await desktop.close();
  }
});

test('a cut trace opens up to the cut with a notice', async () => {
  const { bytes } = recordScenario('first-sweep');
  const file = path.join(folder, 'cut.sweep');
  writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * 0.8)));
  const desktop = await startDesktop([file]);
  try {
    await traceIsShown(desktop.page);
    await expect(desktop.page.getByTestId('notices')).toContainText('This trace is incomplete');
    expect(Number(await desktop.page.getByTestId('window').getAttribute('data-events'))).toBeGreaterThan(
      1000,
    );
  } finally {
    await desktop.close();
  }
});

test('a file that is no trace is refused with a sentence, and the trace on the screen stays', async () => {
  const file = path.join(folder, 'not.sweep');
  writeFileSync(file, 'Dear diary, today no connection was offloaded.');
  const desktop = await startDesktop([file]);
  try {
    await expect(desktop.page.getByTestId('notices')).toContainText('This is not a Chimneysweep trace');
  } finally {
    await desktop.close();
  }
});

test('a recording can be stopped; what was recorded is complete and readable', async () => {
  const file = path.join(folder, 'large.bin');
  writeFileSync(file, Buffer.alloc(200_000_000, 'soot'));
  const desktop = await startDesktop([file]);
  const { page } = desktop;
  try {
    await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
    await page.getByTestId('stop').click();
    await traceIsShown(page);
    await expect(page.getByTestId('summary')).toContainText('Stopped by the user');
    await expect(page.getByTestId('notices')).not.toContainText('incomplete');
  } finally {
    await desktop.close();
  }
});

test('a scenario is chosen, recorded, and saved where the user says', async () => {
  const desktop = await startDesktop(['--empty']);
  const { page, application } = desktop;
  try {
    await expect(page.getByTestId('welcome')).toBeVisible();
    await page.getByTestId('choose-scenario').first().click();
    await page.getByTestId('scenario-dialog').getByTestId('scenario-neighbor-invalidated').click();
    await page.getByTestId('seed').fill('11');
    await page.getByTestId('start-recording').click();
    await traceIsShown(page);
    await expect(page.getByTestId('trace-title')).toContainText('seed 11');
    const target = path.join(folder, 'saved.sweep');
    await application.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, target);
    await page.getByTestId('save').click();
    await expect(page.getByTestId('notices')).toContainText('saved.sweep');
    const expected = recordScenario('neighbor-invalidated', { seed: 11 }).model.store!.length;
    expect(readFileSync(target).length).toBeGreaterThan(10_000);
    await expect(page.getByTestId('window')).toHaveAttribute('data-events', String(expected));
  } finally {
    await desktop.close();
  }
});
