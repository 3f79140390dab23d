/** Writes to standard output no faster than it is read. */
import { once } from 'node:events';

/** Writes a text, and waits where the reader is behind. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
