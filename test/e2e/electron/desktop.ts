/** Starts the real application for a test. */
import { _electron, expect, type ElectronApplication, type Page } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { electronArguments, electronEnvironment } from '../../../tools/lib/electronCommand.mjs';

/** A running application and its window. */
export interface Desktop {
  readonly application: ElectronApplication;
  readonly page: Page;
  /** What the page complained about on its console. */
  readonly problems: string[];
  close(): Promise<void>;
}

/**
 * Launches the application.
 * @param words what a user would write behind its name
 * @param kept folder of settings and recordings that outlives the application; by default it has one that does not
 */
export async function startDesktop(words: readonly string[] = [], kept?: string): Promise<Desktop> {
  const profile = kept ?? mkdtempSync(path.join(tmpdir(), 'chimneysweep-e2e-'));
  const application = await _electron.launch({
    args: [`--user-data-dir=${profile}`, '--disable-gpu', ...electronArguments(words)],
    env: electronEnvironment() as Record<string, string>,
  });
  const page = await application.firstWindow();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  return {
    application,
    page,
    problems,
    close: async () => {
      await application.close();
      if (kept === undefined) rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Waits until a whole trace has been read and drawn. */
export async function traceIsShown(page: Page): Promise<void> {
  const window = page.getByTestId('window');
  await expect(window).toHaveAttribute('data-state', 'ready');
  await expect(window).toHaveAttribute('data-idle', 'true');
}

/** Where a test leaves its screenshots. */
export function screenshotPath(name: string): string {
  return path.resolve('test-results', 'screenshots', name);
}

/** Events of the trace that the window shows. */
export async function eventsShown(page: Page): Promise<number> {
  return Number(await page.getByTestId('window').getAttribute('data-events'));
}
