import { expect, test } from '@playwright/test';
import { startDesktop, type Desktop } from './desktop';

let desktop: Desktop;

test.beforeAll(async () => {
  desktop = await startDesktop(['--empty']);
});

test.afterAll(async () => {
  await desktop.close();
});

test('the page has neither Node nor Electron, only the typed bridge', async () => {
  const found = await desktop.page.evaluate(() => ({
    require: typeof (globalThis as Record<string, unknown>)['require'],
    process: typeof (globalThis as Record<string, unknown>)['process'],
    bridge: Object.keys((globalThis as unknown as { chimneysweep: object }).chimneysweep).sort(),
  }));
  expect(found).toEqual({
    require: 'undefined',
    process: 'undefined',
    bridge: [
      'application',
      'chooseDriverModule',
      'chooseFileToSend',
      'controlRecording',
      'leftRecording',
      'onMenuCommand',
      'onTraceEvent',
      'openDroppedTrace',
      'openScenario',
      'openTrace',
      'readScenario',
      'ready',
      'registerFile',
      'runAgain',
      'runScenario',
      'saveScenario',
      'saveTrace',
      'settleLeft',
      'settled',
      'showTrace',
      'startRecording',
      'stopRecording',
    ],
  });
});

test('isolation and sandbox are on for the window', async () => {
  const preferences = await desktop.application.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
      getLastWebPreferences: () => Record<string, unknown>;
    };
    const { contextIsolation, nodeIntegration, sandbox, webviewTag } = contents.getLastWebPreferences();
    return { contextIsolation, nodeIntegration, sandbox, webviewTag };
  });
  expect(preferences).toEqual({
    contextIsolation: true,
    nodeIntegration: false,
    sandbox: true,
    webviewTag: false,
  });
});

test('the page can neither navigate away, nor open windows, nor reach files', async () => {
  const { page, application } = desktop;
  const address = page.url();
  await page.evaluate(() => {
    location.href = 'https://example.invalid/';
  });
  await page.evaluate(() => window.open('https://example.invalid/'));
  expect(page.url()).toBe(address);
  expect(application.windows()).toHaveLength(1);
  const outside = await page.evaluate(async () => {
    const answer = await fetch('chimneysweep://app/..%2f..%2fpackage.json').catch(() => undefined);
    return answer === undefined || !answer.ok;
  });
  expect(outside).toBe(true);
});

test('inline scripts are blocked by the content security policy', async () => {
  const ran = await desktop.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
    return 'injected' in window;
  });
  expect(ran).toBe(false);
});

test('a bad request from the page is answered with a sentence, not obeyed', async () => {
  const answer = await desktop.page.evaluate(() =>
    (
      globalThis as unknown as { chimneysweep: { startRecording: (request: unknown) => Promise<unknown> } }
    ).chimneysweep.startRecording({ scenario: 'first-sweep', seed: -1 }),
  );
  expect(answer).toMatchObject({ ok: false });
  const forged = await desktop.page.evaluate(() =>
    (
      globalThis as unknown as { chimneysweep: { registerFile: (file: unknown) => Promise<unknown> } }
    ).chimneysweep.registerFile('/etc/passwd'),
  );
  expect(forged).toMatchObject({ ok: false });
  const bridge = await desktop.page.evaluate(async () => {
    const { chimneysweep } = globalThis as unknown as {
      chimneysweep: Readonly<
        Record<
          'readScenario' | 'showTrace' | 'runScenario' | 'runAgain',
          (request: unknown) => Promise<unknown>
        >
      >;
    };
    return {
      read: await chimneysweep.readScenario('/etc/passwd'),
      shown: await chimneysweep.showTrace('/etc/passwd'),
      run: await chimneysweep.runScenario({
        text: 'scenario: one\ntitle: One\nworkload: { bytes: -1 }\n',
        seed: 1,
      }),
      again: await chimneysweep.runAgain({ trace: '/etc/passwd' }),
    };
  });
  expect(bridge.read).toEqual({ ok: true, value: null });
  expect(bridge.shown).toMatchObject({ ok: false });
  expect(bridge.run).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('scenario:3:20') },
  });
  expect(bridge.again).toMatchObject({ ok: false });
});
