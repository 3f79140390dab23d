/**
 * `npm run bench -- trace`: what recording, saving, opening and asking a trace costs; each measurement in a process of its own. The events are
 * made by test/bench/trace/eventSource.ts. Options:
 *
 *   --events 1000000,10000000   how many events, one round for each number (these)
 *   --no-peers                  leaves other formats out; they get the first number of events, at most a million
 *   --no-scenario               leaves the scenario of the emulator out
 *   --json                      prints JSON
 */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';
import { bundle, benchFolder } from './bundle.mjs';
import { judgeTrace } from './traceGoals.mjs';
import { traceReport } from './traceReport.mjs';

/**
 * @typedef {import('../../test/bench/trace/traceMeasurement').RecordMeasurement} RecordMeasurement
 * @typedef {import('../../test/bench/trace/traceMeasurement').TracePeerMeasurement} TracePeerMeasurement
 * @typedef {import('../../test/bench/trace/traceMeasurement').SlowdownMeasurement} SlowdownMeasurement
 *
 * @typedef {object} TraceRound
 * @property {RecordMeasurement} make
 * @property {RecordMeasurement} record
 * @property {import('../../test/bench/trace/traceMeasurement').RingMeasurement} ring
 * @property {import('../../test/bench/trace/traceMeasurement').SaveMeasurement} save
 * @property {import('../../test/bench/trace/traceMeasurement').SaveMeasurement | undefined} rewrite
 * @property {import('../../test/bench/trace/traceMeasurement').OpenMeasurement} open
 * @property {import('../../test/bench/trace/traceMeasurement').PictureMeasurement} picture
 * @property {import('../../test/bench/trace/traceMeasurement').QueryMeasurement} hot
 * @property {import('../../test/bench/trace/traceMeasurement').QueryMeasurement} rare
 * @property {import('../../test/bench/trace/traceMeasurement').StateMeasurement} state
 * @property {import('../../test/bench/trace/traceMeasurement').RecoverMeasurement} recover
 */

/** Longest time that one measurement may take, ms; and by event beyond a million. */
const longest = 300_000;
const longestByEvent = 0.02;

/** Most events of a round that saves a recording a second time, as one that was flushed by a clock: the slow way. */
const mostRewritten = 10_000_000;

/** Fewest events: a shorter trace has no overview, and needs none. */
const fewestEvents = 100_000;

/** Most events that peers get: some of them hold everything in memory. */
const mostPeerEvents = 1_000_000;

/** Peers, as measurePeers knows them. */
const peerNames = ['arrow', 'duckdb', 'parquet', 'chrome-json', 'perfetto', 'pcapng'];

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {number} timeoutMs
 * @returns {Promise<any>} the JSON that the program prints
 */
const measureIn = async (program, args, timeoutMs = longest) => {
  const { code, output, timedOut } = await run(process.execPath, ['--expose-gc', program, ...args], {
    timeoutMs,
  });
  if (timedOut) throw new Advice(`A measurement took longer than ${timeoutMs / 1000} s: ${args.join(' ')}`);
  if (code !== 0) throw new Advice(`A measurement failed: ${args.join(' ')}\n${output.trimEnd()}`);
  const json = output.split('\n').find((line) => line.startsWith('{'));
  return JSON.parse(json ?? 'null');
};

/**
 * @param {string} program
 * @param {number} events
 * @param {string} folder
 * @returns {Promise<TraceRound>}
 */
const measureRound = async (program, events, folder) => {
  const file = path.join(folder, 'trace.sweep');
  const second = path.join(folder, 'flushed.sweep');
  const timeout = longest + events * longestByEvent;
  /** @param {readonly string[]} args */
  const measure = (...args) => {
    say(`bench: ${args[0]}, ${events} events`);
    return measureIn(program, args, timeout);
  };
  try {
    const make = await measure('make', String(events));
    const ring = await measure('ring', String(events), file);
    const record = await measure('record', String(events), file);
    if (events <= mostRewritten) copyFileSync(file, second);
    const save = await measure('save', file, 'whole');
    const rewrite = events <= mostRewritten ? await measure('save', second, 'clock') : undefined;
    rmSync(second, { force: true });
    return {
      make,
      record,
      ring,
      save,
      rewrite,
      open: await measure('open', file),
      picture: await measure('picture', file),
      hot: await measure('query', file, 'hot'),
      rare: await measure('query', file, 'rare'),
      state: await measure('state', file),
      recover: await measure('recover', file),
    };
  } finally {
    rmSync(file, { force: true });
    rmSync(second, { force: true });
  }
};

/**
 * @param {readonly string[]} words options
 * @returns {Promise<number>} exit code: missed goals are no failure of the bench
 */
export const benchTrace = async (words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      events: { type: 'string', default: '1000000,10000000' },
      'no-peers': { type: 'boolean', default: false },
      'no-scenario': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const counts = values.events.split(',').map(Number);
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= fewestEvents))
    throw new Advice(`--events is one or several numbers from ${fewestEvents}, separated by commas.`);
  const builtFile = await bundle(
    {
      measureTrace: 'test/bench/trace/measureTrace.ts',
      measureSlowdown: 'test/bench/trace/measureSlowdown.ts',
      measurePeers: 'test/bench/trace/measurePeers.ts',
    },
    ['apache-arrow', '@duckdb/node-api'],
  );
  const folder = path.join(benchFolder, `traces-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  /** @type {TraceRound[]} */
  const rounds = [];
  for (const count of counts) rounds.push(await measureRound(builtFile('measureTrace'), count, folder));
  /** @type {SlowdownMeasurement | undefined} */
  let slowdown;
  if (!values['no-scenario']) {
    say('bench: a scenario, silent and recorded');
    slowdown = await measureIn(builtFile('measureSlowdown'), [folder]);
  }
  /** @type {TracePeerMeasurement[]} */
  const peers = [];
  if (!values['no-peers'])
    for (const name of peerNames) {
      say(`bench: ${name}`);
      const events = Math.min(counts[0] ?? mostPeerEvents, mostPeerEvents);
      peers.push(await measureIn(builtFile('measurePeers'), [name, String(events), folder]));
    }
  rmSync(folder, { recursive: true, force: true });
  const goals = judgeTrace(rounds, slowdown);
  const lines = values.json
    ? [JSON.stringify({ rounds, slowdown, peers, goals }, undefined, 2)]
    : traceReport(rounds, slowdown, peers, goals);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
};
