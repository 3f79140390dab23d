/** `npm run bench -- check [--json]`: what the rules cost a recording that they look at. */
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
  const { values } = parseArgs({ args: [...words], options: { json: { type: 'boolean' } } });
  const builtFile = await bundle({ measureChecking: 'test/bench/check/measureChecking.ts' });
  const folder = path.join(benchFolder, 'check');
  mkdirSync(folder, { recursive: true });
  try {
    const { code, output, timedOut } = await run(
      process.execPath,
      ['--expose-gc', builtFile('measureChecking'), folder],
      { timeoutMs: longest },
    );
    if (code !== 0 || timedOut) throw new Advice(`The measurement failed.\n${output.trimEnd()}`);
    /** @type {import('../../test/bench/check/measureChecking').CheckingMeasurement} */
    const measured = JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? 'null');
    const { recordedSeconds, checkedSeconds, events, rules, looks, findings } = measured;
    const percent = (checkedSeconds / recordedSeconds - 1) * 100;
    const goal = goalOf('checking of what it costs to record', percent, 25, '%', 'at most');
    if (values.json === true) say(JSON.stringify({ ...measured, goals: [goal] }, undefined, 2));
    else {
      say(
        `Scenario "transfer" of ${events} events, ${rules} rules: ${recordedSeconds.toFixed(2)} s CPU recorded, ${checkedSeconds.toFixed(2)} s recorded and checked (${percent.toFixed(0)} % more);`,
      );
      say(`  ${looks} cases decided, ${findings} findings`);
      say(`goal: at most 25 % (${goal.met ? 'met' : `missed by ${goal.missedBy}`})`);
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
