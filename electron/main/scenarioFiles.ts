/** Scenario files that the user opens and saves, known to the page by tokens: it can neither see nor invent a path. */
import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type {
  OpenDialogOptions,
  OpenDialogReturnValue,
  SaveDialogOptions,
  SaveDialogReturnValue,
} from 'electron';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { BridgeError } from '../../shared/contract/desktopBridge';
import type { OpenedScenario, SaveScenarioRequest, ScenarioFile } from '../../shared/contract/scenarioFiles';
import { longestText } from '../../shared/scenario/yamlTree';
import { fileProblem } from '../files/fileProblem';

const filters = [
  { name: 'Scenarios', extensions: ['yaml', 'yml', 'json'] },
  { name: 'All files', extensions: ['*'] },
];

/** The two native dialogs. */
export interface ScenarioDialogs {
  readonly open: (options: OpenDialogOptions) => Promise<OpenDialogReturnValue>;
  readonly save: (options: SaveDialogOptions) => Promise<SaveDialogReturnValue>;
}

/** See the file's head. */
export class ScenarioFiles {
  private readonly paths = new Map<string, string>();

  constructor(private readonly dialogs: ScenarioDialogs) {}

  /** Lets the user choose a file and reads it. Null: cancelled. */
  async open(): Promise<Result<OpenedScenario | null, BridgeError>> {
    const chosen = await this.dialogs.open({ title: 'Scenario', properties: ['openFile'], filters });
    const file = chosen.filePaths[0];
    return chosen.canceled || file === undefined ? succeed(null) : this.read(file);
  }

  /** Reads a file that the user has dropped on the window. */
  read(file: string): Result<OpenedScenario, BridgeError> {
    const name = path.basename(file);
    try {
      const descriptor = openSync(file, 'r');
      try {
        const facts = fstatSync(descriptor);
        if (!facts.isFile())
          return fail({ message: `${name} is no ordinary file. Choose a scenario, which is a .yaml file.` });
        // Characters of UTF-8 take up to 4 bytes.
        if (facts.size > 4 * longestText)
          return fail({ message: `${name} is too large for a scenario: it has ${facts.size} bytes.` });
        const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(descriptor));
        if (text.length > longestText)
          return fail({ message: `${name} is too long for a scenario: at most ${longestText} characters.` });
        return succeed({ ...this.register(file), text: text.replaceAll('\r\n', '\n') });
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (error instanceof TypeError)
        return fail({ message: `${name} is no text in UTF-8. Choose a scenario, which is a .yaml file.` });
      return fail({ message: fileProblem(error, 'read', file) });
    }
  }

  /** Saves a text into the file of its token, or where the user chooses. Null: cancelled. */
  async save({ text, name, token }: SaveScenarioRequest): Promise<Result<ScenarioFile | null, BridgeError>> {
    let file = token === undefined ? undefined : this.paths.get(token);
    if (file === undefined) {
      const chosen = await this.dialogs.save({
        title: 'Save scenario',
        defaultPath: path.basename(name),
        filters,
      });
      if (chosen.canceled || chosen.filePath === '') return succeed(null);
      file = chosen.filePath;
    }
    try {
      writeFileSync(file, text);
      return succeed(this.register(file));
    } catch (error) {
      return fail({ message: fileProblem(error, 'write', file) });
    }
  }

  private register(file: string): ScenarioFile {
    const name = path.basename(file);
    for (const [token, known] of this.paths) if (known === file) return { token, name };
    const token = randomUUID();
    this.paths.set(token, file);
    return { token, name };
  }
}
