import type { MessageBoxOptions } from 'electron';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DriverChoices } from '../../../electron/main/driverChoices';
import { TrustedModules } from '../../../electron/main/trustedModules';
import { withModuleFiles } from '../../harness/driverModule';

/** Chooses a module as in one start of the app; answers what was asked. */
async function chooseIn(folder: string, response: number): Promise<MessageBoxOptions> {
  const asked: MessageBoxOptions[] = [];
  const choices = new DriverChoices(
    {
      open: () => Promise.resolve({ canceled: false, filePaths: [path.join(folder, 'driver.ts')] }),
      ask: (options) => {
        asked.push(options);
        return Promise.resolve({ response, checkboxChecked: false });
      },
    },
    new TrustedModules(path.join(folder, 'settings', 'trusted.json')),
  );
  await choices.choose();
  return asked[0]!;
}

const module = { 'driver.ts': 'export const DriverEntry = () => 0;\n' };

describe('trust in a driver module', () => {
  it('is asked for once for the same files, also by the next start of the app', async () => {
    await withModuleFiles(module, async (folder) => {
      expect((await chooseIn(folder, 0)).message).toBe('Do you trust driver.ts?');
      const again = await chooseIn(folder, 0);
      expect(again).toMatchObject({ type: 'question', message: 'As what is driver.ts to run?' });
      expect(again.buttons![again.defaultId!]).toBe('Cancel');
    });
  });

  it('is asked for again where the files have changed, and where the user has cancelled', async () => {
    await withModuleFiles(module, async (folder) => {
      await chooseIn(folder, 2);
      expect((await chooseIn(folder, 0)).type).toBe('warning');
      writeFileSync(path.join(folder, 'driver.ts'), 'export const DriverEntry = () => 1;\n');
      expect((await chooseIn(folder, 0)).type).toBe('warning');
    });
  });

  it('is asked for again where what was remembered makes no sense', async () => {
    await withModuleFiles({ ...module, 'trusted.json': '{"sha256": 7}' }, (folder) => {
      const trusted = new TrustedModules(path.join(folder, 'trusted.json'));
      const digest = 'a'.repeat(64);
      expect(trusted.has(digest)).toBe(false);
      trusted.add(digest);
      expect(JSON.parse(readFileSync(path.join(folder, 'trusted.json'), 'utf8'))).toEqual({
        sha256: [digest],
      });
      expect(new TrustedModules(path.join(folder, 'trusted.json')).has(digest)).toBe(true);
      return Promise.resolve();
    });
  });
});
