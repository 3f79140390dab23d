/**
 * Driver modules that the user has chosen and trusts, known to the page by tokens. Until the app ends trust goes for the file, whatever the user
 * makes of it; what stays is the digest of what was run, so that the same files are not asked about again.
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
import { moduleDigest } from '../drivers/moduleDigest';
import { watchModules } from '../drivers/moduleWatch';
import { trustWarning } from '../drivers/trust';
import type { TrustedModules } from './trustedModules';

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

  private stopWatching: (() => void) | undefined;
  /** Uses so far: a watch that is ready late belongs to an earlier one. */
  private uses = 0;

  /**
   * @param known what the user has trusted before; undefined: nothing is remembered
   * @param onChange told when a module that is in use has changed on the disk
   */
  constructor(
    private readonly dialogs: DriverDialogs,
    private readonly known?: TrustedModules,
    private readonly onChange?: (token: string, name: string) => void,
  ) {}

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
    const digest = this.known === undefined ? undefined : await moduleDigest(file);
    const isKnown = digest?.ok === true && this.known?.has(digest.value.sha256) === true;
    const question: MessageBoxOptions = isKnown
      ? {
          type: 'question',
          message: `As what is ${name} to run?`,
          detail: `${file}\n\nYou have trusted it, as it is now, before.`,
          buttons: ['Run as Offload Target', 'Run as Intermediate Driver', 'Cancel'],
        }
      : {
          type: 'warning',
          message: `Do you trust ${name}?`,
          detail: `${file}\n\n${trustWarning} Until you quit, this goes for what you change in it, too.`,
          buttons: ['Trust, Run as Offload Target', 'Trust, Run as Intermediate Driver', 'Cancel'],
        };
    const { response } = await this.dialogs.ask({
      ...question,
      title: 'Driver module',
      defaultId: cancel,
      cancelId: cancel,
      noLink: true,
    });
    const place = places[response];
    if (place === undefined) return succeed(null);
    if (digest?.ok === true) this.known?.add(digest.value.sha256);
    const token = randomUUID();
    this.trusted.set(token, { [place]: file });
    return succeed({ token, name, place });
  }

  /** A run begins with a module: what it is now is what the user runs, and it is watched from now on. */
  async use(token: string): Promise<void> {
    const use = ++this.uses;
    this.stopWatching?.();
    this.stopWatching = undefined;
    const { target, intermediate }: DriverModuleFiles = this.trusted.get(token) ?? {};
    const files = [target, intermediate].filter((file) => file !== undefined);
    for (const file of files) {
      const digest = await moduleDigest(file);
      if (digest.ok) this.known?.add(digest.value.sha256);
    }
    const stop = await watchModules(files, (file) => {
      this.onChange?.(token, path.basename(file));
    });
    if (use === this.uses) this.stopWatching = stop;
    else stop();
  }

  /** Watches nothing any more. */
  rest(): void {
    this.uses++;
    this.stopWatching?.();
    this.stopWatching = undefined;
  }

  /** The files behind a token; undefined if the user has never trusted them. */
  filesOf(token: string): DriverModuleFiles | undefined {
    return this.trusted.get(token);
  }
}
