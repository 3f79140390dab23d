/** The structure view: members and bytes of what a recorded call was given, marked both ways, and copying. */
import axe from 'axe-core';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { recordScenario } from '../../harness/recordScenario';
import { openTrace, openViewer, watchProblems } from './viewerPage';

const trace = Buffer.from(recordScenario('first-sweep').bytes);

/** Opens the trace at its telling call and unfolds the TCP connection's state. */
async function openDelegatedState(page: Page): Promise<Locator> {
  await openViewer(page);
  await openTrace(page, 'first-sweep.sweep', trace);
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
  await page.getByTestId('details').getByRole('button', { name: 'Expand all' }).click();
  const structure = page.locator('[data-structure="TCP_OFFLOAD_STATE_DELEGATED"]');
  await expect(structure.getByRole('treegrid')).toBeVisible();
  return structure;
}

const member = (structure: Locator, path: string): Locator => structure.locator(`[data-path="${path}"]`);
const byte = (structure: Locator, at: number): Locator => structure.locator(`.byte[data-at="${at}"]`);
const markedBytes = (structure: Locator): Promise<number[]> =>
  structure
    .locator('.byte.marked')
    .evaluateAll((elements) => elements.map((element) => Number((element as HTMLElement).dataset['at'])));

test('members carry offset, value, unit and class, and a header has its members instead of a summary', async ({
  page,
}) => {
  const structure = await openDelegatedState(page);
  await expect(member(structure, 'State')).toContainText('TcpConnectionEstablished');
  await expect(member(structure, 'State')).toContainText('+08');
  await expect(member(structure, 'SndUna')).toContainText('sequence number');
  await expect(member(structure, 'CWnd')).toContainText('delegated');
  await expect(member(structure, 'Header')).not.toContainText('Length 128');
  await expect(member(structure, 'Header.Length')).toContainText('128 bytes');
});

test('pointing at a member marks its bytes and names it', async ({ page }) => {
  const structure = await openDelegatedState(page);
  await member(structure, 'CWnd').hover();
  await expect.poll(() => markedBytes(structure)).toEqual([0x30, 0x31, 0x32, 0x33]);
  await expect(structure.getByTestId('structure-spoken')).toContainText('CWnd = ');
  await page.mouse.move(5, 5);
  await expect.poll(() => markedBytes(structure)).toEqual([]);
});

test('pointing at a byte marks its member', async ({ page }) => {
  const structure = await openDelegatedState(page);
  await byte(structure, 0x32).hover();
  await expect(member(structure, 'CWnd')).toHaveClass(/marked/);
  await expect(structure.getByTestId('structure-spoken')).toContainText('Byte 50: CWnd = ');
});

test('the keyboard walks through members and bytes, and each side marks the other', async ({ page }) => {
  const structure = await openDelegatedState(page);
  await member(structure, 'Header').focus();
  await page.mouse.move(5, 5);
  for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowDown');
  await expect(member(structure, 'State')).toBeFocused();
  await expect.poll(() => markedBytes(structure)).toEqual([8, 9, 10, 11]);
  await page.keyboard.press('Enter');
  await expect(member(structure, 'State')).toHaveAttribute('aria-expanded', 'true');
  await expect(member(structure, 'State')).toContainText('TCP_OFFLOAD_CONNECTION_STATE');
  await page.keyboard.press('ArrowLeft');
  await expect(member(structure, 'State')).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Tab');
  await expect(byte(structure, 0)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(byte(structure, 17)).toBeFocused();
  await expect(member(structure, 'RcvNxt')).toHaveClass(/marked/);
  await expect(structure.getByTestId('structure-spoken')).toContainText('Byte 17: RcvNxt = ');
  // None of these keys moved the selection.
  await expect(page.getByTestId('details-title')).toHaveText('MiniportInitiateOffload');
});

test('all alternatives of a union are shown, and the call decides which one is live', async ({ page }) => {
  const structure = await openDelegatedState(page);
  await expect(member(structure, 'SendDataHead').locator('.role')).toHaveText('live');
  await expect(member(structure, 'SendBacklogSize').locator('.role')).toHaveText('not live');
  await byte(structure, 0x60).hover();
  await expect(member(structure, 'SendDataHead')).toHaveClass(/marked/);
});

test('a structure can be copied as text, JSON and C', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const structure = await openDelegatedState(page);
  const copied = async (form: string): Promise<string> => {
    await structure
      .getByRole('button', { name: `Copy TCP_OFFLOAD_STATE_DELEGATED as ${form}`, exact: true })
      .click();
    await expect(page.getByTestId('spoken')).toContainText(`${form}: copied.`);
    return page.evaluate(() => navigator.clipboard.readText());
  };
  expect(await copied('C')).toContain('.State = TcpConnectionEstablished,');
  expect(await copied('text')).toMatch(/\+030 +CWnd +\d+ bytes/);
  const json = JSON.parse(await copied('JSON')) as { structure: string; members: { member: string }[] };
  expect(json.structure).toBe('TCP_OFFLOAD_STATE_DELEGATED');
  expect(json.members.map((one) => one.member)).toContain('Header.RecognizedOptions');
});

