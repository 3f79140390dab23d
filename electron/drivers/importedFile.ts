/** Which file a driver module means by a relative import. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** What a relative import may leave out. */
const endings = ['', '.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js'];

/** The real path of the file; undefined where there is none. `from`: the file that imports it. */
export function importedFile(specifier: string, from: string): string | undefined {
  const wanted = path.resolve(path.dirname(from), specifier);
  // TypeScript lets a source name the file that it will be compiled to.
  const candidates = [...endings.map((ending) => wanted + ending), wanted.replace(/\.js$/, '.ts')];
  const found = candidates.find((file) => existsSync(file) && statSync(file).isFile());
  return found === undefined ? undefined : realpathSync(found);
}
