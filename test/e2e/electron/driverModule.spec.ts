import { expect, test } from '@playwright/test';
import path from 'node:path';
import { channels } from '../../../shared/contract/channels';
import { startDesktop, traceIsShown, type Desktop } from './desktop';

const example = path.resolve('examples', 'minimal-target', 'driver.ts');

/** Buttons of the question for trust, in their order. */
const answers = { target: 0, cancel: 2 } as const;

/** Chooses the command of the menu, with dialogs that answer by themselves. */
async function runWithDriver({ application, page }: Desktop, file: string, answer: number): Promise<void> {
  // The page listens to the menu from then on.
  await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
  await application.evaluate(
    ({ dialog, BrowserWindow }, [chosen, response, channel]) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
      dialog.showMessageBox = () => Promise.resolve({ response, checkboxChecked: false });
      BrowserWindow.getAllWindows()[0]!.webContents.send(channel, 'run-with-driver');
    },
    [file, answer, channels.menuCommand] as const,
  );
}

test('a trusted driver module is compiled in the engine and carries the file', async () => {
  const desktop = await startDesktop(['--empty']);
  const { page } = desktop;
  try {
    await runWithDriver(desktop, example, answers.target);
    await expect(page.getByTestId('driver-module')).toContainText('Offload target: driver.ts');
    await page.getByTestId('start-recording').click();
    await traceIsShown(page);
    await expect(page.getByTestId('verdict')).toHaveText('Succeeded');
    expect(desktop.problems).toEqual([]);
  } finally {
    await desktop.close();
  }
});

test('a driver module that is not trusted is not loaded', async () => {
  const desktop = await startDesktop(['--empty']);
  const { page } = desktop;
  try {
    await runWithDriver(desktop, example, answers.cancel);
    await expect(page.getByTestId('driver-module')).toHaveCount(0);
    await expect(page.getByTestId('scenario-dialog')).toHaveCount(0);
  } finally {
    await desktop.close();
  }
});
