import { expect, test, type Page } from '@playwright/test';
import { mutantOf, recordMutant } from '../../harness/recordMutant';
import { recordScenario } from '../../harness/recordScenario';
import { openTrace, openViewer, watchProblems } from './viewerPage';

const clean = Buffer.from(recordScenario('transfer', { fileBytes: 60_000 }).bytes);
const bad = Buffer.from(recordMutant(mutantOf('SND-021')));

async function show(page: Page, name: string, bytes: Buffer): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openViewer(page);
  await openTrace(page, name, bytes);
  await page.keyboard.press('6');
}

test('a trace in which no rule is broken says what was looked at, and what could not be', async ({
  page,
}) => {
  const problems = watchProblems(page);
  await show(page, 'clean.sweep', clean);
  await expect(page.getByTestId('findings-none')).toContainText(/\d+ rules looked at [\d\s,]+ cases/);
  await expect(page.getByTestId('tab-findings')).toContainText('0');
  await page.screenshot({ path: 'test-results/screenshots/findings-none.png' });
  expect(problems).toEqual([]);
});

test('a finding argues its case, and keys lead to the records of its proof', async ({ page }) => {
  const problems = watchProblems(page);
  await show(page, 'bad.sweep', bad);
  const list = page.getByTestId('findings-list');
  await expect(list.getByRole('group', { name: /^SND-021 / })).toBeVisible();
  await list.getByRole('option', { selected: true }).focus();
  const first = list
    .getByRole('group', { name: /^SND-021 / })
    .getByRole('option')
    .first();
  await first.click();
  const shown = page.getByTestId('finding-page');
  await expect(shown).toHaveAttribute('data-rule', 'SND-021');
  await expect(page.getByTestId('finding-found')).toContainText('bytes transferred');
  await expect(shown).toContainText('nc-ndischimney-ndis_tcp_offload_send_complete');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('details-title')).toHaveText('NdisTcpOffloadSendComplete');
  const breaking = await page.getByTestId('details').getAttribute('data-event');
  await first.focus();
  await page.keyboard.press('e');
  await expect(page.getByTestId('details')).not.toHaveAttribute('data-event', breaking!);
  await first.focus();
  await page.keyboard.press('ArrowDown');
  await expect(list.getByRole('option', { selected: true })).toBeFocused();
  await expect(first).toHaveAttribute('aria-selected', 'false');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screenshots/findings-${colorScheme}.png` });
  }
  expect(problems).toEqual([]);
});

test('findings are grouped by rule, object or driver, and severities can be hidden', async ({ page }) => {
  await show(page, 'bad.sweep', bad);
  const list = page.getByTestId('findings-list');
  await page.getByTestId('findings-grouping').selectOption('driver');
  await expect(list.getByRole('group', { name: 'Offload target' })).toBeVisible();
  await page.getByTestId('findings-grouping').selectOption('object');
  await expect(list.getByRole('group', { name: /^TCP / })).toBeVisible();
  const broken = list.getByRole('option').filter({ hasText: 'bytes transferred' });
  await expect(broken).not.toHaveCount(0);
  await page.getByTitle('Show or hide each error').click();
  await expect(broken).toHaveCount(0);
});
