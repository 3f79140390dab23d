/** Opens the web viewer and traces in it; waits until everything is drawn. */
import { expect, type Page } from '@playwright/test';

/** Address of the viewer that the global setup serves. */
export function viewerAddress(): string {
  const address = process.env['CHIMNEYSWEEP_VIEWER_URL'];
  if (address === undefined) throw new Error('the viewer is not served: run through playwright.config.ts');
  return address;
}

/** What went wrong in the page: scripts, blocked requests, violations of its own policy. */
export function watchProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  return problems;
}

/** The viewer with nothing open. */
export async function openViewer(page: Page, query = ''): Promise<void> {
  await page.goto(viewerAddress() + query);
  await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
}

/** Drops a file on the window, as a user does. */
export async function dropFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ fileName, text }) => {
      const content = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([content], fileName));
      return data;
    },
    { fileName: name, text: Buffer.from(bytes).toString('base64') },
  );
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('[data-testid="window"]', type, { dataTransfer: transfer });
  }
}

/** Drops a trace and waits until all of it is on the screen. */
export async function openTrace(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await dropFile(page, name, bytes);
  await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'ready');
  await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
}
