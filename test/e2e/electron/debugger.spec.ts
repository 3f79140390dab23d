import { expect, test, type Page } from '@playwright/test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventsShown, startDesktop, traceIsShown } from './desktop';

let folder = '';
/** A file that takes longer to send than anybody takes to press a key. */
let large = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-debugger-'));
  large = path.join(folder, 'large.bin');
  writeFileSync(large, Buffer.alloc(200_000_000, 'soot'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function selected(page: Page): Promise<number> {
  return Number(await page.getByTestId('details').getAttribute('data-event'));
}

test('a paused run is stepped beyond what is recorded, and back, by keys; a breakpoint stops it again', async () => {
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
    await expect.poll(() => eventsShown(page)).toBeGreaterThan(0);
    await page.keyboard.press('F6');
    await expect(page.getByTestId('pause')).toContainText('as you asked');
    const before = await eventsShown(page);
    await page.keyboard.press('e');
    await expect(page.getByTestId('pause')).toContainText('at the end of the step');
    await expect.poll(() => selected(page)).toBeGreaterThanOrEqual(before);
    const stepped = await selected(page);
    expect(await eventsShown(page)).toBe(stepped + 1);
    await page.keyboard.press('Shift+E');
    await expect.poll(() => selected(page)).toBeLessThan(stepped);
    await page.keyboard.press('e');
    await expect.poll(() => selected(page)).toBe(stepped);
    await page.keyboard.press('8');
    await page.getByTestId('breakpoint-kind').selectOption('handler');
    await page.getByTestId('breakpoint-text').fill('MiniportTcpOffloadSend');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('breakpoint')).toHaveCount(1);
    await page.keyboard.press('F5');
    await expect(page.getByTestId('pause')).toContainText('at a breakpoint');
    await expect(page.getByTestId('details-title')).toHaveText('MiniportTcpOffloadSend');
    expect(await selected(page)).toBeGreaterThan(stepped);
    await page.keyboard.press('Shift+F5');
    await traceIsShown(page);
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});
