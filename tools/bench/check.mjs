/**
 * `npm run bench -- check [--bytes N,M] [--rounds N] [--json]`: what the rules cost a recording that they look at, in its own thread and in one
 * beside it. N and M are lengths of the file that the scenario carries. Every recording is a process of its own, as it is on the command line,
 * so that neither the emulator nor the rules are warm.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';
import { benchFolder, bundle } from './bundle.mjs';
import { goalOf } from './goals.mjs';

/** Longest time that a recording may take, ms. */
const longest = 300_000;

const ways = /** @type {const} */ ([
  ['recorded', 'recorded                         '],
  ['checked', 'recorded and checked, one thread '],
  ['besides', 'recorded and checked, two threads'],
]);

/** @typedef {import('../../test/bench/check/measureChecking').CheckingMeasurement} Measurement */

/** @param {readonly number[]} values */
const median = (values) => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? NaN;
};

/**
 * @param {readonly string[]} words
 * @returns {Promise<number>} exit code
 */
export const benchCheck = async (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean' },
      bytes: { type: 'string', default: '12000000,110000000' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const builtFile = await bundle({
    measureChecking: 'test/bench/check/measureChecking.ts',
    checkerThread: 'test/bench/check/checkerThread.ts',
  });
  const folder = path.join(benchFolder, 'check');
  mkdirSync(folder, { recursive: true });
  /**
   * @param {string} bytes
   * @param {string} way
   * @returns {Promise<Measurement>}
   */
  const measure = async (bytes, way) => {
    const { code, output, timedOut } = await run(
      process.execPath,
      [builtFile('measureChecking'), folder, builtFile('checkerThread'), bytes, way],
      { timeoutMs: longest },
    );
    if (code !== 0 || timedOut) throw new Advice(`The measurement failed.\n${output.trimEnd()}`);
    return JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? 'null');
  };
  try {
    const all = [];
    for (const bytes of values.bytes.split(',')) {
      /** @type {Record<string, Measurement[]>} */
      const measured = { recorded: [], checked: [], besides: [] };
      // In turns, so that what else the machine does meets all of them.
      for (let round = 0; round < Number(values.rounds); round++)
        for (const [way] of ways) measured[way]?.push(await measure(bytes, way));
      /** @param {string} way @param {'wall' | 'cpu' | 'lag' | 'recordingThread' | 'checkingThread'} what */
      const of = (way, what) => median((measured[way] ?? []).map((one) => one[what] ?? NaN));
      const percent = (of('besides', 'wall') / of('recorded', 'wall') - 1) * 100;
      const goal = goalOf('wall time of checking of that of recording', percent, 25, '%', 'at most');
      const [first] = measured['besides'] ?? [];
      all.push({ bytes: Number(bytes), events: first?.events, measured, goal });
      if (values.json === true) continue;
      say(
        `Scenario "transfer" of ${first?.events} events, ${first?.rules} rules, ${first?.looks} cases decided, ${first?.findings} findings`,
      );
      for (const [way, title] of ways) {
        const [wall, cpu] = [of(way, 'wall'), of(way, 'cpu')];
        const more = ((wall / of('recorded', 'wall') - 1) * 100).toFixed(0);
        const threads =
          way === 'besides'
            ? `, the checking one ${of(way, 'checkingThread').toFixed(2)} s; ${of(way, 'lag').toFixed(2)} s of the wall time behind the last event`
            : '';
        say(
          `  ${title} ${wall.toFixed(2)} s${way === 'recorded' ? '' : ` (${more} % more)`}, ${cpu.toFixed(2)} s CPU: the recording thread ${of(way, 'recordingThread').toFixed(2)} s${threads}`,
        );
      }
      say(
        `  goal: at most 25 % more wall time in two threads (${goal.met ? 'met' : `missed by ${goal.missedBy}`})`,
      );
    }
    if (values.json === true) say(JSON.stringify(all, undefined, 2));
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
