import { expect, test, type Page } from '@playwright/test';
import type { Breakpoint } from '../../../shared/debug/breakpoints';
import { findStops } from '../../../shared/debug/findStops';
import type { Step } from '../../../shared/debug/step';
import { stepTarget } from '../../../shared/debug/stepTarget';
import { recordScenario } from '../../harness/recordScenario';
import { openTrace, openViewer, watchProblems } from './viewerPage';

const { bytes, model } = recordScenario('first-sweep');
const trace = Buffer.from(bytes);
const initiate = model.calls.calls.find(({ functionName }) => functionName === 'MiniportInitiateOffload')!;

let problems: string[];

test.beforeEach(async ({ page }) => {
  problems = watchProblems(page);
  await openViewer(page);
  await openTrace(page, 'first-sweep.sweep', trace);
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

async function runTo(page: Page, event: number): Promise<void> {
  await page.keyboard.press('Control+g');
  await expect(page.getByTestId('debug-event')).toBeFocused();
  await page.keyboard.type(String(event));
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(event));
}

test('keys step through a file forward and backward, to where the records say', async ({ page }) => {
  await runTo(page, initiate.event);
  const walk: readonly (readonly [string, Step])[] = [
    ['F11', { kind: 'into', direction: 'forward' }],
    ['F11', { kind: 'into', direction: 'forward' }],
    ['Shift+F11', { kind: 'out', direction: 'forward' }],
    ['Control+F11', { kind: 'into', direction: 'backward' }],
    ['Control+Shift+F11', { kind: 'out', direction: 'backward' }],
    ['F10', { kind: 'over', direction: 'forward' }],
    ['Control+Shift+F10', { kind: 'over', direction: 'backward' }],
    ['c', { kind: 'completion', direction: 'forward' }],
    ['Shift+C', { kind: 'request', direction: 'backward' }],
    ['e', { kind: 'event', direction: 'forward' }],
    ['Shift+E', { kind: 'event', direction: 'backward' }],
    ['j', { kind: 'call', direction: 'forward' }],
    ['Shift+R', { kind: 'driver', direction: 'backward' }],
  ];
  let cursor = initiate.event;
  for (const [key, step] of walk) {
    await page.keyboard.press(key);
    cursor = stepTarget(model, cursor, step) ?? cursor;
    await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(cursor));
  }
});

test('F9 sets a breakpoint on the selected handler; F5 goes from hit to hit, Control+F5 back', async ({
  page,
}) => {
  const breakpoint: Breakpoint = {
    id: 'b1',
    on: { kind: 'handler', name: 'MiniportTcpOffloadSend' },
    enabled: true,
  };
  const found = findStops(model.store!, [breakpoint]);
  if (!found.ok) throw new Error('the breakpoint makes no sense');
  const [first, second] = found.value.map(({ record }) => record) as [number, number];
  await runTo(page, first);
  await page.keyboard.press('F9');
  await page.keyboard.press('8');
  await expect(page.getByTestId('breakpoint-count')).toHaveText(String(found.value.length));
  await page.keyboard.press('F5');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(second));
  await page.keyboard.press('Control+F5');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(first));
});

test('a key is chosen in the dialog, gives its command at once, and is reset', async ({ page }) => {
  await runTo(page, initiate.event);
  await page.getByTestId('help').click();
  await page.getByTestId('choose-keys').click();
  await page.getByRole('button', { name: 'Choose a key for Step over' }).click();
  await page.keyboard.press('F2');
  await expect(page.getByTestId('keys-said')).toContainText('F2 now gives “Step over”');
  await page.keyboard.press('Escape');
  await page.keyboard.press('F2');
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(initiate.returnEvent));
});

test('what is pending is listed at the cursor, and a key asks why an event happened', async ({ page }) => {
  await runTo(page, initiate.event);
  await page.keyboard.press('7');
  await expect(page.getByTestId('pending-row').first()).toContainText('MiniportInitiateOffload');
  await page.keyboard.press('y');
  await expect(page.getByTestId('why-step').first()).toBeVisible();
  await expect(page.getByTestId('why-origin')).toBeVisible();
});
