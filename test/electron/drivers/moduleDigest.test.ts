import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { moduleDigest } from '../../../electron/drivers/moduleDigest';
import { watchModules } from '../../../electron/drivers/moduleWatch';
import { withModuleFiles } from '../../harness/driverModule';

const files = {
  'driver.ts':
    "import { value } from './part.js';\nimport type * as kit from 'chimneysweep/kit';\nexport const DriverEntry = () => value;",
  'part.ts': 'export const value = 7;\n',
  'other.ts': 'export const other = 1;\n',
};

async function digestOf(
  file: string,
): Promise<{ readonly sha256: string; readonly files: readonly string[] }> {
  const digest = await moduleDigest(file);
  if (!digest.ok) throw new Error(digest.error);
  return digest.value;
}

describe('the digest of a driver module', () => {
  it('is of its file and of what that imports, and runs none of it', async () => {
    await withModuleFiles(files, async (folder) => {
      const main = path.join(folder, 'driver.ts');
      const before = await digestOf(main);
      expect(before.files.map((file) => path.basename(file))).toEqual(['driver.ts', 'part.ts']);
      writeFileSync(path.join(folder, 'other.ts'), 'export const other = 2;\n');
      expect(await digestOf(main)).toEqual(before);
      writeFileSync(path.join(folder, 'part.ts'), 'throw new Error();\n');
      expect((await digestOf(main)).sha256).not.toBe(before.sha256);
    });
  });

  it('is a sentence where there is no file', async () => {
    expect(await moduleDigest('/no/such/driver.ts')).toEqual({
      ok: false,
      error: 'There is no file /no/such/driver.ts. Check the name.',
    });
  });
});

describe('watching a driver module', () => {
  it('tells when a file that it imports has other contents, once', { timeout: 60_000 }, async () => {
    await withModuleFiles(files, async (folder) => {
      const main = path.join(folder, 'driver.ts');
      const told: string[] = [];
      let heard: () => void = () => undefined;
      const stop = await watchModules([main], (file) => {
        told.push(file);
        heard();
      });
      try {
        const changed = new Promise<void>((resolve) => (heard = resolve));
        // The same again is no change.
        writeFileSync(main, files['driver.ts']);
        writeFileSync(path.join(folder, 'part.ts'), 'export const value = 8;\n');
        await changed;
        expect(told).toEqual([main]);
      } finally {
        stop();
      }
    });
  });
});
