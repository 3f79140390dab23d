/**
 * `npm run bench -- watch [--cases NAME:BYTES:CONNECTIONS,…] [--rounds N] [--json]`: what it costs a run that somebody could stop it anywhere: by
 * a gate whose watch sleeps, as in the app until somebody sets a breakpoint or steps; by a watch that looks at every record for nothing, for 10
 * breakpoints, and for 50. Every run is a process of its own; nothing
 * goes to a disk, and a breakpoint that is met only counts.
 */
import { parseArgs } from 'node:util';
import { run } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';
import { bundle } from './bundle.mjs';
import { goalOf } from './goals.mjs';

/** Longest time that a run may take, ms. */
const longest = 600_000;

const ways = /** @type {const} */ ([
  ['plain', 'recorded only      '],
  ['asleep', 'the watch sleeps   '],
  ['0', 'it looks at records'],
  ['10', '... for 10 breakpts.'],
  ['50', '... for 50 breakpts.'],
]);

/** @typedef {import('../../test/bench/watch/measureWatch').WatchMeasurement} Measurement */

/** @param {readonly number[]} values */
const median = (values) => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? NaN;
};

/**
 * @param {readonly string[]} words
 * @returns {Promise<number>} exit code
 */
export const benchWatch = async (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean' },
      cases: {
        type: 'string',
        default: 'transfer:24000000:1,many-connections:8000000:30,bulk-offload:8000000:1000',
      },
      rounds: { type: 'string', default: '3' },
    },
  });
  const builtFile = await bundle({ measureWatch: 'test/bench/watch/measureWatch.ts' });
  /**
   * @param {readonly string[]} subject
   * @param {string} way
   * @returns {Promise<Measurement>}
   */
  const measure = async (subject, way) => {
    const { code, output, timedOut } = await run(
      process.execPath,
      ['--expose-gc', builtFile('measureWatch'), ...subject, way],
      { timeoutMs: longest },
    );
    if (code !== 0 || timedOut) throw new Advice(`The measurement failed.\n${output.trimEnd()}`);
    return JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? 'null');
  };
  const all = [];
  for (const one of values.cases.split(',')) {
    const subject = one.split(':');
    /** @type {Record<string, Measurement[]>} */
    const measured = {};
    // In turns, so that what else the machine does meets all of them.
    for (let round = 0; round < Number(values.rounds); round++)
      for (const [way] of ways) (measured[way] ??= []).push(await measure(subject, way));
    /** @param {string} way @param {keyof Measurement} what */
    const of = (way, what) => median((measured[way] ?? []).map((result) => result[what]));
    const events = of('plain', 'events');
    /** @param {string} way */
    const more = (way) => (of(way, 'cpu') / of('plain', 'cpu') - 1) * 100;
    const goal = goalOf(`${one}: a run without breakpoints`, more('asleep'), 5, '%', 'at most');
    all.push({ subject: one, events, measured, goal });
    if (values.json === true) continue;
    const [scenario, bytes, connections] = subject;
    say(`Scenario "${scenario}", ${bytes} bytes on ${connections} connections, ${events} events`);
    for (const [way, title] of ways) {
      const perEvent = ((of(way, 'cpu') - of('plain', 'cpu')) / events) * 1e9;
      const cost =
        way === 'plain' ? '' : `, ${more(way).toFixed(1)} % more, ${perEvent.toFixed(0)} ns a record`;
      const met = of(way, 'stops') === 0 ? '' : `, met ${of(way, 'stops')} times`;
      say(
        `  ${title} ${of(way, 'cpu').toFixed(2)} s CPU (the thread ${of(way, 'thread').toFixed(2)} s)${cost}; ${(of(way, 'heap') / 1e6).toFixed(1)} MB held${met}`,
      );
    }
    say(
      `  goal: at most 5 % more CPU time without breakpoints (${goal.met ? 'met' : `missed by ${goal.missedBy}`})`,
    );
  }
  if (values.json === true) say(JSON.stringify(all, undefined, 2));
  return 0;
};
