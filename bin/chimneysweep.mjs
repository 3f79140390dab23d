#!/usr/bin/env node
/**
 * `chimneysweep`: the headless command line. In a source checkout it first sets up and builds what is missing or
 * stale, saying so on stderr; an installed package brings the built program along.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../out/cli/index.cjs', import.meta.url));
const isCheckout = existsSync(new URL('../electron/cli/index.ts', import.meta.url));

/** @returns {Promise<void>} */
const bringUpToDate = async () => {
  const { setUpHeadless } = await import('../tools/setup.mjs');
  await setUpHeadless();
  const { build } = await import('../tools/build.mjs');
  // Words that ask for help or name another viewer need none to be built.
  const wantsViewer =
    process.argv[2] === 'open' && !process.argv.some((word) => /^(--help|-h|--viewer(=.*)?)$/.test(word));
  await build(wantsViewer ? ['cli', 'viewer'] : ['cli'], { onlyIfStale: true });
};

/** @returns {Promise<boolean>} whether the program can be run */
const isReady = async () => {
  if (!isCheckout) return true;
  const { runScript } = await import('../tools/lib/say.mjs');
  process.exitCode = 1;
  await runScript(async () => {
    await bringUpToDate();
    return 0;
  });
  return process.exitCode === 0;
};

if (await isReady()) createRequire(import.meta.url)(program);
