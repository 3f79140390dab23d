import path from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { expect, test } from '@playwright/test';
import { mutantOf, recordMutant } from '../../harness/recordMutant';
import { recordScenario } from '../../harness/recordScenario';
import { syntheticTrace } from '../../harness/syntheticTrace';
import { dropFile, openTrace, openViewer, viewerAddress, watchProblems } from './viewerPage';

const trace = Buffer.from(syntheticTrace());
const clean = Buffer.from(recordScenario('transfer', { fileBytes: 60_000 }).bytes);
const bad = Buffer.from(recordMutant(mutantOf('SND-021')));

test('the first screen says that files stay here, and asks nobody but its own server', async ({ page }) => {
  const problems = watchProblems(page);
  const foreign: string[] = [];
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(viewerAddress()).origin) foreign.push(request.url());
  });
  await openViewer(page);
  await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'empty');
  await expect(page.getByTestId('privacy')).toContainText('Files stay in this browser');
  await expect(page.getByTestId('record')).toHaveCount(0);
  await openTrace(page, 'first.sweep', trace);
  expect(foreign).toEqual([]);
  expect(problems).toEqual([]);
});

test('a dropped trace opens: summary, lanes, state and the telling call', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await expect(page.getByTestId('trace-title')).toContainText('First sweep');
  await expect(page.getByTestId('trace-title')).toContainText('seed 7');
  await expect(page.getByTestId('verdict')).toHaveText('Succeeded');
  await expect(page.getByTestId('hashes')).toContainText('equal');
  for (const lane of ['tcpip.sys', 'ndis.sys', 'soot.sys', 'Connection 0', 'Wire']) {
    await expect(page.getByTestId('timeline').getByText(lane, { exact: true })).toBeVisible();
  }
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await expect(page.getByTestId('block-list')).toContainText('Neighbor 192.0.2.2');
  await expect(page.getByTestId('state-tcp')).toContainText('SndUna');
});

test('the lanes have bars of more than one colour', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  const colors = await page
    .getByTestId('timeline-canvas')
    .locator('canvas')
    .first()
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const counts = new Map<string, number>();
      for (let at = 0; at < data.length; at += 4) {
        const color = `${data[at]},${data[at + 1]},${data[at + 2]}`;
        counts.set(color, (counts.get(color) ?? 0) + 1);
      }
      return [...counts.values()].filter((count) => count > 150).length;
    });
  expect(colors).toBeGreaterThanOrEqual(6);
});

test('a trace can be named by the address', async ({ page }) => {
  await page.route('**/traces/demo.sweep', (route) => route.fulfill({ body: trace }));
  await openViewer(page, '?trace=traces/demo.sweep');
  await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'ready');
  await expect(page.getByTestId('trace-title')).toContainText('demo.sweep');
});

test('an address that leads nowhere is said in words', async ({ page }) => {
  await openViewer(page, '?trace=nowhere.sweep');
  await expect(page.getByTestId('notice-error')).toContainText(
    'nowhere.sweep could not be loaded: the server answers 404',
  );
  await expect(page.getByTestId('welcome')).toBeVisible();
});

test('a file is opened by the button', async ({ page }) => {
  await openViewer(page);
  const chooser = page.waitForEvent('filechooser');
  await page.getByTestId('open').click();
  await (
    await chooser
  ).setFiles({ name: 'chosen.sweep', mimeType: 'application/octet-stream', buffer: trace });
  await expect(page.getByTestId('trace-title')).toContainText('chosen.sweep');
});

test('a file that is no trace is refused and the open trace stays', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await dropFile(page, 'letter.sweep', Buffer.from('Dear all, this is no trace.'));
  await expect(page.getByTestId('notice-error')).toContainText(
    'letter.sweep: This is not a Chimneysweep trace',
  );
  await expect(page.getByTestId('trace-title')).toContainText('first.sweep');
  await dropFile(page, 'picture.png', Buffer.from('not a picture'));
  await expect(page.getByTestId('notice-error')).toContainText('picture.png is no trace.');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByTestId('notice-error')).toHaveCount(0);
});

