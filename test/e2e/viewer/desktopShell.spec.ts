/** The window as the desktop shows it, in plain Chromium with a bridge made by hand: what it offers and what it asks for. */
import { expect, test, type Page } from '@playwright/test';
import { syntheticTrace } from '../../harness/syntheticTrace';
import { dropFile, openViewer } from './viewerPage';

const trace = Buffer.from(syntheticTrace({ sends: 300 })).toString('base64');

/** What the page asked of its bridge. */
interface Asked {
  readonly ready: number;
  readonly settled: number;
  readonly saved: number;
  readonly requests: readonly unknown[];
  readonly controls: readonly unknown[];
}

/** Puts a bridge into the page: recordings come in pieces when the test says so. */
async function installBridge(page: Page): Promise<void> {
  await page.addInitScript((base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const listeners = new Set<(event: unknown) => void>();
    const menuListeners = new Set<(command: string) => void>();
    const emit = (event: unknown): void => listeners.forEach((listener) => listener(event));
    const asked = { ready: 0, settled: 0, saved: 0, requests: [] as unknown[], controls: [] as unknown[] };
    const ok = (value: unknown): Promise<unknown> => Promise.resolve({ ok: true, value });
    let sent = 0;
    Object.assign(window, {
      asked,
      sendPart(fraction: number) {
        const until = Math.floor(bytes.length * fraction);
        emit({ kind: 'bytes', bytes: bytes.slice(sent, until) });
        emit({ kind: 'progress', fraction });
        sent = until;
      },
      emitEvent: emit,
      chooseMenu: (command: string) => menuListeners.forEach((listener) => listener(command)),
      chimneysweep: {
        application: { version: '0.1.0', electron: '0', sandboxed: true },
        ready: () => asked.ready++,
        settled: () => asked.settled++,
        startRecording(request: unknown) {
          asked.requests.push(request);
          sent = 0;
          emit({ kind: 'begin', origin: 'recording', name: 'recording' });
          return ok(null);
        },
        stopRecording() {
          emit({ kind: 'end' });
          return Promise.resolve();
        },
        openTrace: () => Promise.resolve({ ok: false, error: { message: 'gone.sweep cannot be read.' } }),
        openDroppedTrace: () => ok(false),
        chooseDriverModule: () => ok({ token: 'driver', name: 'driver.ts', place: 'target' }),
        chooseFileToSend: () => ok({ token: 'chosen', name: 'letter.txt', bytes: 2048 }),
        registerFile: (file: File) => ok({ token: 'dropped', name: file.name, bytes: file.size }),
        saveTrace() {
          asked.saved++;
          return ok({ name: 'kept.sweep' });
        },
        controlRecording(control: unknown) {
          asked.controls.push(control);
          return Promise.resolve();
        },
        leftRecording: () =>
          Promise.resolve(
            new URLSearchParams(location.search).has('left')
              ? { name: 'transfer-seed-1.sweep', bytes: 2048, recordedAt: 0 }
              : null,
          ),
        settleLeft: () =>
          Promise.resolve({ ok: false, error: { message: 'A recording is under way. Stop it first.' } }),
        onTraceEvent(listener: (event: unknown) => void) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        onMenuCommand(listener: (command: string) => void) {
          menuListeners.add(listener);
          return () => menuListeners.delete(listener);
        },
      },
    });
  }, trace);
}

const asked = (page: Page): Promise<Asked> =>
  page.evaluate(() => (window as unknown as { asked: Asked }).asked);
const sendPart = (page: Page, fraction: number): Promise<void> =>
  page.evaluate((part) => {
    (window as unknown as { sendPart(fraction: number): void }).sendPart(part);
  }, fraction);
const emitEvent = (page: Page, event: unknown): Promise<void> =>
  page.evaluate((sent) => {
    (window as unknown as { emitEvent(event: unknown): void }).emitEvent(sent);
  }, event);
