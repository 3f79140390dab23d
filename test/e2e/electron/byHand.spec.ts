import { expect, test, type Page } from '@playwright/test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { screenshotPath, startDesktop, traceIsShown } from './desktop';

let folder = '';
/** A file that takes longer to send than anybody takes to press a key. */
let large = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-by-hand-'));
  large = path.join(folder, 'large.bin');
  writeFileSync(large, Buffer.alloc(200_000_000, 'soot'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Does what is chosen, and waits for the run to stand still again. */
async function doIt(page: Page, outcome: string | RegExp): Promise<void> {
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('by-hand-told')).toHaveText(outcome);
  await expect(page.getByTestId('pause')).toContainText('at the end of the step');
}

test('a paused run queries, sends, raises an event and asks for an OID by hand, with keys alone', async () => {
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
    await expect
      .poll(async () => Number(await page.getByTestId('window').getAttribute('data-events')))
      .toBeGreaterThan(0);
    await page.keyboard.press('h');
    await expect(page.getByTestId('by-hand')).toContainText('While a run is paused');
    await page.screenshot({ path: screenshotPath('by-hand-empty.png') });
    await expect.poll(() => page.getByTestId('timeline').textContent()).toContain('Connection 0');
    // Late enough for the connection to have been offloaded: at the first send through the chimney.
    await page.keyboard.press('8');
    await page.getByTestId('breakpoint-kind').selectOption('handler');
    await page.getByTestId('breakpoint-text').fill('MiniportTcpOffloadSend');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('pause')).toContainText('at a breakpoint');
    await page.getByRole('button', { name: 'Remove all' }).press('Enter');
    await page.getByTestId('breakpoint-text').evaluate((field) => (field as HTMLElement).blur());

    await page.keyboard.press('h');
    await expect(page.getByTestId('by-hand-query')).toBeFocused();
    await doIt(page, 'Done: NdisQueryOffloadState.');
    await expect(page.getByTestId('details-title')).toHaveText('NdisQueryOffloadState');
    await page.screenshot({ path: screenshotPath('by-hand-light.png') });

    await page.getByTestId('by-hand-event').focus();
    await page.keyboard.press('Space');
    await page.getByTestId('edit-event').selectOption('TcpIndicateSendBacklogChange');
    await page.getByTestId('edit-backlog').fill('nothing');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('edit-backlog-problem')).toHaveText('Backlog must be a number of bytes.');
    await page.screenshot({ path: screenshotPath('by-hand-problem.png') });
    await page.getByTestId('edit-backlog').fill('30000');
    await doIt(page, 'Done: NdisTcpOffloadEventHandler.');

    await page.getByTestId('by-hand-initiate').focus();
    await page.keyboard.press('Space');
    await expect(page.getByTestId('by-hand-nothing-fits')).toContainText(
      'No connection has its TCP state with the host stack',
    );

    await page.getByTestId('by-hand-oid').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.getByTestId('edit-oid').selectOption('OID_TCP4_OFFLOAD_STATS');
    await page.keyboard.press('Shift+Tab');
    await expect(page.getByTestId('by-hand-oid')).toBeFocused();
    await doIt(page, 'Done: NdisOidRequest.');
    await expect(page.getByTestId('by-hand-done').first()).toBeVisible();

    await page.keyboard.press('Control+Shift+L');
    await page.keyboard.press('Control+Shift+L');
    await page.screenshot({ path: screenshotPath('by-hand-dark.png') });
    await page.keyboard.press('Shift+F5');
    await traceIsShown(page);
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});
