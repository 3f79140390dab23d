/** Driver modules for tests, through the loader that app and command line use. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadTrustedDriverModule, type LoadedDriverModule } from '../../electron/drivers/driverModule';

/** Path of a file below examples/. */
export function exampleFile(...parts: string[]): string {
  return path.resolve(import.meta.dirname, '../../examples', ...parts);
}

/** An example, loaded. */
export async function loadExample(...parts: string[]): Promise<LoadedDriverModule> {
  const loaded = await loadTrustedDriverModule(exampleFile(...parts));
  if (!loaded.ok) throw new Error(loaded.error);
  return loaded.value;
}

/** Runs `use` with a folder that holds these files, by name. */
export async function withModuleFiles<Answer>(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<Answer>,
): Promise<Answer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-driver-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
