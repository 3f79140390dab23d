import { expect, test } from '@playwright/test';
import { screenshotPath, startDesktop, traceIsShown, type Desktop } from './desktop';

let desktop: Desktop;

test.beforeAll(async () => {
  desktop = await startDesktop();
  await traceIsShown(desktop.page);
});

test.afterAll(async () => {
  await desktop.close();
});

test('npm start records the demonstration and shows what happened', async () => {
  const { page } = desktop;
  await expect(page.getByTestId('trace-title')).toContainText('First sweep');
  await expect(page.getByTestId('verdict')).toHaveText('Succeeded');
  await expect(page.getByTestId('summary')).toContainText('All 393216 bytes came back unchanged');
  await expect(page.getByTestId('hashes')).toContainText('equal');
  for (const lane of ['NDIS', 'Host TCP/IP stack', 'Offload target', 'Connection 0', 'Wire']) {
    await expect(page.getByTestId('timeline').getByText(lane, { exact: true }).first()).toBeVisible();
  }
});

test('the recording holds four NdisSetOptionalHandlers calls with their decoded structures', async () => {
  const { page } = desktop;
  await page.getByTestId('tab-calls').click();
  await page.getByTestId('calls-filter').fill('NdisSetOptionalHandlers');
  await expect(page.getByTestId('calls-count')).toContainText('4');
  await page.getByTestId('calls').getByText('NdisSetOptionalHandlers').first().click();
  await expect(page.getByTestId('details-title')).toHaveText('NdisSetOptionalHandlers');
  const details = page.getByTestId('details');
  await expect(details).toContainText('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS');
  await expect(details).toContainText('NDIS_STATUS_SUCCESS');
  await page.getByTestId('calls-filter').fill('');
  await page.getByTestId('tab-throughput').click();
});

test('the offload is a tree of blocks; request and completion lead to each other', async () => {
  const { page } = desktop;
  await page.getByTestId('tab-calls').click();
  await page.getByTestId('calls-filter').fill('MiniportInitiateOffload');
  await page.getByTestId('calls').getByText('MiniportInitiateOffload').first().click();
  await expect(page.getByTestId('block-list')).toContainText('Neighbor 192.0.2.2');
  await page.getByTestId('completed-by').getByRole('button').click();
  await expect(page.getByTestId('details-title')).toHaveText('NdisMInitiateOffloadComplete');
  await page.getByTestId('completes').getByRole('button').first().click();
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await page.getByTestId('calls-filter').fill('');
  await page.getByTestId('tab-throughput').click();
});

test('the state tree shows who owns the connection at the cursor', async () => {
  const { page } = desktop;
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'offloading');
  await expect(page.getByTestId('state-tcp')).toContainText('SndUna');
  await page.getByTestId('tab-milestones').click();
  await page.getByTestId('milestones').getByText('The chimney has the connection').click();
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'target');
  await page.getByTestId('milestones').getByText('The connection is closed').click();
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'host');
  await page.getByTestId('tab-throughput').click();
});

test('the statistics of the recording lead to its calls', async () => {
  const { page } = desktop;
  await page.getByTestId('tab-statistics').click();
  const rows = page.getByTestId('statistics').getByRole('row', { name: /^NdisSetOptionalHandlers / });
  // One for each of the two drivers that call it.
  await expect(rows).toHaveCount(2);
  const row = rows.first();
  await row.getByRole('button', { name: '2', exact: true }).click();
  await expect(page.getByTestId('details-title')).toHaveText('NdisSetOptionalHandlers');
  await page.getByTestId('tab-throughput').click();
});

test('the calls are filtered by an expression, and Enter goes to the first match', async () => {
  const { page } = desktop;
  await page.getByTestId('timeline-canvas').focus();
  await page.keyboard.press('/');
  await page.getByTestId('calls-filter').fill('handler == MiniportInitiateOffload');
  await expect(page.getByTestId('calls-count')).toHaveText(/^[1-9]\d* of /);
  await page.getByTestId('calls-filter').press('Enter');
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await page.getByTestId('calls-filter').fill('');
  await page.getByTestId('tab-throughput').click();
});

test('keys zoom, pan and follow the chain', async () => {
  const { page } = desktop;
  await page.getByTestId('timeline-canvas').focus();
  await page.keyboard.press('Home');
  const event = () => page.getByTestId('details').getAttribute('data-event');
  const before = await event();
  await page.keyboard.press(',');
  expect(await event()).not.toBe(before);
  await page.keyboard.press('.');
  expect(await event()).toBe(before);
  for (const key of ['w', 'w', 'd', 'a', 's', 'f', 'Home']) await page.keyboard.press(key);
  await page.keyboard.press('?');
  await expect(page.getByTestId('help-dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('help-dialog')).toBeHidden();
});

for (const theme of ['light', 'dark'] as const) {
  test(`looks like a product in ${theme}`, async () => {
    const { page } = desktop;
    await page.emulateMedia({ colorScheme: theme });
    await page.getByTestId('tab-milestones').click();
    await page.getByTestId('milestones').getByText('The chimney has the connection').click();
    await page.getByTestId('tab-throughput').click();
    await page.screenshot({ path: screenshotPath(`desktop-${theme}.png`) });
    await expect(page.getByTestId('throughput')).toBeVisible();
  });
}

test('nothing was complained about', () => {
  expect(desktop.problems).toEqual([]);
});
