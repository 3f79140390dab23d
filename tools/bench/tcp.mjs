/**
 * `npm run bench -- tcp`: connections that carry bytes through the whole emulator, each cell in a process of its own. Options:
 *
 *   --connections 1,64      how many connections at a time (1,64,1024,16384)
 *   --path chimney          by which path, `chimney` or `host` (both)
 *   --direction send        which way, `send` or `receive` (both)
 *   --recording on          `on` or `off` (both)
 *   --seconds 2             CPU time of each measurement, after a warm-up (2)
 *   --no-peers              leaves other programs out
 *   --json                  prints JSON
 */
import { parseArgs } from 'node:util';
import { run } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';
import { bundle } from './bundle.mjs';
import { judge } from './goals.mjs';
import { measurePeers } from './peers.mjs';
import { eventTable, goalLines, peerTable, transferTable } from './report.mjs';

/**
 * @typedef {import('../../test/bench/tcp/transferMeasurement').TransferMeasurement} TransferMeasurement
 * @typedef {import('../../test/bench/tcp/measureEvents').EventMeasurement} EventMeasurement
 */

/** Heap of a measuring process, MB, so that thousands of connections have room; and its young generation. */
const memoryOptions = ['--max-old-space-size=4096', '--max-semi-space-size=16'];

/** Longest time that one measurement may take, ms. */
const longest = 180_000;

/**
 * @template Value
 * @param {string | undefined} text
 * @param {readonly Value[]} all what can be chosen
 * @param {(word: string) => Value} read
 * @param {string} option
 * @returns {readonly Value[]}
 */
const choose = (text, all, read, option) => {
  if (text === undefined) return all;
  const chosen = text.split(',').map(read);
  if (chosen.some((value) => !all.includes(value)))
    throw new Advice(`${option} is one or several of ${all.join(', ')}, separated by commas.`);
  return chosen;
};

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<unknown>} the JSON that the program prints
 */
const measureIn = async (program, args) => {
  const { code, output, timedOut } = await run(
    process.execPath,
    ['--expose-gc', ...memoryOptions, program, ...args],
    { timeoutMs: longest },
  );
  if (timedOut) throw new Advice(`A measurement took longer than ${longest / 1000} s: ${args.join(' ')}`);
  if (code !== 0) throw new Advice(`A measurement failed: ${args.join(' ')}\n${output.trimEnd()}`);
  // Node may have warned of something on the other lines.
  const json = output.split('\n').find((line) => line.startsWith('{') || line.startsWith('['));
  return JSON.parse(json ?? 'null');
};

/**
 * @param {readonly string[]} words options
 * @returns {Promise<number>} exit code: missed goals are no failure of the bench
 */
export const benchTcp = async (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      connections: { type: 'string' },
      path: { type: 'string' },
      direction: { type: 'string' },
      recording: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      'no-peers': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Advice('--seconds is a number above 0.');
  const text = (/** @type {string} */ word) => word;
  const counts = choose(values.connections, [1, 64, 1024, 16384], Number, '--connections');
  const paths = choose(values.path, ['chimney', 'host'], text, '--path');
  const directions = choose(values.direction, ['send', 'receive'], text, '--direction');
  const recordings = choose(values.recording, ['off', 'on'], text, '--recording');
  const builtFile = await bundle({
    measureTransfer: 'test/bench/tcp/measureTransfer.ts',
    measureEvents: 'test/bench/tcp/measureEvents.ts',
  });
  const events = /** @type {EventMeasurement[]} */ (await measureIn(builtFile('measureEvents'), []));
  /** @type {TransferMeasurement[]} */
  const transfers = [];
  for (const path of paths)
    for (const direction of directions)
      for (const recording of recordings)
        for (const count of counts) {
          say(`bench: ${path} ${direction}, ${count} connections, recording ${recording}`);
          const args = [path, direction, String(count), recording, String(seconds)];
          transfers.push(
            /** @type {TransferMeasurement} */ (await measureIn(builtFile('measureTransfer'), args)),
          );
        }
  const peers = values['no-peers'] ? [] : await measurePeers(counts);
  const goals = judge(transfers, events);
  const lines = values.json
    ? [JSON.stringify({ transfers, events, peers, goals }, undefined, 2)]
    : [...transferTable(transfers), '', ...eventTable(events), '', ...peerTable(peers), ...goalLines(goals)];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
};
