/** Whatever becomes of the engine or of a driver module: what was recorded stays, and the window answers. */
import { expect, test, type Page } from '@playwright/test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chooseDriver } from './badDriver';
import { eventsShown, startDesktop, traceIsShown } from './desktop';

let folder = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-robust-'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('killing the engine process loses nothing that was recorded, and the next start offers it', async () => {
  const large = path.join(folder, 'large.bin');
  writeFileSync(large, Buffer.alloc(200_000_000, 'soot'));
  const profile = path.join(folder, 'killed');
  mkdirSync(profile);
  const first = await startDesktop([large], profile);
  await expect(first.page.getByTestId('window')).toHaveAttribute('data-state', 'live');
  await expect.poll(() => eventsShown(first.page)).toBeGreaterThan(5_000);
  const pid = await first.application.evaluate(
    ({ app }) =>
      app.getAppMetrics().find(({ name, serviceName }) => `${name}${serviceName}`.includes('engine'))?.pid,
  );
  expect(pid).toBeDefined();
  process.kill(pid!, 'SIGKILL');
  await expect(first.page.getByTestId('notices')).toContainText('ended early');
  await traceIsShown(first.page);
  const shown = await eventsShown(first.page);
  expect(shown).toBeGreaterThan(5_000);
  await first.close();

  const second = await startDesktop(['--empty'], profile);
  const { page } = second;
  try {
    await expect(page.getByTestId('notices')).toContainText('transfer-seed-1.sweep');
    await page.getByTestId('notices').getByRole('button', { name: 'Open recording' }).click();
    await traceIsShown(page);
    // The window is told of bytes when they are on the disk.
    expect(await eventsShown(page)).toBeGreaterThanOrEqual(shown);
  } finally {
    await second.close();
  }
});

/** What each bad driver does in its handler of queries, and what is found of it. */
const misdeeds = [
  ['loops', 'for (let count = 0; ; count++) if (count < 0) break;', /does not return/],
  ['throws', "throw new Error('no answer');", /threw: no answer/],
  ['exits', 'process.exit(3);', /called process\.exit\(3\)/],
  [
    'eats memory',
    'const eaten: unknown[] = []; for (;;) eaten.push(new Uint8Array(10_000_000).fill(1));',
    // On a slow machine it makes no progress for too long before it has too much.
    /takes more memory than a run may have|does not return/,
  ],
] as const;

/** The example with something bad in its handler of queries. */
function badTarget(name: string, body: string): string {
  const text = readFileSync(path.resolve('examples', 'minimal-target', 'driver.ts'), 'utf8');
  const good = '=> target.query(root)';
  expect(text).toContain(good);
  const file = path.join(folder, `${name.replace(' ', '-')}.ts`);
  writeFileSync(file, text.replace(good, `=> {\n${body}\n}`));
  return file;
}

/** Begins to measure the time from each key to the next frame; the answer stops that and tells the times, ms. */
async function measureKeys(page: Page): Promise<() => Promise<readonly number[]>> {
  await page.evaluate(() => {
    const holder = window as unknown as { keyTimes: number[] };
    holder.keyTimes = [];
    window.addEventListener('keydown', ({ timeStamp }) => {
      requestAnimationFrame(() => holder.keyTimes.push(performance.now() - timeStamp));
    });
  });
  return () => page.evaluate(() => (window as unknown as { keyTimes: number[] }).keyTimes);
}

for (const [name, body, found] of misdeeds)
  test(`a driver that ${name} ends with a finding and a trace, and the window answers meanwhile`, async () => {
    test.setTimeout(180_000);
    const desktop = await startDesktop(['--empty']);
    const { page } = desktop;
    try {
      await chooseDriver(desktop, badTarget(name, body), 'target');
      await page.getByTestId('scenario-dialog').getByTestId('scenario-transfer').click();
      const times = await measureKeys(page);
      await page.getByTestId('start-recording').click();
      const window = page.getByTestId('window');
      // Keys that do nothing but move the cursor, as long as it lasts.
      for (let count = 0; count < 2_000; count++) {
        await page.keyboard.press(count % 2 === 0 ? 'ArrowRight' : 'ArrowLeft');
        if ((await window.getAttribute('data-state')) === 'ready') break;
      }
      await traceIsShown(page);
      await expect(page.getByTestId('summary')).toContainText(found);
      await expect(page.getByTestId('window')).not.toHaveAttribute('data-events', '0');
      await page.getByRole('tab', { name: /Findings/ }).click();
      await expect(page.getByText('DRV-001').first()).toBeVisible();
      const sorted = [...(await times())].sort((left, right) => left - right);
      const at = (share: number): string =>
        sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(1) ?? '-';
      console.log(
        `${name}: ${sorted.length} keys, key to next frame: median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
      );
    } finally {
      await desktop.close();
    }
  });
