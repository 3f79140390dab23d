import { expect, test, type Page } from '@playwright/test';
import { stretchOf } from '../../../renderer/stores/stretch';
import { fitStretch, pixelOf, wholeTrace } from '../../../renderer/timeline/viewport';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { implementedRules } from '../../../shared/rules/rules';
import { StoreCheck } from '../../../shared/rules/engine/storeCheck';
import { readTrace } from '../../harness/readTrace';
import { mutantOf, recordMutant } from '../../harness/recordMutant';
import { openTrace, openViewer, watchProblems } from './viewerPage';

const bytes = recordMutant(mutantOf('SND-021'));
const model = readTrace(bytes);
const store = model.store!;
const checker = new RuleChecker(implementedRules);
const check = new StoreCheck(store, checker);
while (check.advance(() => false));
check.finish();
const broken = checker.findings.find(({ rule }) => rule === 'SND-021')!;
const event = broken.events.at(-1)!;

async function show(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openViewer(page);
  await openTrace(page, 'bad.sweep', Buffer.from(bytes));
  await expect(page.getByTestId('tab-findings')).toContainText(String(checker.findings.length));
}

/** Where the mark of the finding stands in the overview. */
async function overviewMark(page: Page): Promise<{ x: number; y: number }> {
  const box = (await page.getByTestId('overview').boundingBox())!;
  const x = pixelOf(wholeTrace(store.lastTime), box.width, store.time(event));
  return { x: box.x + x, y: box.y + box.height - 8 };
}

/** Moves the pointer down the lanes at the time of the finding until a tooltip tells of it. */
async function findMark(page: Page): Promise<{ x: number; y: number } | undefined> {
  const box = (await page.getByTestId('timeline-canvas').boundingBox())!;
  const { start, end } = stretchOf(model, event);
  const x = box.x + pixelOf(fitStretch(start, end, 2000, store.lastTime), box.width, store.time(event));
  const tooltip = page.getByTestId('timeline-tooltip').filter({ hasText: 'SND-021' });
  for (let y = box.y + 30; y < box.y + box.height; y += 5) {
    await page.mouse.move(x, y);
    if ((await tooltip.count()) > 0) return { x, y };
  }
  return undefined;
}

test('a mark in the overview tells its rule, and a click shows the finding and its event', async ({
  page,
}) => {
  const problems = watchProblems(page);
  await show(page);
  const { x, y } = await overviewMark(page);
  await page.mouse.move(x, y);
  await expect(page.getByTestId('overview')).toHaveAttribute('title', /^[A-Z]{3}-\d{3} \w+/);
  const title = (await page.getByTestId('overview').getAttribute('title'))!;
  await page.mouse.click(x, y);
  await expect(page.getByTestId('finding-page')).toHaveAttribute('data-rule', title.slice(0, 7));
  await expect(page.getByTestId('details')).not.toHaveAttribute('data-event', '');
  expect(problems).toEqual([]);
});

test('the row of a record that breaks a rule carries a mark, which goes when its severity is hidden', async ({
  page,
}) => {
  const problems = watchProblems(page);
  await show(page);
  await page.keyboard.press('6');
  await page
    .getByTestId('findings-list')
    .getByRole('group', { name: /^SND-021 / })
    .getByRole('option')
    .first()
    .dblclick();
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(event));
  await page.keyboard.press('f');
  const mark = await findMark(page);
  expect(mark).toBeDefined();
  await expect(page.getByTestId('timeline-tooltip')).toContainText('NdisTcpOffloadSendComplete');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screenshots/marks-${colorScheme}.png` });
  }
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'light' });
  await page.screenshot({ path: 'test-results/screenshots/marks-forced.png' });
  await page.emulateMedia({ forcedColors: 'none' });
  await page.keyboard.press('Escape');
  await page.getByTestId('tab-throughput').click();
  await page.mouse.move(0, 0);
  await page.mouse.click(mark!.x, mark!.y);
  await expect(page.getByTestId('finding-page')).toHaveAttribute('data-rule', 'SND-021');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(event));
  await page.getByTitle('Show or hide each error').click();
  expect(await findMark(page)).toBeUndefined();
  expect(problems).toEqual([]);
});

test('F8 and Shift+F8 walk through the findings in time', async ({ page }) => {
  await show(page);
  await page.getByTestId('timeline-canvas').focus();
  await page.keyboard.press('F8');
  await expect(page.getByTestId('finding-page')).toBeVisible();
  const events = [...checker.findings].map(({ events: all }) => all.at(-1)!).sort((a, b) => a - b);
  for (let press = 0; press <= events.length; press++) await page.keyboard.press('Shift+F8');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(events[0]));
  for (let press = 0; press <= events.length; press++) await page.keyboard.press('F8');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(events.at(-1)));
});
