/**
 * `npm run typecheck [-- ROOM…]`: checks every room of the house with its own tsconfig.json; two at a time.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, inRoot, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { Advice, runScript, say } from './lib/say.mjs';

const tsc = inRoot('node_modules', 'typescript', 'bin', 'tsc');
const vueTsc = inRoot('node_modules', 'vue-tsc', 'bin', 'vue-tsc.js');

/** Room to checker; the slow ones first. */
const rooms = new Map([
  ['renderer', vueTsc],
  ['test', vueTsc],
  ['electron', tsc],
  ['electron/emulator', tsc],
  ['electron/recorder', tsc],
  ['electron/preload', tsc],
  ['examples', tsc],
  ['shared', tsc],
  ['tools', tsc],
  ['.', tsc],
]);

/**
 * @param {string} room
 * @param {string} checker
 * @returns {Promise<boolean>} whether it is free of type errors
 */
const checkRoom = async (room, checker) => {
  const memory = path.join(cacheFolder, `types-${room.replaceAll('/', '-')}.tsbuildinfo`);
  const result = await run(
    process.execPath,
    [checker, '--noEmit', '--project', path.join(root, room), '--incremental', '--tsBuildInfoFile', memory],
    { cwd: root },
  );
  if (result.code !== 0) say(`${room}:\n${result.output.trimEnd()}`);
  return result.code === 0;
};

await runScript(async () => {
  mkdirSync(cacheFolder, { recursive: true });
  const asked = process.argv.slice(2);
  const unknown = asked.find((room) => !rooms.has(room));
  if (unknown !== undefined) {
    throw new Advice(`There is no room '${unknown}'. Rooms: ${[...rooms.keys()].join(', ')}`);
  }
  const queue = [...rooms].filter(([room]) => asked.length === 0 || asked.includes(room));
  /** @type {boolean[]} */
  const results = [];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results.push(await checkRoom(...next));
    }
  };
  await Promise.all([worker(), worker()]);
  return results.every(Boolean) ? 0 : 1;
});
