/** How long key presses take to show: reported, not asserted, for the machine decides. Asserted is that they come through at all. */
import { expect, test, type Page } from '@playwright/test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chooseDriver } from './badDriver';
import { eventsShown, startDesktop, traceIsShown } from './desktop';
import { latencyOf, pressKeys, reportLatency, watchLatency } from './inputLatency';

let folder = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-latency-'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function isLive(page: Page): Promise<boolean> {
  return (await page.getByTestId('window').getAttribute('data-state')) === 'live';
}

test('keys are heard while a run goes on at full speed', async () => {
  const large = path.join(folder, 'large.bin');
  writeFileSync(large, Buffer.alloc(200_000_000, 'soot'));
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await expect.poll(() => eventsShown(page)).toBeGreaterThan(10_000);
    await watchLatency(page);
    const samples = await pressKeys(page, 200, () => isLive(page));
    reportLatency(latencyOf('run at full speed', samples));
    expect(samples.length).toBeGreaterThan(50);
    await page.keyboard.press('Shift+F5');
    await traceIsShown(page);
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});

test('keys are heard while a driver module loops for ever', async () => {
  const good = readFileSync(path.resolve('examples', 'minimal-intermediate', 'driver.ts'), 'utf8');
  const place = 'Object.assign(block.reusedAsMiniport(), held);';
  expect(good.split(place)).toHaveLength(2);
  const file = path.join(folder, 'endless.ts');
  writeFileSync(file, good.replace(place, 'for (;;) void held;'));
  const desktop = await startDesktop();
  const { page } = desktop;
  try {
    // The demonstration that the app starts with.
    await traceIsShown(page);
    await watchLatency(page);
    // What the machine takes without anything to do tells what of the other figures is its own.
    const idle = await pressKeys(page, 100, () => Promise.resolve(true));
    reportLatency(latencyOf('nothing under way', idle));
    await chooseDriver(desktop, file, 'intermediate');
    await page.getByTestId('scenario-dialog').getByTestId('scenario-transfer').click();
    await page.getByTestId('start-recording').click();
    await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
    // The engine ends a module that does not return, after some seconds.
    const samples = await pressKeys(page, 1000, () => isLive(page));
    reportLatency(latencyOf('driver module loops for ever', samples));
    expect(samples.length).toBeGreaterThan(20);
    await traceIsShown(page);
    await expect(page.getByTestId('summary')).toContainText('does not return');
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});
