/**
 * Loads a driver module: a TypeScript or JavaScript file that exports DriverEntry. Its code runs in this process with the rights of the
 * user, so that nobody may call this before the user has said that the module is trusted.
 */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import type { SourceMap } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { DriverEntry } from '../emulator/kit/driverObject';
import * as kit from '../emulator/kit/index';
import type { DriverModule } from '../emulator/scenarios/moduleDriver';
import { fileProblem } from '../files/fileProblem';
import { importedFile } from './importedFile';
import { describeModuleError, type SourceMaps } from './moduleProblem';
import { translate, type Compiler } from './moduleSource';

/** Name under which modules import the kit. */
const kitName = 'chimneysweep/kit';

/** A module that has been loaded, and the way back to its source. */
export interface LoadedDriverModule extends DriverModule {
  readonly maps: SourceMaps;
  /** Its files, the main one first; absolute, real paths. */
  readonly files: readonly string[];
  readonly running: string[];
}

/** A problem that can be told as it is. */
class LoadProblem extends Error {}

/** Loads the files of one module, each once. */
class ModuleFiles {
  readonly maps = new Map<string, SourceMap>();
  private readonly hash = createHash('sha256');
  private readonly modules = new Map<string, { exports: Record<string, unknown> }>();

  constructor(private readonly compiler: Compiler) {}

  /** SHA-256 of all files, one after the other in the order in which they are imported: of one file what sha256sum says. */
  get sha256(): string {
    return this.hash.copy().digest('hex');
  }

  /** All files, in the order in which they were first imported. */
  get paths(): readonly string[] {
    return [...this.modules.keys()];
  }

  /** @throws LoadProblem; whatever the module throws while it is evaluated */
  load(file: string): Record<string, unknown> {
    const known = this.modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} as Record<string, unknown> };
    this.modules.set(file, module);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      throw new LoadProblem(fileProblem(error, 'read', file));
    }
    this.hash.update(bytes);
    const source = new TextDecoder().decode(bytes);
    if (file.endsWith('.json')) {
      module.exports = JSON.parse(source) as Record<string, unknown>;
      return module.exports;
    }
    const translated = translate(this.compiler, file, source);
    if (!translated.ok) throw new LoadProblem(translated.error);
    this.maps.set(file, translated.value.map);
    const run = compileFunction(translated.value.code, ['exports', 'require', 'module'], { filename: file });
    const require = (specifier: string): unknown => this.import(specifier, file);
    (run as (...values: unknown[]) => void)(module.exports, require, module);
    return module.exports;
  }

  private import(specifier: string, from: string): unknown {
    if (specifier === kitName) return kit;
    const name = path.basename(from);
    if (!specifier.startsWith('.')) {
      throw new LoadProblem(
        `${name} imports '${specifier}'. A driver module imports '${kitName}' and files of its own by relative paths, nothing else.`,
      );
    }
    const found = importedFile(specifier, from);
    if (found === undefined) throw new LoadProblem(`${name} imports '${specifier}', which does not exist.`);
    return this.load(found);
  }
}

/** Loads a module that the user trusts. The error is a sentence that names file and place. */
export async function loadTrustedDriverModule(file: string): Promise<Result<LoadedDriverModule, string>> {
  let real: string;
  try {
    real = realpathSync(file);
    if (!statSync(real).isFile()) return fail(`${file} is no ordinary file. Name a driver module.`);
  } catch (error) {
    return fail(fileProblem(error, 'read', file));
  }
  const files = new ModuleFiles((await import('typescript')).default);
  const name = path.basename(real);
  try {
    const { DriverEntry } = files.load(real);
    if (typeof DriverEntry !== 'function') {
      return fail(
        `${name} exports no function DriverEntry. A driver module begins there (docs/writing-a-driver.md).`,
      );
    }
    const { sha256, maps } = files;
    return succeed({
      name,
      sha256,
      DriverEntry: DriverEntry as DriverEntry,
      maps,
      files: files.paths,
      running: [],
    });
  } catch (error) {
    if (error instanceof LoadProblem) return fail(error.message);
    return fail(`${describeModuleError(error, files.maps)} (while ${name} was loaded)`);
  }
}