test('a cut trace opens up to the cut, with a warning', async ({ page }) => {
  const long = syntheticTrace({ sends: 1500 });
  await openViewer(page);
  await openTrace(page, 'cut.sweep', long.subarray(0, long.length - 2000));
  await expect(page.getByTestId('notice-warning')).toContainText('This trace is incomplete');
  await expect(page.getByTestId('verdict')).toHaveText('Incomplete');
  expect(Number(await page.getByTestId('window').getAttribute('data-events'))).toBeGreaterThan(1000);
});

test('the keyboard alone walks from the request to its completion and into the table', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await page.keyboard.press(']');
  await expect(page.getByTestId('details-title')).toHaveText('NdisMInitiateOffloadComplete');
  await expect(page.getByTestId('completes')).toContainText('MiniportInitiateOffload');
  await expect(page.getByTestId('spoken')).toContainText('completes MiniportInitiateOffload after');
  await page.keyboard.press('[');
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await page.keyboard.press('.');
  await expect(page.getByTestId('details-title')).toHaveText('MiniportTcpOffloadSend');
  await expect(page.getByTestId('net-buffer-lists')).toContainText('bytes');
  await page.keyboard.press('Alt+ArrowLeft');
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await page.keyboard.press('t');
  await expect(page.getByTestId('calls').getByRole('row', { selected: true })).toContainText(
    'MiniportInitiateOffload',
  );
  await page.keyboard.press('/');
  await expect(page.getByTestId('calls-filter')).toBeFocused();
  await page.keyboard.type('setoptional');
  await expect(page.getByTestId('calls-count')).toHaveText(/^2 of /);
  // Letters are text while typing: none of them moved the selection.
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await page
    .getByTestId('calls')
    .getByRole('row', { name: /NdisSetOptionalHandlers/ })
    .last()
    .click();
  await expect(page.getByTestId('details')).toContainText(
    'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
  );
});

test('ownership follows the cursor, and last writers lead to their event', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'host');
  await page.getByTestId('tab-milestones').click();
  await page.getByTestId('milestones').getByText('Offload accepted').click();
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'target');
  await page.getByTestId('milestones').getByText('The host stack owns').click();
  await expect(page.getByTestId('state-tcp')).toHaveAttribute('data-owner', 'host');
  await page
    .getByTestId('state-tcp')
    .getByRole('row', { name: /CWnd/ })
    .getByTitle(/^Last written by/)
    .click();
  await expect(page.getByTestId('details-title')).toContainText('variables written');
});

test('a lost frame shows its fate, headers and bytes', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await page.getByTestId('summary').getByRole('button', { name: /lost/ }).click();
  const details = page.getByTestId('details');
  await expect(page.getByTestId('details-title')).toContainText('TCP: 49152 → 7 [PSH, ACK]');
  await expect(details).toContainText('lost');
  await expect(details).toContainText('192.0.2.1');
  await expect(details.getByRole('group', { name: /128 bytes in hexadecimal/ })).toBeVisible();
});

test('clicking, wheel and keys move the timeline', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  const overview = page.getByTestId('overview');
  const whole = await overview.getAttribute('aria-valuetext');
  const field = page.getByTestId('timeline-canvas');
  await field.hover({ position: { x: 300, y: 80 } });
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await expect(overview).not.toHaveAttribute('aria-valuetext', whole!);
  const zoomed = await overview.getAttribute('aria-valuetext');
  await page.keyboard.press('d');
  await expect(overview).not.toHaveAttribute('aria-valuetext', zoomed!);
  await page.keyboard.press('0');
  await expect(overview).toHaveAttribute('aria-valuetext', whole!);
  // The middle of the ruler is the middle of the trace, which lasts 1.157 ms.
  const box = (await field.boundingBox())!;
  await field.click({ position: { x: box.width / 2, y: 10 } });
  await expect(page.getByTestId('state-tree')).toContainText(/at 57\d\.\d\d\d\sµs/);
});

test('throughput has a table twin', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await page.getByTestId('throughput-table').click();
  const table = page.getByTestId('throughput').getByRole('table');
  await expect(table.getByRole('columnheader', { name: 'Chimney, sent, Mbit/s' })).toBeVisible();
  expect(await table.getByRole('row').count()).toBeGreaterThan(5);
});

