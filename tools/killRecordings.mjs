/**
 * `node tools/killRecordings.mjs [--kills N] [--seed S] [--scenario NAME] [--megabytes N] [--saving]`: records a scenario again and again, kills
 * the process (SIGKILL) at random instants, and looks at what is in the file: it opens, and every record of it is the one that an undisturbed
 * run has under that id. What stands there is at most the flush interval older than the kill, which the median of the events tells. With
 * `--saving` it is killed while the recording is made compact, once a random part of the compact file is there: what opens has to be whole.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bench/bundle.mjs';
import { inRoot, resultsFolder } from './lib/paths.mjs';
import { runScript, say } from './lib/say.mjs';

/**
 * @param {readonly string[]} words
 * @param {number} killAfter ms; Infinity lets it end
 * @param {{ file: string, bytes: number }} [killAt] kills once this file has so many bytes
 * @returns {Promise<number>} how long it ran, ms
 */
const record = (words, killAfter, killAt) =>
  new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, [inRoot('bin', 'chimneysweep.mjs'), 'run', ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const timer = Number.isFinite(killAfter) ? setTimeout(() => child.kill('SIGKILL'), killAfter) : undefined;
    const watch =
      killAt === undefined
        ? undefined
        : setInterval(() => {
            const size = statSync(killAt.file, { throwIfNoEntry: false })?.size ?? -1;
            if (size >= killAt.bytes) child.kill('SIGKILL');
          }, 1);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      clearInterval(watch);
      resolve(performance.now() - begun);
    });
  });

/**
 * @param {number} state
 * @returns {number} the next of a sequence of 32-bit numbers (xorshift)
 */
const next = (state) => {
  let value = state;
  value ^= value << 13;
  value ^= value >>> 17;
  value ^= value << 5;
  return value >>> 0;
};

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      scenario: { type: 'string', default: 'transfer' },
      megabytes: { type: 'string', default: '6' },
      saving: { type: 'boolean', default: false },
    },
  });
  const folder = path.join(resultsFolder, 'kills');
  mkdirSync(folder, { recursive: true });
  const input = path.join(folder, 'input.bin');
  const bytes = Buffer.alloc(Number(values.megabytes) * 1_000_000);
  for (let index = 0; index < bytes.length; index++) bytes[index] = Math.imul(index, 2654435761) >>> 24;
  writeFileSync(input, bytes);
  const program = (await bundle({ killedRecording: 'test/fuzz/kill/killedRecording.ts' }))('killedRecording');
  /** @type {typeof import('../test/fuzz/kill/killedRecording')} */
  const { judgeRecording, readReference } = await import(pathToFileURL(program).href);
  const out = path.join(folder, 'killed.sweep');
  const words = [values.scenario, '--file', input, '--seed', values.seed, '--out', out];
  // Whole frames make a file that takes some time to be written.
  if (values.saving) words.push('--snap-length', 'all');
  await record(words, Infinity);
  const duration = await record(words, Infinity);
  const reference = readReference(readFileSync(out));
  const saved = statSync(out).size;
  say(`an undisturbed run takes ${Math.round(duration)} ms and has ${reference.length} events`);
  /** @type {Record<string, number>} */
  const endings = {};
  /** @type {number[]} */
  const events = [];
  let torn = 0;
  let leftovers = 0;
  let wrong = 0;
  let state = Number(values.seed) + 0x9e37;
  for (let kill = 0; kill < Number(values.kills); kill++) {
    rmSync(out, { force: true });
    rmSync(`${out}.saving`, { force: true });
    state = next(state);
    const place = state / 2 ** 32;
    const after = values.saving ? Infinity : place * duration * 1.05;
    const killAt = values.saving ? { file: `${out}.saving`, bytes: Math.floor(place * saved) } : undefined;
    await record(words, after, killAt);
    if (existsSync(`${out}.saving`)) leftovers++;
    try {
      const judged = existsSync(out)
        ? await judgeRecording(reference, readFileSync(out))
        : /** @type {const} */ ({ ending: 'no file yet', events: 0, tornBytes: 0 });
      endings[judged.ending] = (endings[judged.ending] ?? 0) + 1;
      if (judged.ending === 'cut') events.push(judged.events);
      if (judged.tornBytes > 0) torn++;
      if (values.saving && judged.ending !== 'complete') throw new Error(`the file is ${judged.ending}`);
    } catch (error) {
      wrong++;
      const when = killAt === undefined ? `after ${Math.round(after)} ms` : `at ${killAt.bytes} bytes`;
      say(`killed ${when}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  events.sort((left, right) => left - right);
  say(
    `${values.kills} kills: ${Object.entries(endings)
      .map(([ending, times]) => `${times} ${ending}`)
      .join(', ')}; ${wrong} wrong; ${torn} with a torn frame; ${leftovers} while the recording was saved; ` +
      `${events[events.length >> 1] ?? 0} events in the median cut file`,
  );
  return wrong === 0 ? 0 : 1;
});
