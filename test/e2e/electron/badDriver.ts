/** A driver module that breaks one rule, what is wrong with its run, and the way to record it in the window. */
import { expect } from '@playwright/test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadTrustedDriverModules } from '../../../electron/drivers/driverModules';
import { channels } from '../../../shared/contract/channels';
import { scenarioDescription } from '../../../shared/contract/scenarios';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { StoreCheck } from '../../../shared/rules/engine/storeCheck';
import { implementedRules } from '../../../shared/rules/rules';
import { recordScenario, type RecordedScenario } from '../../harness/recordScenario';
import type { Desktop } from './desktop';

/** What the example gives back, and what the bad one does: the saved ImReserved is forgotten [IMD-012]. */
const restores = 'Object.assign(block.reusedAsMiniport(), held);';
const forgets =
  'const { ImReserved: _forgotten, ...rest } = held;\n      Object.assign(block.reusedAsMiniport(), rest);';

/** The rule that the driver breaks. */
export const brokenRule = 'IMD-012';

/** The scenario that the tests record with it. */
export const badScenario = 'transfer';

/** A module file in a folder of its own. */
export interface BadDriver {
  readonly file: string;
  remove(): void;
}

/** Writes the module. */
export function writeBadDriver(): BadDriver {
  const good = readFileSync(path.resolve('examples', 'minimal-intermediate', 'driver.ts'), 'utf8');
  expect(good.split(restores)).toHaveLength(2);
  const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-bad-driver-'));
  const file = path.join(folder, 'forgetful.ts');
  writeFileSync(file, good.replace(restores, forgets));
  return {
    file,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same run without a window, and what is found in its trace. */
export async function recordWithDriver(
  file: string,
): Promise<{ readonly recorded: RecordedScenario; readonly checker: RuleChecker }> {
  const loaded = await loadTrustedDriverModules({ intermediate: file });
  if (!loaded.ok) throw new Error(loaded.error);
  const { modules: drivers, sourceOfCall } = loaded.value;
  const { defaultLoss } = scenarioDescription(badScenario);
  const recorded = recordScenario(badScenario, {
    loss: defaultLoss,
    drivers,
    sourceOfCall,
  });
  const checker = new RuleChecker(implementedRules);
  const check = new StoreCheck(recorded.model.store!, checker);
  while (check.advance(() => false));
  check.finish();
  return { recorded, checker };
}

/** Buttons of the question for trust, in their order. */
const answers = { target: 0, intermediate: 1, cancel: 2 } as const;

/** Chooses the command of the menu, with dialogs that answer by themselves. */
export async function chooseDriver(
  { application, page }: Desktop,
  file: string,
  answer: keyof typeof answers,
): Promise<void> {
  // The page listens to the menu from then on.
  await expect(page.getByTestId('window')).toHaveAttribute('data-idle', 'true');
  await application.evaluate(
    ({ dialog, BrowserWindow }, [chosen, response, channel]) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
      dialog.showMessageBox = () => Promise.resolve({ response, checkboxChecked: false });
      BrowserWindow.getAllWindows()[0]!.webContents.send(channel, 'run-with-driver');
    },
    [file, answers[answer], channels.menuCommand] as const,
  );
}

/** Begins to record the scenario with the module above the adapter. */
export async function recordBadRun(desktop: Desktop, file: string): Promise<void> {
  const { page } = desktop;
  await chooseDriver(desktop, file, 'intermediate');
  await page.getByTestId('scenario-dialog').getByTestId(`scenario-${badScenario}`).click();
  await page.getByTestId('start-recording').click();
}
