/** Notices that a driver module has changed on the disk: its file, or one that it imports. */
import { unwatchFile, watchFile } from 'node:fs';
import { moduleDigest } from './moduleDigest';

/** Time between two looks at a file, ms: editors put files in the place of others, so that looking is surer than listening. */
const lookInterval = 250;

/**
 * Watches modules until the answer is called.
 * @param onChange told at each change of what is in the files, with the main file; not where only their dates change
 */
export async function watchModules(
  mains: readonly string[],
  onChange: (main: string) => void,
): Promise<() => void> {
  const stops = await Promise.all(mains.map((main) => watchModule(main, onChange)));
  return () => {
    for (const stop of stops) stop();
  };
}

async function watchModule(main: string, onChange: (main: string) => void): Promise<() => void> {
  let isOver = false;
  let watched: readonly string[] = [];
  let known = await moduleDigest(main);
  const look = async (): Promise<void> => {
    const now = await moduleDigest(main);
    if (isOver || !now.ok) return;
    const isSame = known.ok && known.value.sha256 === now.value.sha256;
    known = now;
    follow(now.value.files);
    if (!isSame) onChange(main);
  };
  const listener = (): void => void look();
  const follow = (files: readonly string[]): void => {
    for (const file of watched) if (!files.includes(file)) unwatchFile(file, listener);
    for (const file of files)
      if (!watched.includes(file)) watchFile(file, { interval: lookInterval, persistent: true }, listener);
    watched = files;
  };
  follow(known.ok ? known.value.files : [main]);
  return () => {
    isOver = true;
    follow([]);
  };
}
