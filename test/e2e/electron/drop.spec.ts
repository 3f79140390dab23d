import { expect, test } from '@playwright/test';
import { recordScenario } from '../../harness/recordScenario';
import { dropFile } from '../viewer/viewerPage';
import { startDesktop, traceIsShown, type Desktop } from './desktop';

let desktop: Desktop;

test.beforeAll(async () => {
  desktop = await startDesktop(['--empty']);
});

test.afterAll(async () => {
  await desktop.close();
});

test('a dropped trace opens in the desktop window', async () => {
  const { page } = desktop;
  await dropFile(page, 'dropped.sweep', recordScenario('neighbor-invalidated').bytes);
  await traceIsShown(page);
  await expect(page.getByTestId('trace-title')).toContainText('A neighbor becomes invalid');
  await page.getByTestId('tab-milestones').click();
  await expect(page.getByTestId('milestones')).toContainText('The target asks for the upload: InvalidState');
});

test('a dropped file that is no trace leaves the shown trace in place', async () => {
  const { page } = desktop;
  await dropFile(page, 'broken.sweep', Buffer.from('not a trace at all'));
  await expect(page.getByTestId('notices')).toContainText('This is not a Chimneysweep trace');
  await expect(page.getByTestId('trace-title')).toContainText('A neighbor becomes invalid');
});
