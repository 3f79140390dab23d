import type { MessageBoxOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { DriverChoices, type DriverDialogs } from '../../../electron/main/driverChoices';

/** Dialogs that answer as told, and keep the question. */
function dialogs(files: readonly string[], response: number): DriverDialogs & { asked: MessageBoxOptions[] } {
  const asked: MessageBoxOptions[] = [];
  return {
    asked,
    open: () => Promise.resolve({ canceled: files.length === 0, filePaths: [...files] }),
    ask: (options) => {
      asked.push(options);
      return Promise.resolve({ response, checkboxChecked: false });
    },
  };
}

describe('choosing a driver module', () => {
  it.each([
    [0, 'target'],
    [1, 'intermediate'],
  ] as const)(
    'answer %i trusts it as %s, for which the page gets a token and no path',
    async (response, place) => {
      const choices = new DriverChoices(dialogs(['/home/me/driver.ts'], response));
      const chosen = await choices.choose();
      if (!chosen.ok || chosen.value === null) throw new Error('nothing was chosen');
      expect(chosen.value).toEqual({ token: chosen.value.token, name: 'driver.ts', place });
      expect(chosen.value.token).not.toContain('home');
      expect(choices.filesOf(chosen.value.token)).toEqual({ [place]: '/home/me/driver.ts' });
    },
  );

  it('says what trust means, and Cancel is the default', async () => {
    const asking = dialogs(['/home/me/driver.ts'], 2);
    const chosen = await new DriverChoices(asking).choose();
    expect(chosen).toEqual({ ok: true, value: null });
    const [question] = asking.asked;
    expect(question).toMatchObject({ type: 'warning', message: 'Do you trust driver.ts?' });
    expect(question!.detail).toContain('It runs with your rights');
    expect(question!.buttons![question!.defaultId!]).toBe('Cancel');
    expect(question!.buttons![question!.cancelId!]).toBe('Cancel');
  });

  it('asks for no trust where no file was chosen', async () => {
    const asking = dialogs([], 0);
    expect(await new DriverChoices(asking).choose()).toEqual({ ok: true, value: null });
    expect(asking.asked).toEqual([]);
  });

  it('knows no token that it has not given out', () => {
    expect(new DriverChoices(dialogs([], 0)).filesOf('driver-1')).toBeUndefined();
  });
});
