import { expect, test, type Page } from '@playwright/test';
import { mutantOf, recordMutant } from '../../harness/recordMutant';
import { openTrace, openViewer, watchProblems } from './viewerPage';

const bad = Buffer.from(recordMutant(mutantOf('SND-021')));

async function show(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openViewer(page);
  await openTrace(page, 'bad.sweep', bad);
  await expect(page.getByTestId('finding-counter')).toContainText(/[1-9]/);
}

test('the summary counts findings by severity, says so once, and leads to them', async ({ page }) => {
  const problems = watchProblems(page);
  await show(page);
  const counter = page.getByTestId('finding-counter').getByRole('button');
  await expect(counter).toHaveAccessibleName(/^\d+ ?error ?\d+ ?warning$/);
  await expect(counter).toHaveAttribute('title', /^\d+\serrors?, \d+\swarnings?: show the findings$/);
  await expect(page.getByTestId('finding-words')).toHaveText(/^Findings: \d+\serrors?/);
  await counter.click();
  await expect(page.getByTestId('findings-list')).toBeVisible();
  expect(problems).toEqual([]);
});

test('an object of the state tree carries the findings up to the cursor, and a closed parent those below it', async ({
  page,
}) => {
  const problems = watchProblems(page);
  await show(page);
  const count = page.getByTestId('state-tcp').getByTestId('state-findings');
  await page.keyboard.press('F8');
  await expect(page.getByTestId('finding-page')).toBeVisible();
  const number = async (): Promise<number> =>
    Number(/^(\d+)\s/.exec((await count.locator('.visually-hidden').textContent())!)![1]);
  const first = await number();
  for (let press = 0; press < 4; press++) await page.keyboard.press('F8');
  await expect.poll(number).toBeGreaterThan(first);
  await page.screenshot({ path: 'test-results/screenshots/finding-state.png' });
  const last = await count.locator('.visually-hidden').textContent();
  const neighbor = page.getByTestId('state-neighbor');
  await expect(neighbor.getByTestId('state-findings')).toHaveCount(0);
  await neighbor.getByRole('button', { name: /^▸? ?Neighbor/ }).click();
  await expect(page.getByTestId('state-tcp')).toHaveCount(0);
  await expect(neighbor.getByTestId('state-findings')).toContainText(last!);
  await neighbor.getByRole('button', { name: /^▸? ?Neighbor/ }).click();
  await page.getByTestId('tab-throughput').click();
  await page.getByTestId('findings-of-tcp').getByTestId('finding-link').first().click();
  await expect(page.getByTestId('finding-page')).toBeVisible();
  expect(problems).toEqual([]);
});

test('the details of an event name the findings that it is part of', async ({ page }) => {
  await show(page);
  await page.keyboard.press('F8');
  const findings = page.getByTestId('event-findings');
  await expect(findings).toBeVisible();
  await page.getByTestId('finding-page').getByRole('listitem').getByRole('button').first().click();
  await expect(findings).toContainText('(part of the proof)');
});

test('keys alone lead to the findings, their page, their proof and back', async ({ page }) => {
  await show(page);
  await page.getByTestId('timeline-canvas').focus();
  await page.keyboard.press('6');
  const selected = page.getByTestId('findings-list').getByRole('option', { selected: true });
  for (
    let press = 0;
    press < 40 && (await selected.evaluate((row) => row !== document.activeElement));
    press++
  )
    await page.keyboard.press('Tab');
  await expect(selected).toBeFocused();
  await page.keyboard.press('End');
  await expect(selected).toBeFocused();
  const rule = await page.getByTestId('finding-page').getAttribute('data-rule');
  await page.keyboard.press('Home');
  await expect(selected).toBeFocused();
  await expect(page.getByTestId('finding-page')).not.toHaveAttribute('data-rule', rule!);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('event-findings')).toBeVisible();
  const breaking = await page.getByTestId('details').getAttribute('data-event');
  await page.keyboard.press('e');
  await expect(page.getByTestId('details')).not.toHaveAttribute('data-event', breaking!);
  await page.keyboard.press('Alt+ArrowLeft');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', breaking!);
});