test('the bytes can be put away, for all structures and for good', async ({ page }) => {
  const structure = await openDelegatedState(page);
  await structure.getByRole('button', { name: 'bytes', exact: true }).click();
  await expect(page.getByTestId('byte-dump')).toHaveCount(0);
  const again = await openDelegatedState(page);
  await expect(again.getByRole('treegrid')).toBeVisible();
  await expect(page.getByTestId('byte-dump')).toHaveCount(0);
});

test('blocks open and close together, each in one line of the same height', async ({ page }) => {
  const structure = await openDelegatedState(page);
  const list = page.getByTestId('block-list');
  await page.getByTestId('details').getByRole('button', { name: 'Collapse all' }).click();
  await expect(structure).toHaveCount(0);
  const heights = await list.locator('.row').evaluateAll((rows) => rows.map((row) => row.clientHeight));
  expect(heights).toHaveLength(3);
  expect(new Set(heights).size).toBe(1);
});

test('names stay whole however narrow the details are', async ({ page }) => {
  const structure = await openDelegatedState(page);
  const splitter = page.getByRole('separator', { name: 'Width of the timeline' });
  await splitter.focus();
  for (let press = 0; press < 8; press++) await page.keyboard.press('Shift+ArrowRight');
  await expect(member(structure, 'State')).toBeVisible();
  const broken = await structure
    .locator('.name')
    .evaluateAll((names) =>
      names
        .filter((name) => name.scrollWidth > name.clientWidth + 1 || name.getClientRects().length > 1)
        .map((name) => name.textContent),
    );
  expect(broken).toEqual([]);
  const wordRects = await member(structure, 'Header.RecognizedOptions')
    .locator('.name')
    .evaluate((name) => {
      const range = document.createRange();
      range.selectNodeContents(name);
      return new Set(Array.from(range.getClientRects(), (rectangle) => Math.round(rectangle.top))).size;
    });
  expect(wordRects).toBe(1);
});

test.describe('in a window of 1280 by 800', () => {
  test.use({ viewport: { width: 1280, height: 800 } });

  test('the calls and the details need no horizontal scrolling', async ({ page }) => {
    await openDelegatedState(page);
    await page.getByTestId('tab-calls').click();
    const grid = page.getByTestId('calls').getByRole('grid');
    await expect(grid.getByRole('columnheader', { name: 'Status' })).toBeVisible();
    for (const scroller of [grid, page.getByTestId('details').locator('.body')]) {
      const { scroll, client } = await scroller.evaluate((element) => ({
        scroll: element.scrollWidth,
        client: element.clientWidth,
      }));
      expect(scroll).toBeLessThanOrEqual(client);
    }
  });
});

for (const scheme of ['light', 'dark'] as const) {
  test(`nothing that a machine can find is inaccessible in structures in ${scheme}`, async ({ page }) => {
    const problems = watchProblems(page);
    await page.emulateMedia({ colorScheme: scheme });
    const structure = await openDelegatedState(page);
    await member(structure, 'SendBacklogSize').click();
    await byte(structure, 0x60).focus();
    await page.evaluate(axe.source);
    const violations = await page.evaluate(async () => {
      const { axe: engine } = window as unknown as { axe: typeof axe };
      const result = await engine.run();
      return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
    });
    expect(violations).toEqual([]);
    expect(problems).toEqual([]);
  });
}
