import { expect, test } from '@playwright/test';
import { recordScenario } from '../../harness/recordScenario';
import { openTrace, openViewer, watchProblems } from './viewerPage';

const { bytes, model } = recordScenario('first-sweep');
const trace = Buffer.from(bytes);

test.beforeEach(async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openViewer(page);
  await openTrace(page, 'first-sweep.sweep', trace);
});

test('the statistics count every call, sort by what is clicked, and lead to the longest call', async ({
  page,
}) => {
  const problems = watchProblems(page);
  await page.getByTestId('tab-statistics').click();
  const pane = page.getByTestId('statistics');
  const { handlers } = model.figures.calls;
  await expect(pane.getByRole('row')).toHaveCount(handlers.length + 1);
  await expect(pane.getByRole('columnheader', { name: 'Calls' })).toHaveAttribute('aria-sort', 'descending');
  await pane.getByRole('button', { name: 'Longest' }).click();
  await expect(pane.getByRole('columnheader', { name: 'Longest' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  const send = pane.getByRole('row', { name: /^NdisOffloadTcpSend / });
  await expect(send).toContainText('completion');
  await send.getByRole('button').last().click();
  await expect(page.getByTestId('details-title')).toHaveText('NdisOffloadTcpSend');
  const longest = model.calls.calls
    .filter(
      ({ functionName, completedBy }) => functionName === 'NdisOffloadTcpSend' && completedBy !== undefined,
    )
    .reduce((one, other) => {
      const latency = (call: typeof one): number => model.calls.at(call.completedBy!)!.start - call.start;
      return latency(other) > latency(one) ? other : one;
    });
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(longest.event));
  await expect(send).toHaveAttribute('aria-selected', 'true');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screenshots/statistics-${colorScheme}.png` });
  }
  expect(problems).toEqual([]);
});

test('the statistics are one stop of the Tab key, and arrows walk their cells', async ({ page }) => {
  await page.keyboard.press('5');
  const pane = page.getByTestId('statistics');
  await expect(pane.locator('[tabindex="0"]')).toHaveCount(1);
  await page.getByTestId('tab-statistics').focus();
  await page.keyboard.press('Tab');
  await expect(pane.getByRole('button', { name: 'Function' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(pane.getByRole('columnheader', { name: 'Function' })).toHaveAttribute(
    'aria-sort',
    'ascending',
  );
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  const calls = pane.getByRole('row').nth(1).getByRole('button').first();
  await expect(calls).toBeFocused();
  const name = await pane.getByRole('row').nth(1).getByRole('gridcell').first().innerText();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('details-title')).toHaveText(name.trim());
  await page.keyboard.press('Control+End');
  await expect(pane.getByRole('row').last().locator(':focus')).toHaveCount(1);
  await expect(pane.locator('[tabindex="0"]')).toHaveCount(1);
});
