/**
 * `npm test [-- --only STAGE[,STAGE…]]`: sets up, then runs every stage, also after one has failed, and ends with
 * the totals of the unit and end-to-end tests on a line of their own.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot, resultsFolder, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { Advice, runScript } from './lib/say.mjs';
import { addTotals, formatTotals, noTotals, playwrightTotals, vitestTotals } from './lib/totals.mjs';
import { setUp } from './setup.mjs';

/** No stage may hold up CI for ever. */
const stageMs = 30 * 60 * 1000;

const vitestReport = path.join(resultsFolder, 'unit.json');
const peersReport = path.join(resultsFolder, 'peers.json');
const playwrightReport = path.join(resultsFolder, 'e2e.json');

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} script relative to the root
 * @property {readonly string[]} args
 * @property {string} [report] where its tests' results are written
 * @property {() => import('./lib/totals.mjs').Totals} [totals] reads that report
 * @property {true} [maySkip] whether it is fine that every test is skipped: machines may forbid what it needs
 * @property {string} [needs] a stage without whose success this one makes no sense
 */

/** @type {readonly Stage[]} */
const stages = [
  { name: 'format', script: 'node_modules/prettier/bin/prettier.cjs', args: ['--check', '.'] },
  { name: 'lint', script: 'node_modules/eslint/bin/eslint.js', args: ['.', '--max-warnings', '0'] },
  { name: 'typecheck', script: 'tools/typecheck.mjs', args: [] },
  {
    name: 'unit',
    script: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`],
    report: vitestReport,
    totals: () => vitestTotals(vitestReport),
  },
  {
    name: 'peers',
    script: 'node_modules/vitest/vitest.mjs',
    args: [
      ...['run', '--config', 'vitest.peers.config.mts'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${peersReport}`],
    ],
    report: peersReport,
    totals: () => vitestTotals(peersReport),
    maySkip: true,
  },
  { name: 'build', script: 'tools/build.mjs', args: ['--if-stale', 'desktop', 'cli', 'viewer'] },
  {
    name: 'e2e',
    script: 'node_modules/@playwright/test/cli.js',
    args: ['test'],
    report: playwrightReport,
    totals: () => playwrightTotals(playwrightReport),
    needs: 'build',
  },
];

/** @returns {readonly Stage[]} what the command line asks for; everything by default */
const chooseStages = () => {
  const words = process.argv.slice(2);
  if (words.length === 0) return stages;
  const [option, list] = words[0]?.startsWith('--only=') ? ['--only', words[0].slice(7)] : words;
  const names = (list ?? '').split(',');
  if (option !== '--only' || !names.every((name) => stages.some((stage) => stage.name === name))) {
    throw new Advice(`Usage: npm test -- [--only ${stages.map((stage) => stage.name).join(',')}]`);
  }
  return stages.filter((stage) => names.includes(stage.name));
};

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`);

/**
 * @param {Stage} stage
 * @returns {Promise<{ passed: boolean, totals: import('./lib/totals.mjs').Totals }>}
 */
const runStage = async (stage) => {
  if (stage.report !== undefined) rmSync(stage.report, { force: true });
  const started = performance.now();
  const result = await run(process.execPath, [inRoot(stage.script), ...stage.args], {
    cwd: root,
    timeoutMs: stageMs,
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const log = path.join(resultsFolder, 'logs', `${stage.name}.log`);
  mkdirSync(path.dirname(log), { recursive: true });
  writeFileSync(log, result.output);

  const totals = stage.totals?.() ?? noTotals;
  const ranTests =
    stage.totals === undefined ||
    totals.passed + totals.failed > 0 ||
    (stage.maySkip === true && totals.skipped > 0);
  const passed = result.code === 0 && totals.failed === 0 && ranTests;
  const counted = stage.totals === undefined ? '' : `: ${formatTotals(totals)}`;
  print(`${passed ? 'ok    ' : 'FAILED'} ${stage.name.padEnd(10)} ${seconds.padStart(6)} s${counted}`);
  if (!passed) {
    print(result.output.trimEnd());
    if (result.timedOut) print(`${stage.name} was ended after ${String(stageMs / 60_000)} minutes.`);
    if (!ranTests) print(`${stage.name} ran no test.`);
    print(`(also in ${path.relative(root, log)})`);
  }
  return { passed, totals };
};

await runScript(async () => {
  const chosen = chooseStages();
  const chose = (/** @type {string} */ name) => chosen.some((stage) => stage.name === name);
  await setUp({ chromium: chose('e2e'), peers: chose('peers') });
  /** @type {string[]} */
  const failed = [];
  let totals = noTotals;
  for (const stage of chosen) {
    if (stage.needs !== undefined && failed.includes(stage.needs)) {
      print(`FAILED ${stage.name.padEnd(10)} not run, since ${stage.needs} failed`);
      failed.push(stage.name);
      continue;
    }
    const result = await runStage(stage);
    totals = addTotals(totals, result.totals);
    if (!result.passed) failed.push(stage.name);
  }
  if (failed.length > 0) print(`Failed: ${failed.join(', ')}`);
  if (chosen.some((stage) => stage.totals !== undefined)) print(formatTotals(totals));
  return failed.length > 0 ? 1 : 0;
});
