import { expect, test, type ElectronApplication, type Page } from '@playwright/test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accessibilityProblems } from '../accessibility';
import { screenshotPath, startDesktop, traceIsShown } from './desktop';

let folder = '';

test.beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-scenarios-'));
});

test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Answers the next native dialogs: the file to open, and where to save. */
async function answerDialogs(application: ElectronApplication, open: string, save: string): Promise<void> {
  await application.evaluate(
    ({ dialog }, answers) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [answers.open] });
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: answers.save });
    },
    { open, save },
  );
}

async function shown(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: screenshotPath(name) });
}

const text = [
  'scenario: two-cables',
  'title: Two cables',
  'topology:',
  '  neighbors: 2',
  '  team:',
  '    adapters: 2',
  'workload:',
  '  bytes: 256KiB',
  '  connections: 2',
  'steps:',
  '  - do: cable',
  '    state: unplugged',
  '    when: { acknowledged: 1/4 }',
  'faults:',
  '  - kind: refuse',
  '    request: query',
  '',
].join('\n');

test('a scenario is opened, understood, broken, mended, saved and recorded by keyboard; its run is made again and changed', async () => {
  const file = path.join(folder, 'two-cables.yaml');
  const copy = path.join(folder, 'copy.yaml');
  writeFileSync(file, text);
  const desktop = await startDesktop(['--empty']);
  const { page, application } = desktop;
  try {
    await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
    await answerDialogs(application, file, copy);
    await page.keyboard.press('Control+Shift+N');
    const field = page.getByTestId('scenario-text');
    await expect(field).toBeFocused();
    await page.keyboard.press('Control+O');
    await expect(page.getByTestId('scenario-name')).toContainText('two-cables.yaml');
    await expect(page.getByTestId('diagram-adapter-2')).toBeVisible();
    await expect(page.getByTestId('diagram-adapter-1')).toHaveAttribute('aria-label', /steps 1; faults 1/);

    // From the diagram to the text.
    const diagram = page.getByTestId('scenario-diagram');
    await diagram.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(page.getByTestId('diagram-driver-1')).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expect(field).toBeFocused();
    expect(await field.evaluate((element: HTMLTextAreaElement) => element.selectionStart)).toBe(
      text.indexOf('team:'),
    );
    // From the text to the diagram.
    await page.keyboard.press('Control+Home');
    for (let line = 1; line < 8; line++) await page.keyboard.press('ArrowDown');
    await expect(page.getByTestId('diagram-workload')).toHaveAttribute('aria-selected', 'true');
    await expect(page.getByTestId('scenario-facts')).toContainText('What is carried');
    await shown(page, 'scenario-editor-light.png');
    expect(await accessibilityProblems(page)).toEqual([]);

    // Validation as it is typed.
    await page.keyboard.press('End');
    await page.keyboard.type('x');
    await expect(page.getByTestId('scenario-problem-1')).toContainText('8:10');
    await expect(page.getByTestId('scenario-run')).toBeDisabled();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('F8');
    expect(await field.evaluate((element: HTMLTextAreaElement) => element.selectionStart)).toBe(
      text.indexOf('256KiB'),
    );
    await page.keyboard.press('Control+Shift+L');
    await page.keyboard.press('Control+Shift+L');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await shown(page, 'scenario-editor-problem-dark.png');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Control+Z');
    await expect(page.getByTestId('scenario-problems')).toHaveCount(0);
    await expect(field).toHaveValue(text);
    await page.keyboard.press('Control+Y');
    await expect(page.getByTestId('scenario-problem-1')).toBeVisible();
    await page.keyboard.press('Control+Z');

    // Saving: into its file, and into another one.
    await page.keyboard.press('Control+End');
    await page.keyboard.type('# the end');
    await expect(page.getByTestId('scenario-changed')).toBeVisible();
    await page.keyboard.press('Control+S');
    await expect(page.getByTestId('scenario-changed')).toHaveCount(0);
    expect(readFileSync(file, 'utf8')).toBe(`${text}# the end`);
    await page.keyboard.press('Control+Shift+S');
    await expect(page.getByTestId('scenario-name')).toContainText('copy.yaml');
    expect(readFileSync(copy, 'utf8')).toBe(`${text}# the end`);

    // Recording it, and the same run again.
    await page.keyboard.press('F5');
    await traceIsShown(page);
    await expect(page.getByTestId('trace-title')).toContainText('Two cables');
    await page.keyboard.press('Control+Shift+F5');
    await expect(page.getByTestId('notices')).toContainText('The same trace, byte for byte.');
    await traceIsShown(page);
    await page.keyboard.press('Shift+D');
    await expect(page.getByTestId('difference-verdict')).toHaveAttribute('data-same', 'bytes');

    // Again, with a change.
    await page.keyboard.press('Control+Alt+F5');
    await expect(page.getByTestId('scenario-again')).toBeVisible();
    await expect(field).toBeFocused();
    const carried = await field.inputValue();
    const at = carried.indexOf('256KiB');
    await field.evaluate(
      (element: HTMLTextAreaElement, [start, end]) => element.setSelectionRange(start!, end!),
      [at, at + '256KiB'.length],
    );
    await page.keyboard.type('192KiB');
    await page.keyboard.press('F5');
    await expect(page.getByTestId('difference-verdict')).toHaveAttribute('data-same', 'no');
    await traceIsShown(page);
    const grid = page.getByTestId('difference-grid');
    await expect(grid).toBeVisible();
    await shown(page, 'difference-dark.png');
    expect(await accessibilityProblems(page)).toEqual([]);
    await grid.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('difference-left')).toContainText('shown');
    await traceIsShown(page);
    await page.keyboard.press('Control+Shift+L');
    await shown(page, 'difference-light.png');
    await page.getByTestId('difference-open-right').press('Enter');
    await expect(page.getByTestId('difference-right')).toContainText('shown');
    await traceIsShown(page);
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});
