/** Every scenario of the library in the real application: recorded, walked through in both directions, and made again, by keyboard alone. */
import { expect, test, type Page } from '@playwright/test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TraceAnalysis } from '../../../shared/analysis/traceAnalysis';
import { compareTraces, isSameRun } from '../../../shared/analysis/traceDifference';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { stepTarget } from '../../../shared/debug/stepTarget';
import { library } from '../../../shared/scenario/library';
import { startDesktop, traceIsShown, type Desktop } from './desktop';
import { findWorkspace, traceGeneration, walk } from './pageWorkspace';

let folder = '';
let desktop: Desktop;

test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-library-'));
  desktop = await startDesktop(['--empty']);
  await expect(desktop.page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
  await findWorkspace(desktop.page);
});

test.afterAll(async () => {
  await desktop.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A limit against hanging, not a statement about speed: the largest scenario has a thousand connections. */
const longestTest = 300_000;

/** Handler calls that are stepped by keys of a keyboard at each end; the others by the same keys, given in the page. */
const stepsAtEnds = 6;

/** Does something that brings another trace, and waits for it. */
async function bringsTrace(page: Page, act: () => Promise<void>): Promise<void> {
  const before = await traceGeneration(page);
  await act();
  await expect.poll(() => traceGeneration(page), { timeout: 120_000 }).toBeGreaterThan(before);
  await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'ready', { timeout: 120_000 });
  await traceIsShown(page);
}

/** Goes on by Tab until the focus is where it is wanted. */
async function tabTo(page: Page, testid: string): Promise<void> {
  for (let count = 0; count < 200; count++) {
    const at = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
    if (at === testid) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${testid}`);
}

async function save(name: string): Promise<Buffer> {
  const { application, page } = desktop;
  const file = path.join(folder, name);
  await application.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, file);
  await page.keyboard.press('Control+S');
  await expect(page.getByTestId('notices')).toContainText(`Saved as ${name}.`);
  return readFileSync(file);
}

interface ReadTrace {
  readonly model: TraceModel;
  readonly store: NonNullable<TraceModel['store']>;
  readonly analysis: TraceAnalysis;
}

function read(bytes: Uint8Array): ReadTrace {
  const analysis = new TraceAnalysis();
  const model = new TraceModel(undefined, analysis.listeners);
  const pushed = model.push(bytes);
  if (!pushed.ok || model.store === undefined) throw new Error('the saved trace can not be read');
  model.close();
  return { model, store: model.store, analysis };
}

function selected(page: Page): Promise<number> {
  return page
    .getByTestId('details')
    .getAttribute('data-event')
    .then((text) => Number(text ?? NaN));
}

/** Gives a key of the keyboard, and expects each of the events to be selected in turn. */
async function stepsTo(page: Page, keys: string, events: readonly number[]): Promise<void> {
  for (const event of events) {
    await page.keyboard.press(keys);
    await expect.poll(() => selected(page), { intervals: [0, 5, 20, 100] }).toBe(event);
  }
}

/** Ends the engine, so that the next run is in a process of its own. */
async function endEngine(): Promise<number> {
  const { application } = desktop;
  const engines = (): Promise<readonly number[]> =>
    application.evaluate(({ app }) =>
      app
        .getAppMetrics()
        .filter(({ name }) => name === 'Chimneysweep engine')
        .map(({ pid }) => pid),
    );
  const [engine] = await engines();
  if (engine === undefined) throw new Error('there is no engine');
  await application.evaluate((_electron, pid) => process.kill(pid), engine);
  await expect.poll(engines).toEqual([]);
  return engine;
}

/** Goes to an event by its number. */
async function goTo(page: Page, event: number): Promise<void> {
  await page.keyboard.press('Control+G');
  await page.keyboard.type(String(event));
  await page.keyboard.press('Enter');
  await expect.poll(() => selected(page)).toBe(event);
  await page.keyboard.press('Escape');
}

for (const { scenario, title } of library) {
  test(`${scenario} is recorded, stepped through both ways, and made again, byte for byte`, async () => {
    test.setTimeout(longestTest);
    const { page } = desktop;
    await page.keyboard.press('Control+N');
    await expect(page.getByTestId('scenario-dialog')).toBeVisible();
    await tabTo(page, `scenario-${scenario}`);
    await page.keyboard.press('Enter');
    await tabTo(page, 'seed');
    await bringsTrace(page, () => page.keyboard.press('Enter'));
    await expect(page.getByTestId('trace-title')).toContainText(title);
    const bytes = await save(`${scenario}.sweep`);
    const recorded = read(bytes);
    const { model, store } = recorded;
    const next = (from: number, direction: 'forward' | 'backward'): number | undefined =>
      stepTarget(model, from, { kind: 'call', direction });

    // Handler by handler with the keyboard, at both ends.
    const first = next(-1, 'forward')!;
    await goTo(page, first);
    const ahead: number[] = [];
    for (
      let at: number | undefined = first;
      at !== undefined && ahead.length <= stepsAtEnds;
      at = next(at, 'forward')
    )
      ahead.push(at);
    await stepsTo(page, 'j', ahead.slice(1));
    await stepsTo(page, 'Shift+J', ahead.slice(0, -1).reverse());
    // Into the first call, over what it calls, and out of it again; and the same way back.
    const way: number[] = [first];
    for (const kind of ['into', 'over', 'out'] as const)
      way.push(stepTarget(model, way.at(-1)!, { kind, direction: 'forward' }) ?? way.at(-1)!);
    for (const [index, keys] of ['F11', 'F10', 'Shift+F11'].entries())
      await stepsTo(page, keys, [way[index + 1]!]);
    const back = stepTarget(model, way.at(-1)!, { kind: 'into', direction: 'backward' });
    if (back !== undefined) await stepsTo(page, 'Control+F11', [back]);

    // Every event there is, to the end and back again: every call in its order.
    await goTo(page, first);
    const forward = [first, ...(await walk(page, { code: 'KeyE', key: 'e' }))];
    const backward = [forward.at(-1)!, ...(await walk(page, { code: 'KeyE', key: 'E', shiftKey: true }))];
    const calls = model.calls.calls.map(({ event }) => event).sort((a, b) => a - b);
    const isCall = new Set(calls);
    const passed = (events: readonly number[]): readonly number[] =>
      events.filter((event) => isCall.has(event));
    expect(passed(forward)).toEqual(calls.filter((event) => event >= first));
    expect(passed(backward)).toEqual([...calls].reverse());
    // From the end: the last handlers, once more by the keyboard.
    await goTo(page, store.length - 1);
    const behind: number[] = [];
    for (
      let at = next(store.length, 'backward');
      at !== undefined && behind.length < stepsAtEnds;
      at = next(at, 'backward')
    )
      behind.push(at);
    await stepsTo(
      page,
      'Shift+J',
      behind.filter((event) => event < store.length - 1),
    );

    // Once more, in an engine of its own.
    const engine = await endEngine();
    await bringsTrace(page, () => page.keyboard.press('Control+Shift+F5'));
    await expect(page.getByTestId('notices')).toContainText('The same trace, byte for byte.');
    await page.keyboard.press('Shift+D');
    await expect(page.getByTestId('difference-verdict')).toHaveAttribute('data-same', 'bytes');
    const again = await save(`${scenario}-again.sweep`);
    expect(again.equals(bytes)).toBe(true);
    const difference = compareTraces(recorded, read(again));
    expect(isSameRun(difference)).toBe(true);
    expect(difference.lanes).toEqual([]);
    expect(engine).toBeGreaterThan(0);
    expect(desktop.problems).toEqual([]);
  });
}