test('help lists the commands, and single letters can be switched off', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await page.keyboard.press('?');
  const help = page.getByTestId('help-dialog');
  await expect(help).toContainText('Forward: to the completion');
  await page.getByTestId('single-keys').uncheck();
  await page.keyboard.press('Escape');
  await expect(help).toHaveCount(0);
  await page.keyboard.press('t');
  await expect(page.getByTestId('tab-calls')).toHaveAttribute('aria-selected', 'false');
  await page.keyboard.press('Control+Shift+P');
  await page.getByRole('combobox', { name: 'Command' }).fill('calls as a table');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('tab-calls')).toHaveAttribute('aria-selected', 'true');
});

test('sizes and theme survive a reload; broken ones fall back', async ({ page }) => {
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  await page.getByTestId('theme').click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.getByTestId('theme').click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const splitter = page.getByRole('separator', { name: 'Width of the timeline' });
  const before = Number(await splitter.getAttribute('aria-valuenow'));
  await splitter.focus();
  for (let press = 0; press < 8; press++) await page.keyboard.press('ArrowLeft');
  const after = Number(await splitter.getAttribute('aria-valuenow'));
  expect(after).toBeLessThan(before);
  await openViewer(page);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await openTrace(page, 'first.sweep', trace);
  expect(Number(await splitter.getAttribute('aria-valuenow'))).toBe(after);
  await page.evaluate(() => {
    localStorage.setItem('chimneysweep.layout', '{"sideWidth":"wide"');
    localStorage.setItem('chimneysweep.theme', '"purple"');
  });
  await openViewer(page);
  await openTrace(page, 'first.sweep', trace);
  expect(Number(await splitter.getAttribute('aria-valuenow'))).toBe(before);
});

for (const scheme of ['light', 'dark'] as const) {
  test(`nothing that a machine can find is inaccessible in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await openViewer(page);
    // Injected by evaluation: the page's own policy lets no foreign script element in.
    const check = async (place: string): Promise<void> => {
      await page.evaluate(axe.source);
      const violations = await page.evaluate(async () => {
        const { axe: engine } = window as unknown as { axe: typeof axe };
        const result = await engine.run();
        return result.violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`,
        );
      });
      expect(violations, place).toEqual([]);
    };
    await check('welcome');
    await openTrace(page, 'first.sweep', trace);
    await check('throughput');
    await page.getByTestId('tab-calls').click();
    await check('calls');
    await page.getByTestId('calls-filter').fill('handler == "x" && ');
    await expect(page.getByTestId('calls-problem')).toBeVisible();
    await page.keyboard.press('Control+Space');
    await expect(page.getByTestId('completions')).toBeVisible();
    await check('a mistake and what could be written');
    await page.getByTestId('calls-filter').fill('');
    await page.getByTestId('tab-milestones').click();
    await check('milestones');
    await page.getByTestId('tab-host-cpu').click();
    await check('host CPU');
    await page.getByTestId('host-cpu-table').click();
    await check('host CPU as a table');
    await page.getByTestId('tab-statistics').click();
    await check('statistics');
    await page.getByTestId('summary').getByRole('button', { name: /lost/ }).click();
    await check('frame');
    await page.getByTestId('help').click();
    await check('help');
    await page.keyboard.press('Escape');
    await openTrace(page, 'clean.sweep', clean);
    await page.getByTestId('tab-findings').click();
    await expect(page.getByTestId('findings-none')).toBeVisible();
    await check('no findings');
    await openTrace(page, 'bad.sweep', bad);
    await page.getByTestId('finding-counter').getByRole('button').click();
    await page.getByTestId('findings-list').getByRole('option').first().dblclick();
    await expect(page.getByTestId('finding-page')).toBeVisible();
    await expect(page.getByTestId('event-findings')).toBeVisible();
    await check('findings');
  });
}

test('the single file works from disk', async ({ page }, testInfo) => {
  const problems = watchProblems(page);
  const file = path.resolve(testInfo.project.testDir, '../../../out/viewer/chimneysweep-viewer.html');
  await page.goto(pathToFileURL(file).href);
  await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
  await openTrace(page, 'first.sweep', trace);
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  expect(problems).toEqual([]);
});
