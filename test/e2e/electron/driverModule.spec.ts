import { expect, test } from '@playwright/test';
import path from 'node:path';
import { chooseDriver } from './badDriver';
import { startDesktop, traceIsShown } from './desktop';

const example = path.resolve('examples', 'minimal-target', 'driver.ts');

test('a trusted driver module is compiled in the engine and carries the file', async () => {
  const desktop = await startDesktop(['--empty']);
  const { page } = desktop;
  try {
    await chooseDriver(desktop, example, 'target');
    await expect(page.getByTestId('driver-module')).toContainText('Offload target: driver.ts');
    await page.getByTestId('start-recording').click();
    await traceIsShown(page);
    await expect(page.getByTestId('verdict')).toHaveText('Succeeded');
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});

test('a driver module that is not trusted is not loaded', async () => {
  const desktop = await startDesktop(['--empty']);
  const { page } = desktop;
  try {
    await chooseDriver(desktop, example, 'cancel');
    await expect(page.getByTestId('driver-module')).toHaveCount(0);
    await expect(page.getByTestId('scenario-dialog')).toHaveCount(0);
  } finally {
    await desktop.close();
  }
});