const chooseMenu = (page: Page, command: string): Promise<void> =>
  page.evaluate((id) => {
    (window as unknown as { chooseMenu(command: string): void }).chooseMenu(id);
  }, command);

test.beforeEach(async ({ page }) => {
  await installBridge(page);
  await openViewer(page);
});

test('a recording shows live, can be stopped, and is told when it is drawn', async ({ page }) => {
  const window = page.getByTestId('window');
  expect((await asked(page)).ready).toBe(1);
  await page.getByTestId('record').click();
  await expect(window).toHaveAttribute('data-state', 'live');
  await expect(window).toHaveAttribute('data-idle', 'false');
  const { settled } = await asked(page);
  await sendPart(page, 0.6);
  await expect(page.getByTestId('progress')).toContainText('Recording');
  await expect(page.getByRole('progressbar')).toHaveAttribute('value', '0.6');
  await expect(page.getByTestId('verdict')).toHaveText('Recording');
  await expect.poll(async () => Number(await window.getAttribute('data-events'))).toBeGreaterThan(500);
  await sendPart(page, 1);
  await page.getByTestId('stop').click();
  await expect(window).toHaveAttribute('data-state', 'ready');
  await expect(window).toHaveAttribute('data-idle', 'true');
  expect((await asked(page)).settled).toBe(settled + 1);
  await expect(page.getByTestId('verdict')).toHaveText('Succeeded');
  await page.getByTestId('save').click();
  await expect(page.getByTestId('notice-note')).toContainText('Saved as kept.sweep.');
});

