import { expect, test } from '@playwright/test';
import { screenshotPath, startDesktop, traceIsShown } from './desktop';

test('faults are added, changed, taken away and put back by keys; the recording carries them, and their notes are told', async () => {
  const desktop = await startDesktop();
  const { page } = desktop;
  try {
    // The demonstration that the app starts with.
    await traceIsShown(page);
    await page.keyboard.press('Control+n');
    await page.getByTestId('scenario-dialog').getByTestId('scenario-transfer').click();
    await page.getByTestId('add-fault').press('Enter');
    await expect(page.locator('#fault-kind')).toBeFocused();
    await page.getByTestId('fault-kind').selectOption('drop-completion');
    await page.getByTestId('save-fault').press('Enter');
    await expect(page.getByTestId('fault-request-problem')).toHaveText('Request is missing.');
    await page.getByTestId('fault-request').selectOption('send');
    await page.getByTestId('fault-when').focus();
    await page.keyboard.type('function == "MiniportTcpOffloadS');
    await expect(page.getByTestId('completions')).toBeVisible();
    await page.screenshot({ path: screenshotPath('faults-form-light.png') });
    await page.keyboard.press('Tab');
    await expect(page.getByTestId('fault-when')).toHaveValue(/^function == "MiniportTcpOffloadSend"/);
    await page.getByTestId('fault-times').fill('many');
    await page.getByTestId('fault-times').press('Enter');
    await expect(page.getByTestId('fault-times-problem')).toBeVisible();
    await page.getByTestId('fault-times').fill('2');
    await page.getByTestId('fault-times').press('Enter');
    await expect(page.getByTestId('fault')).toHaveText([/drop-completion request=send when=.*times=2/]);

    await page.getByTestId('add-fault').press('Enter');
    await page.getByTestId('fault-kind').selectOption('stall');
    await page.getByTestId('fault-for').fill('5ms');
    await page.getByTestId('fault-at').fill('3ms');
    await page.getByTestId('fault-at').press('Enter');
    await expect(page.getByTestId('fault')).toHaveCount(2);
    await page.getByTestId('remove-fault').first().press('Enter');
    await expect(page.getByTestId('fault')).toHaveCount(1);
    await expect(page.getByTestId('undo-fault')).toBeFocused();
    await page.keyboard.press('Control+z');
    await expect(page.getByTestId('fault')).toHaveCount(2);
    await page.screenshot({ path: screenshotPath('faults-list-light.png') });

    await page.getByTestId('start-recording').press('Enter');
    await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
    await traceIsShown(page);
    await page.keyboard.press('3');
    const faults = page.locator('[data-testid="milestone"][data-kind="fault"]');
    await expect(faults).toHaveCount(3);
    await expect(faults.filter({ hasText: 'Fault 1, drop-completion' })).toHaveCount(2);
    await expect(faults.filter({ hasText: 'Fault 2, stall' })).toHaveCount(1);
    await faults.first().click();
    await expect(page.getByTestId('details')).toContainText('drop-completion');
    await page.keyboard.press('Control+Shift+L');
    await page.keyboard.press('Control+Shift+L');
    await page.screenshot({ path: screenshotPath('faults-milestones-dark.png') });
    await page.keyboard.press('Control+n');
    await page.getByRole('button', { name: /^Change fault 2/ }).press('Enter');
    await page.screenshot({ path: screenshotPath('faults-form-dark.png') });
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('save-fault')).toHaveCount(0);
    await expect(page.getByTestId('scenario-dialog')).toBeVisible();
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});
