import { expect, test, type Page } from '@playwright/test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDesktop, traceIsShown } from './desktop';

let folder = '';
/** A file that takes longer to send than anybody takes to press a key. */
let large = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-pause-'));
  large = path.join(folder, 'large.bin');
  writeFileSync(large, Buffer.alloc(200_000_000, 'soot'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function eventsShown(page: Page): Promise<number> {
  return Number(await page.getByTestId('window').getAttribute('data-events'));
}

/** Waits for the recording to be under way, and pauses it by its key. */
async function pauseByKey(page: Page): Promise<void> {
  await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
  await expect.poll(() => eventsShown(page)).toBeGreaterThan(0);
  await page.keyboard.press('F6');
  await expect(page.getByTestId('pause')).toContainText('as you asked');
}

test('F6 pauses a recording, F5 lets it go on, and Ctrl+. ends it while it is paused', async () => {
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await pauseByKey(page);
    await expect(page.getByTestId('progress')).toContainText('Paused');
    await page.keyboard.press('F5');
    await expect(page.getByTestId('pause')).toHaveCount(0);
    await page.keyboard.press('F6');
    await expect(page.getByTestId('pause')).toContainText('as you asked');
    const paused = await eventsShown(page);
    await page.keyboard.press('F5');
    await expect.poll(() => eventsShown(page)).toBeGreaterThan(paused);
    await page.keyboard.press('F6');
    await expect(page.getByTestId('pause')).toBeVisible();
    await page.keyboard.press('Control+.');
    await traceIsShown(page);
    await expect(page.getByTestId('pause')).toHaveCount(0);
    await expect(page.getByTestId('summary')).toContainText('Stopped by the user');
    await expect(page.getByTestId('notices')).not.toContainText('incomplete');
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});

test('at a pause the window shows everything up to the instant at which the run stands still', async () => {
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await pauseByKey(page);
    const instant = /Paused at (.*?)as you asked/.exec(
      (await page.getByTestId('pause').textContent()) ?? '',
    )?.[1];
    expect(instant).toBeDefined();
    // The bar of the recording says up to where the trace has been read.
    await expect(page.getByTestId('progress')).toContainText(instant!.trim());
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});
