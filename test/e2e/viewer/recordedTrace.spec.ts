import { expect, test } from '@playwright/test';
import { recordScenario } from '../../harness/recordScenario';
import { openTrace, openViewer, watchProblems } from './viewerPage';

test('a recording of the emulated stack opens in a plain browser, with the same content as in the desktop window', async ({
  page,
}) => {
  const problems = watchProblems(page);
  const { bytes, model } = recordScenario('first-sweep');
  await openViewer(page);
  await openTrace(page, 'first-sweep.sweep', Buffer.from(bytes));
  await expect(page.getByTestId('window')).toHaveAttribute('data-events', String(model.store!.length));
  await expect(page.getByTestId('summary')).toContainText('All 393216 bytes came back unchanged');
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'offloading');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screenshots/viewer-${colorScheme}.png` });
  }
  expect(problems).toEqual([]);
});

test('the host CPU pane draws the cost of both paths, and shows the same numbers as a table', async ({
  page,
}) => {
  const problems = watchProblems(page);
  const { bytes } = recordScenario('first-sweep');
  await openViewer(page);
  await openTrace(page, 'first-sweep.sweep', Buffer.from(bytes));
  await page.getByTestId('tab-host-cpu').click();
  const pane = page.getByTestId('host-cpu');
  await expect(pane.locator('canvas')).toBeVisible();
  await expect(pane).toContainText('Host path');
  await expect(pane).toContainText('Chimney');
  await page.getByTestId('host-cpu-table').click();
  const rows = pane.locator('tbody tr');
  await expect(rows.first()).toBeVisible();
  const percentages = (await rows.locator('td').allInnerTexts()).map((text) => Number.parseFloat(text));
  expect(percentages.filter((percentage) => percentage > 0).length).toBeGreaterThan(4);
  expect(problems).toEqual([]);
});

test('a recording that was cut opens up to the cut, with a notice', async ({ page }) => {
  const { bytes } = recordScenario('first-sweep');
  await openViewer(page);
  await openTrace(page, 'cut.sweep', Buffer.from(bytes.subarray(0, Math.floor(bytes.length * 0.6))));
  await expect(page.getByTestId('notices')).toContainText('This trace is incomplete');
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'offloading');
});
