import { expect, test } from '@playwright/test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

test('a driver module that changes on the disk is offered to be run again, and runs with the new code', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-reload-'));
  const file = path.join(folder, 'driver.ts');
  const text = readFileSync(example, 'utf8');
  writeFileSync(file, text);
  const desktop = await startDesktop(['--empty']);
  const { page } = desktop;
  try {
    await chooseDriver(desktop, file, 'target');
    await page.getByTestId('scenario-dialog').getByTestId('scenario-transfer').click();
    await page.getByTestId('start-recording').click();
    await traceIsShown(page);
    await expect(page.getByTestId('verdict')).toHaveText('Succeeded');
    const good = '=> target.query(root)';
    expect(text).toContain(good);
    writeFileSync(file, text.replace(good, "=> { throw new Error('new code'); }"));
    await page
      .getByTestId('notices')
      .getByRole('button', { name: 'Run again with the changed driver' })
      .click();
    await expect(page.getByTestId('summary')).toContainText('QueryOffloadHandler threw: new code');
    await traceIsShown(page);
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
    rmSync(folder, { recursive: true, force: true });
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
