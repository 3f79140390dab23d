/**
 * Driver modules that the user has chosen and trusts, known to the page by tokens. Trust is asked for at each choice and lasts until the
 * app ends: nothing of it is written down.
 */
import type {
  MessageBoxOptions,
  MessageBoxReturnValue,
  OpenDialogOptions,
  OpenDialogReturnValue,
} from 'electron';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { succeed, type Result } from '../../shared/base/result';
import type { BridgeError, ChosenDriverModule } from '../../shared/contract/desktopBridge';
import type { DriverPlace } from '../../shared/contract/recording';
import type { DriverModuleFiles } from '../drivers/driverModules';
import { trustWarning } from '../drivers/trust';

/** The two native dialogs that a choice takes. */
export interface DriverDialogs {
  readonly open: (options: OpenDialogOptions) => Promise<OpenDialogReturnValue>;
  readonly ask: (options: MessageBoxOptions) => Promise<MessageBoxReturnValue>;
}

/** Answers to the question for trust; closing the box is the last of them. */
const places: readonly (DriverPlace | undefined)[] = ['target', 'intermediate', undefined];

/** See the file's head. */
export class DriverChoices {
  private readonly trusted = new Map<string, DriverModuleFiles>();

  constructor(private readonly dialogs: DriverDialogs) {}

  /** Lets the user choose a file, and then asks whether it is trusted. Null: the user did not want to, at either step. */
  async choose(): Promise<Result<ChosenDriverModule | null, BridgeError>> {
    const chosen = await this.dialogs.open({
      title: 'Driver module',
      properties: ['openFile'],
      filters: [{ name: 'Driver modules', extensions: ['ts', 'mts', 'js', 'mjs'] }],
    });
    const [file] = chosen.filePaths;
    if (chosen.canceled || file === undefined) return succeed(null);
    const name = path.basename(file);
    const cancel = places.indexOf(undefined);
    const { response } = await this.dialogs.ask({
      type: 'warning',
      title: 'Driver module',
      message: `Do you trust ${name}?`,
      detail: `${file}\n\n${trustWarning}`,
      buttons: ['Trust, Run as Offload Target', 'Trust, Run as Intermediate Driver', 'Cancel'],
      defaultId: cancel,
      cancelId: cancel,
      noLink: true,
    });
    const place = places[response];
    if (place === undefined) return succeed(null);
    const token = randomUUID();
    this.trusted.set(token, { [place]: file });
    return succeed({ token, name, place });
  }

  /** The files behind a token; undefined if the user has never trusted them. */
  filesOf(token: string): DriverModuleFiles | undefined {
    return this.trusted.get(token);
  }
}
