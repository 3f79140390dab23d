import { expect, test } from '@playwright/test';
import { screenshotPath, startDesktop, traceIsShown } from './desktop';

test('who owns lists is shown as lanes and as a table, from a selected call and from its details, by keys', async () => {
  const desktop = await startDesktop();
  const { page } = desktop;
  try {
    // The demonstration that the app starts with.
    await traceIsShown(page);
    await page.keyboard.press('/');
    await page.locator('#calls-filter').fill('function == "NdisOffloadTcpSend"');
    await page.keyboard.press('Enter');
    await page.locator('#calls-filter').blur();
    await page.keyboard.press('8');
    await page.getByTestId('breakpoint-kind').selectOption('handler');
    await page.getByTestId('breakpoint-text').fill('NdisOffloadTcpSend');
    await page.keyboard.press('Enter');
    await page.getByTestId('next-hit').press('Enter');
    await expect(page.getByTestId('details-title')).toHaveText('NdisOffloadTcpSend');
    await page.getByRole('button', { name: 'Remove all' }).press('Enter');
    await page.getByTestId('timeline-canvas').focus();

    await page.keyboard.press('o');
    await expect(page.getByTestId('timeline')).toContainText(/List [0-9a-f`]+/);
    const lives = page.getByTestId('list-life');
    await expect(lives).toHaveCount(1);
    await expect(lives.first()).toContainText('Offload target');
    await expect(lives.first()).toContainText('has it at the cursor');
    await page.screenshot({ path: screenshotPath('lists-one-light.png') });

    await page.getByTestId('lists-scope').selectOption('connection 0');
    await expect(page.getByTestId('timeline')).toContainText('Lists of connection 0');
    await expect.poll(() => lives.count()).toBeGreaterThan(10);
    await lives.first().locator('.stay').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('details-title')).not.toHaveText('NdisOffloadTcpSend');
    await page.screenshot({ path: screenshotPath('lists-connection-light.png') });
    await page.getByTestId('legend-toggle').press('Enter');
    await page.keyboard.press('Control+Shift+L');
    await page.keyboard.press('Control+Shift+L');
    await page.screenshot({ path: screenshotPath('lists-connection-dark.png') });
    await page.getByTestId('lists-scope').selectOption('');
    await expect(page.getByTestId('timeline')).not.toContainText('Lists of connection 0');
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});