test('looking around stops the following, and one button resumes it', async ({ page }) => {
  await page.getByTestId('record').click();
  await sendPart(page, 0.5);
  await expect(page.getByTestId('timeline')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Follow the recording' })).toHaveCount(0);
  await page.keyboard.press('w');
  const overview = page.getByTestId('overview');
  const looked = await overview.getAttribute('aria-valuetext');
  await sendPart(page, 0.8);
  await expect(overview).toHaveAttribute('aria-valuetext', looked!);
  await page.getByRole('button', { name: 'Follow the recording' }).click();
  await expect(overview).not.toHaveAttribute('aria-valuetext', looked!);
});

test('a scenario is asked for with its seed, loss and file; nonsense is not', async ({ page }) => {
  await page.getByTestId('choose-scenario').click();
  const dialog = page.getByTestId('scenario-dialog');
  await dialog.getByTestId('scenario-neighbor-invalidated').click();
  await expect(dialog.getByTestId('loss')).toHaveValue('0');
  await dialog.getByTestId('seed').fill('many');
  await expect(dialog).toContainText('A whole number from 0 to 4294967295.');
  await expect(dialog.getByTestId('start-recording')).toBeDisabled();
  await dialog.getByTestId('seed').fill('12');
  await dialog.getByTestId('loss').fill('1,5');
  await dialog.getByTestId('choose-file').click();
  await expect(dialog.getByTestId('file-to-send')).toContainText('letter.txt');
  await dialog.getByTestId('start-recording').click();
  await expect(dialog).toHaveCount(0);
  expect((await asked(page)).requests).toEqual([
    { scenario: 'neighbor-invalidated', seed: 12, loss: 0.015, fileToken: 'chosen' },
  ]);
});

test('a trusted driver module is recorded with until it is taken out', async ({ page }) => {
  await chooseMenu(page, 'run-with-driver');
  const dialog = page.getByTestId('scenario-dialog');
  await expect(dialog.getByTestId('driver-module')).toContainText('Offload target: driver.ts');
  await dialog.getByTestId('start-recording').click();
  expect((await asked(page)).requests).toEqual([
    { scenario: 'first-sweep', seed: 1, loss: 0.004, driverToken: 'driver' },
  ]);
  await emitEvent(page, { kind: 'end' });
  await chooseMenu(page, 'choose-scenario');
  await dialog.getByRole('button', { name: 'Use the built-in drivers' }).click();
  await expect(dialog.getByTestId('driver-module')).toHaveCount(0);
});

test('any other file that is dropped can be sent', async ({ page }) => {
  await dropFile(page, 'picture.png', Buffer.from('not really a picture'));
  await expect(page.getByTestId('file-to-send')).toContainText('picture.png');
  await page.getByTestId('start-recording').click();
  expect((await asked(page)).requests).toMatchObject([{ scenario: 'transfer', fileToken: 'dropped' }]);
});

test('a dropped trace opens without the main process, and is not the recording that can be saved', async ({
  page,
}) => {
  await dropFile(page, 'mine.sweep', Buffer.from(syntheticTrace()));
  await expect(page.getByTestId('trace-title')).toContainText('mine.sweep');
  await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
  await expect(page.getByTestId('save')).toBeDisabled();
});

test('nothing replaces a recording that is running', async ({ page }) => {
  await page.getByTestId('record').click();
  await sendPart(page, 0.5);
  await dropFile(page, 'mine.sweep', Buffer.from(syntheticTrace()));
  await expect(page.getByTestId('notice-warning')).toContainText('Stop it first');
  // Room for what a recording needs; nothing else can be opened meanwhile.
  await expect(page.getByTestId('open')).toHaveCount(0);
  await chooseMenu(page, 'record');
  expect((await asked(page)).requests).toHaveLength(1);
});

test('problems of the engine are said, and what came stays', async ({ page }) => {
  await page.getByTestId('open').click();
  await expect(page.getByTestId('notice-error')).toContainText('gone.sweep cannot be read.');
  await page.getByTestId('record').click();
  await sendPart(page, 0.7);
  await emitEvent(page, { kind: 'failed', message: 'The engine stopped unexpectedly. Record again.' });
  await expect(page.getByTestId('notice-error')).toContainText('The engine stopped unexpectedly.');
  await expect(page.getByTestId('notice-warning')).toContainText('This trace is incomplete');
  await expect(page.getByTestId('verdict')).toHaveText('Incomplete');
  await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
});

test('the native menu reaches the commands', async ({ page }) => {
  await chooseMenu(page, 'show-help');
  await expect(page.getByTestId('help-dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await chooseMenu(page, 'choose-scenario');
  await expect(page.getByTestId('scenario-dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await chooseMenu(page, 'toggle-theme');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await chooseMenu(page, 'record');
  await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
});

test('the bar, the menu and a key ask for a pause and for going on', async ({ page }) => {
  const pause = { cause: 'asked', time: 1_234_567, event: 0 };
  await page.getByTestId('record').click();
  await sendPart(page, 0.5);
  const controls = async (): Promise<readonly unknown[]> => (await asked(page)).controls;
  await page.getByTestId('pause-run').click();
  await expect.poll(controls).toEqual([{ kind: 'pause' }]);
  await emitEvent(page, { kind: 'paused', pause });
  await expect(page.getByTestId('pause')).toContainText('Paused at');
  await expect(page.getByTestId('pause-run')).toHaveCount(0);
  await page.getByTestId('resume').click();
  await expect.poll(controls).toEqual([{ kind: 'pause' }, { kind: 'resume' }]);
  await emitEvent(page, { kind: 'resumed' });
  await chooseMenu(page, 'pause');
  await expect.poll(async () => (await controls()).length).toBe(3);
  await emitEvent(page, { kind: 'paused', pause });
  await page.keyboard.press('F5');
  await expect.poll(async () => (await controls()).at(-1)).toEqual({ kind: 'resume' });
});

test('a recording that was left behind is offered until it is answered', async ({ page }) => {
  await openViewer(page, '?left');
  const notices = page.getByTestId('notices');
  await expect(notices).toContainText('transfer-seed-1.sweep');
  await notices.getByRole('button', { name: 'Open recording' }).click();
  await expect(page.getByTestId('notice-error')).toContainText('Stop it first');
  await expect(notices).toContainText('transfer-seed-1.sweep');
});
