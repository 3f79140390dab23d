/**
 * `npm run bench [-- PART…] [options]`: measures how fast the emulator and its traces are. Parts are `tcp` (connections that carry bytes;
 * its options are in tools/bench/tcp.mjs), `trace` (recording, saving, opening and asking traces; tools/bench/trace.mjs), both with goals
 * and peers, `check` (what the rules cost a recording; tools/bench/check.mjs), `watch` (what it costs that a run can be stopped; tools/bench/watch.mjs), and the names of the files in test/bench, such as `reading`; everything when none is named. Options belong to one part.
 */
import { inRoot } from './lib/paths.mjs';
import { Advice, runScript } from './lib/say.mjs';
import { benchCheck } from './bench/check.mjs';
import { benchTcp } from './bench/tcp.mjs';
import { benchTrace } from './bench/trace.mjs';
import { benchWatch } from './bench/watch.mjs';
import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

const suffix = '.bench.ts';

/** @type {readonly string[]} */
const vitestParts = readdirSync(inRoot('test', 'bench'))
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .sort();

/** Parts that measure in processes of their own. */
const programs = new Map([
  ['tcp', benchTcp],
  ['trace', benchTrace],
  ['check', benchCheck],
  ['watch', benchWatch],
]);

/**
 * @param {readonly string[]} parts
 * @returns {number} exit code
 */
const runVitest = (parts) => {
  const vitest = inRoot('node_modules', 'vitest', 'vitest.mjs');
  const filters = parts.map((part) => `test/bench/${part}${suffix}`);
  const { status } = spawnSync(process.execPath, [vitest, 'bench', '--run', ...filters], {
    cwd: inRoot(),
    stdio: 'inherit',
  });
  return status ?? 1;
};

await runScript(async () => {
  const words = process.argv.slice(2);
  const firstOption = words.findIndex((word) => word.startsWith('-'));
  const parts = firstOption < 0 ? words : words.slice(0, firstOption);
  const options = firstOption < 0 ? [] : words.slice(firstOption);
  const unknown = parts.find((part) => !programs.has(part) && !vitestParts.includes(part));
  if (unknown !== undefined)
    throw new Advice(
      `There is no part '${unknown}' of the bench. Parts: tcp, trace, check, watch, ${vitestParts.join(', ')}`,
    );
  const others = parts.filter((part) => !programs.has(part));
  let code = 0;
  if (parts.length === 0 || others.length > 0) code = runVitest(others);
  for (const [name, bench] of programs)
    if (parts.length === 0 || parts.includes(name)) code = Math.max(code, await bench(options));
  return code;
});
