/**
 * `npm run bench -- check [--bytes N] [--json]`: what the rules cost a recording that they look at, in its own thread and in one beside it. N is
 * the length of the file that the scenario carries.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';
import { benchFolder, bundle } from './bundle.mjs';
import { goalOf } from './goals.mjs';

/** Longest time that the measurement may take, ms. */
const longest = 600_000;

/**
 * @param {readonly string[]} words
 * @returns {Promise<number>} exit code
 */
export const benchCheck = async (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: { json: { type: 'boolean' }, bytes: { type: 'string', default: '12000000' } },
  });
  const builtFile = await bundle({
    measureChecking: 'test/bench/check/measureChecking.ts',
    checkerThread: 'test/bench/check/checkerThread.ts',
  });
  const folder = path.join(benchFolder, 'check');
  mkdirSync(folder, { recursive: true });
  try {
    const { code, output, timedOut } = await run(
      process.execPath,
      [builtFile('measureChecking'), folder, builtFile('checkerThread'), values.bytes],
      { timeoutMs: longest },
    );
    if (code !== 0 || timedOut) throw new Advice(`The measurement failed.\n${output.trimEnd()}`);
    /** @type {import('../../test/bench/check/measureChecking').CheckingMeasurement} */
    const measured = JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? 'null');
    const { recorded, checked, besides, events, rules, looks, findings } = measured;
    /** @param {number} seconds @param {number} of */
    const more = (seconds, of) => `${((seconds / of - 1) * 100).toFixed(0)} % more`;
    const percent = (besides.wall / recorded.wall - 1) * 100;
    const goal = goalOf('wall time of checking of that of recording', percent, 25, '%', 'at most');
    if (values.json === true) say(JSON.stringify({ ...measured, goals: [goal] }, undefined, 2));
    else {
      say(
        `Scenario "transfer" of ${events} events, ${rules} rules, ${looks} cases decided, ${findings} findings`,
      );
      say(
        `  recorded                          ${recorded.wall.toFixed(2)} s, ${recorded.cpu.toFixed(2)} s CPU`,
      );
      for (const [how, { wall, cpu }] of /** @type {const} */ ([
        ['recorded and checked, one thread ', checked],
        ['recorded and checked, two threads', besides],
      ]))
        say(
          `  ${how} ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s CPU (${more(wall, recorded.wall)}, ${more(cpu, recorded.cpu)} CPU)`,
        );
      say(
        `goal: at most 25 % more wall time in two threads (${goal.met ? 'met' : `missed by ${goal.missedBy}`})`,
      );
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
