import { expect, test, type Page } from '@playwright/test';
import type { RuleChecker } from '../../../shared/rules/engine/checker';
import { breakingEvent } from '../../../renderer/stores/findingsView';
import { badScenario, brokenRule, recordBadRun, recordWithDriver, writeBadDriver } from './badDriver';
import { eventsShown, startDesktop, traceIsShown, type Desktop } from './desktop';

const driver = writeBadDriver();
let checker: RuleChecker;
/** The records at which the run breaks the rule, in their order. */
let breaks: number[];

test.beforeAll(async () => {
  ({ checker } = await recordWithDriver(driver.file));
  breaks = [...new Set(checker.findings.map((finding) => breakingEvent(finding)!))].sort((a, b) => a - b);
  expect(checker.findings.map(({ rule }) => rule)).toContain(brokenRule);
  expect(breaks.length).toBeGreaterThan(1);
});

test.afterAll(() => {
  driver.remove();
});

async function withDesktop(use: (desktop: Desktop) => Promise<void>): Promise<void> {
  const desktop = await startDesktop(['--empty']);
  try {
    await use(desktop);
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
}

/** Waits for the pause at one of the breaks, with everything that the window has to say about it. */
async function stoodStillAt(page: Page, event: number): Promise<void> {
  await expect(page.getByTestId('details')).toHaveAttribute('data-event', String(event));
  await expect(page.getByTestId('pause')).toContainText(brokenRule);
}

/** Findings that are there once the record has been read. */
function findingsUpTo(event: number): number {
  return checker.findings.filter((finding) => breakingEvent(finding)! <= event).length;
}

test('a run that breaks on errors stands still behind the event that breaks the rule, and shows it', async () => {
  await withDesktop(async (desktop) => {
    const { page } = desktop;
    await page.getByTestId('break-on-finding').selectOption('error');
    await recordBadRun(desktop, driver.file);
    const [first] = breaks as [number];
    await stoodStillAt(page, first);
    await expect(page.getByTestId('window')).toHaveAttribute('data-state', 'live');
    await expect(page.getByTestId('progress')).toContainText('Paused');
    const together = findingsUpTo(first);
    await expect(page.getByTestId('pause')).toContainText(`and ${together - 1} more findings`);
    await expect(page.getByTestId('finding-page')).toHaveAttribute('data-rule', brokenRule);
    await expect(page.getByTestId('tab-findings')).toHaveText(`Findings ${together}`);
    // What is shown ends between this event and the next at which a rule is broken.
    expect(await eventsShown(page)).toBeGreaterThan(first);
    expect(await eventsShown(page)).toBeLessThan(breaks[1]!);
    await page.getByTestId('stop').click();
    await traceIsShown(page);
  });
});

test('F5 goes on to the next finding; with break on finding off, to the end, with the findings of the file', async () => {
  await withDesktop(async (desktop) => {
    const { page } = desktop;
    await page.getByTestId('break-on-finding').selectOption('error');
    await recordBadRun(desktop, driver.file);
    const [first, second] = breaks as [number, number];
    await stoodStillAt(page, first);
    await expect(page.getByTestId('tab-findings')).toHaveText(`Findings ${findingsUpTo(first)}`);
    await page.keyboard.press('F5');
    await stoodStillAt(page, second);
    await expect(page.getByTestId('tab-findings')).toHaveText(`Findings ${findingsUpTo(second)}`);
    await page.getByTestId('timeline-canvas').focus();
    await page.keyboard.press('b');
    await expect(page.getByTestId('break-on-finding')).toHaveValue('off');
    await page.keyboard.press('F5');
    await traceIsShown(page);
    await expect(page.getByTestId('pause')).toHaveCount(0);
    await expect(page.getByTestId('verdict')).toHaveText('Succeeded');
    await expect(page.getByTestId('tab-findings')).toHaveText(`Findings ${checker.findings.length}`);
  });
});

test('a run that is stopped at a finding keeps its trace and its findings', async () => {
  await withDesktop(async (desktop) => {
    const { page } = desktop;
    await page.getByTestId('break-on-finding').selectOption('error');
    await recordBadRun(desktop, driver.file);
    const [first] = breaks as [number];
    await stoodStillAt(page, first);
    const events = await eventsShown(page);
    await page.keyboard.press('Control+.');
    await traceIsShown(page);
    await expect(page.getByTestId('pause')).toHaveCount(0);
    await expect(page.getByTestId('summary')).toContainText('Stopped by the user');
    await expect(page.getByTestId('notices')).not.toContainText('incomplete');
    expect(await eventsShown(page)).toBeGreaterThanOrEqual(events);
    await expect(page.getByTestId('finding-page')).toHaveAttribute('data-rule', brokenRule);
  });
});

test(`without break on finding the ${badScenario} runs to its end and its findings are listed afterwards`, async () => {
  await withDesktop(async (desktop) => {
    const { page } = desktop;
    await recordBadRun(desktop, driver.file);
    await traceIsShown(page);
    await expect(page.getByTestId('tab-findings')).toHaveText(`Findings ${checker.findings.length}`);
  });
});
