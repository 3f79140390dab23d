import { expect, test } from '@playwright/test';
import { recordScenario } from '../../harness/recordScenario';
import { openTrace, openViewer, watchProblems } from './viewerPage';

const { bytes, model } = recordScenario('first-sweep');
const trace = Buffer.from(bytes);
const sends = model.calls.calls.filter(({ functionName }) => functionName === 'NdisOffloadTcpSend');

let problems: string[];

test.beforeEach(async ({ page }) => {
  problems = watchProblems(page);
  await page.setViewportSize({ width: 1280, height: 800 });
  await openViewer(page);
  await openTrace(page, 'first-sweep.sweep', trace);
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

test('an expression filters the calls, Enter goes from match to match, Escape clears', async ({ page }) => {
  await page.keyboard.press('/');
  const field = page.getByTestId('calls-filter');
  await expect(field).toBeFocused();
  await field.fill('handler == "NdisOffloadTcpSend" && bytes > 1K');
  await expect(page.getByTestId('calls-count')).toHaveText(
    `${sends.length} of ${model.calls.calls.length} calls`,
  );
  const details = page.getByTestId('details');
  for (const send of [sends[0]!, sends[1]!]) {
    await page.keyboard.press('Enter');
    await expect(details).toHaveAttribute('data-event', String(send.event));
  }
  await page.keyboard.press('Shift+Enter');
  await expect(details).toHaveAttribute('data-event', String(sends[0]!.event));
  await page.keyboard.press('Shift+Enter');
  await expect(details).toHaveAttribute('data-event', String(sends.at(-1)!.event));
  await expect(page.getByTestId('calls').getByRole('row', { selected: true })).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screenshots/filter-${colorScheme}.png` });
  }
  await page.keyboard.press('Escape');
  await expect(field).toHaveValue('');
  await expect(page.getByTestId('calls-count')).toHaveText(`${model.calls.calls.length} calls`);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('grid', { name: 'Calls' })).toBeFocused();
});

test('a mistake stands under its place, and nothing is filtered meanwhile', async ({ page }) => {
  await page.keyboard.press('/');
  const text = 'bytes > 64K && statuss != SUCCESS';
  await page.getByTestId('calls-filter').fill(text);
  await expect(page.getByTestId('calls-problem')).toContainText('Did you mean `status`?');
  await expect(page.getByTestId('calls-filter')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByTestId('calls-count')).toContainText('not filtered');
  const marks = page.getByTestId('calls-marks');
  await expect(marks).toHaveText('^^^^^^^');
  // The marks begin where the wrong word begins in the field, which is in the same fixed-width font.
  const field = (await page.getByTestId('calls-filter').boundingBox())!;
  const place = (await marks.boundingBox())!;
  const character = place.width / 'statuss'.length;
  expect(Math.abs(place.x - (field.x + 9 + text.indexOf('statuss') * character))).toBeLessThan(2);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screenshots/filter-mistake-${colorScheme}.png` });
  }
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(page.getByTestId('calls-problem')).toHaveCount(0);
});

test('an expression can be written with the arrows and Enter alone', async ({ page }) => {
  await page.keyboard.press('/');
  const list = page.getByRole('listbox');
  await page.keyboard.type('hand');
  await expect(list.getByRole('option').first()).toContainText('handler');
  await page.keyboard.press('ArrowDown');
  await expect(list.getByRole('option').first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  const field = page.getByTestId('calls-filter');
  await expect(field).toHaveValue('handler ');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(field).toHaveValue('handler == ');
  await page.keyboard.type('NdisOffloadTcpS');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screenshots/filter-completion-${colorScheme}.png` });
  }
  await page.keyboard.press('Tab');
  await expect(field).toHaveValue('handler == NdisOffloadTcpSend ');
  await expect(page.getByTestId('calls-count')).toContainText(`${sends.length} of `);
  await expect(list).toHaveCount(0);
});

test('events that are no calls are counted and can be gone to', async ({ page }) => {
  const resent = model.frames.frames.filter(({ retransmission, forwarded }) => retransmission && !forwarded);
  await page.keyboard.press('/');
  await page.getByTestId('calls-filter').fill('retransmission && !forwarded');
  await expect(page.getByTestId('calls-count')).toContainText('0 of ');
  await expect(page.getByTestId('calls-others')).toContainText(`${resent.length} other events`);
  await page.keyboard.press('Enter');
  const events = resent.map(({ event }) => String(event));
  expect(events).toContain(await page.getByTestId('details').getAttribute('data-event'));
  await page.getByTestId('calls-others').click();
  expect(events).toContain(await page.getByTestId('details').getAttribute('data-event'));
});
