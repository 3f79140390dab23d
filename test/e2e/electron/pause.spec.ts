import { expect, test, type Page } from '@playwright/test';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { eventsShown, startDesktop, traceIsShown } from './desktop';

let folder = '';
/** A file that takes longer to send than anybody takes to press a key. */
let large = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-pause-'));
  large = path.join(folder, 'large.bin');
  writeFileSync(large, Buffer.alloc(200_000_000, 'soot'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Waits for the recording to be under way, and pauses it by its key. */
async function pauseByKey(page: Page): Promise<void> {
  await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
  await expect.poll(() => eventsShown(page)).toBeGreaterThan(0);
  await page.keyboard.press('F6');
  await expect(page.getByTestId('pause')).toContainText('as you asked');
}

test('F6 pauses a recording, F5 lets it go on, and Ctrl+. ends it while it is paused', async () => {
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await pauseByKey(page);
    await expect(page.getByTestId('progress')).toContainText('Paused');
    await page.keyboard.press('F5');
    await expect(page.getByTestId('pause')).toHaveCount(0);
    await page.keyboard.press('F6');
    await expect(page.getByTestId('pause')).toContainText('as you asked');
    const paused = await eventsShown(page);
    await page.keyboard.press('F5');
    await expect.poll(() => eventsShown(page)).toBeGreaterThan(paused);
    await page.keyboard.press('F6');
    await expect(page.getByTestId('pause')).toBeVisible();
    await page.keyboard.press('Control+.');
    await traceIsShown(page);
    await expect(page.getByTestId('pause')).toHaveCount(0);
    await expect(page.getByTestId('summary')).toContainText('Stopped by the user');
    await expect(page.getByTestId('notices')).not.toContainText('incomplete');
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});

test('at a pause the window shows everything up to the instant at which the run stands still', async () => {
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await pauseByKey(page);
    const instant = /Paused at (.*?)as you asked/.exec(
      (await page.getByTestId('pause').textContent()) ?? '',
    )?.[1];
    expect(instant).toBeDefined();
    // The bar of the recording says up to where the trace has been read.
    await expect(page.getByTestId('progress')).toContainText(instant!.trim());
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});

/** The recordings in a profile, read. */
function recordingsIn(profile: string): { readonly events: number; readonly ending: string }[] {
  const root = path.join(profile, 'recordings');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sweep'))
    .map((file) => {
      const model = new TraceModel();
      const read = model.push(readFileSync(path.join(root, file)));
      const ending = model.close();
      if (!read.ok || !ending.ok) throw new Error(`${file} can't be read`);
      return { events: model.store?.length ?? 0, ending: ending.value.kind };
    });
}

test('closing the window while the run is paused loses nothing, and the next start offers the recording', async () => {
  const profile = path.join(folder, 'closed');
  mkdirSync(profile);
  const first = await startDesktop([large], profile);
  await pauseByKey(first.page);
  const events = await eventsShown(first.page);
  await first.application.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]!.close();
  });
  await first.close();
  const [kept, ...others] = recordingsIn(profile);
  expect(others).toEqual([]);
  expect(kept!.ending).toBe('complete');
  expect(kept!.events).toBeGreaterThanOrEqual(events);

  const second = await startDesktop(['--empty'], profile);
  const { page } = second;
  try {
    await expect(page.getByTestId('notices')).toContainText('transfer-seed-1.sweep');
    await page.getByTestId('notices').getByRole('button', { name: 'Open recording' }).click();
    await traceIsShown(page);
    await expect(page.getByTestId('notices')).not.toContainText('transfer-seed-1.sweep');
    await expect(page.getByTestId('summary')).toContainText('Stopped by the user');
    expect(await eventsShown(page)).toBe(kept!.events);
    const target = path.join(folder, 'recovered.sweep');
    await second.application.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, target);
    await page.keyboard.press('Control+s');
    await expect(page.getByTestId('notices')).toContainText('Saved as recovered.sweep');
    expect(second.problems).toEqual([]);
  } finally {
    await second.close();
  }
  // Saved, it is missed by nobody.
  expect(recordingsIn(profile)).toEqual([]);
});

test('closing the window while the run goes on ends it and keeps a whole trace', async () => {
  const profile = path.join(folder, 'under-way');
  mkdirSync(profile);
  const desktop = await startDesktop([large], profile);
  await expect.poll(() => eventsShown(desktop.page)).toBeGreaterThan(0);
  const events = await eventsShown(desktop.page);
  await desktop.close();
  const [kept, ...others] = recordingsIn(profile);
  expect(others).toEqual([]);
  expect(kept!.ending).toBe('complete');
  expect(kept!.events).toBeGreaterThanOrEqual(events);
});

test('the demonstration of a start is not offered by the next one', async () => {
  const profile = path.join(folder, 'demonstration');
  mkdirSync(profile);
  const desktop = await startDesktop([], profile);
  await traceIsShown(desktop.page);
  await desktop.close();
  expect(recordingsIn(profile)).toEqual([]);
});

test('an engine that dies while the run is paused leaves everything up to the pause', async () => {
  const desktop = await startDesktop([large]);
  const { page } = desktop;
  try {
    await pauseByKey(page);
    const events = await eventsShown(page);
    await desktop.application.evaluate(({ app }) => {
      const engine = app.getAppMetrics().find(({ name }) => name === 'Chimneysweep engine');
      process.kill(engine!.pid, 'SIGKILL');
    });
    await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'ready');
    await expect(page.getByTestId('pause')).toHaveCount(0);
    await expect(page.getByTestId('notices')).toContainText('What it had recorded can be saved');
    expect(await eventsShown(page)).toBe(events);
    const target = path.join(folder, 'orphaned.sweep');
    await desktop.application.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, target);
    await page.keyboard.press('Control+s');
    await expect(page.getByTestId('notices')).toContainText('Saved as orphaned.sweep');
    const model = new TraceModel();
    expect(model.push(readFileSync(target)).ok).toBe(true);
    expect(model.store!.length).toBe(events);
  } finally {
    await desktop.close();
  }
});

test('a window that is killed while the run is paused leaves a recording that the next start opens or discards', async () => {
  const profile = path.join(folder, 'killed');
  mkdirSync(profile);
  const first = await startDesktop([large], profile);
  await pauseByKey(first.page);
  const events = await eventsShown(first.page);
  const gone = first.application.waitForEvent('close');
  first.application.process().kill('SIGKILL');
  await gone;
  expect(recordingsIn(profile)).toEqual([{ events, ending: 'cut' }]);

  const second = await startDesktop(['--empty'], profile);
  const { page } = second;
  try {
    await page.getByTestId('notices').getByRole('button', { name: 'Discard' }).click();
    await expect(page.getByTestId('notices')).not.toContainText('transfer-seed-1.sweep');
    await expect.poll(() => recordingsIn(profile)).toEqual([]);
  } finally {
    await second.close();
  }
});
