/**
 * `npm run fuzz -- traces|expressions|packetdrill [--count N] [--first N] [--seed S] [--jobs N]`: gives mutated traces to everything that reads
 * traces, mutated expressions and packetdrill scripts to everything that reads those. Each input has a number; seed and number make it again. Inputs run in processes of their own, which are watched: 2 s an input, 512 MB of heap, 1 GB of
 * resident memory. What is found goes, with its input, into test-results/fuzz/.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './bench/bundle.mjs';
import { resultsFolder, root } from './lib/paths.mjs';
import { Advice, runScript, say } from './lib/say.mjs';

const heapMegabytes = 512;
const mostResidentBytes = 1024 * 1024 * 1024;

/** An input that keeps its process busy for so long is given up; from 2 s on it is a finding anyway. */
const longestStall = 10_000;

const folder = path.join(resultsFolder, 'fuzz');

/** @typedef {{ kind: string, number?: number, story?: string, text?: string, input?: string, endings?: Record<string, number>, peakBytes?: number }} Finding */

/**
 * @param {number} pid
 * @returns {number} resident bytes; 0 where nobody tells
 */
const residentBytes = (pid) => {
  try {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line === null ? 0 : Number(line[1]) * 1024;
  } catch {
    return 0;
  }
};

/**
 * @param {string} file
 * @returns {number} the number of the input under way; -1 before the first
 */
const inputUnderWay = (file) => {
  try {
    const bytes = readFileSync(file);
    return bytes.length === 8 ? bytes.readDoubleLE(0) : -1;
  } catch {
    return -1;
  }
};

/**
 * Runs a worker to its end, or until it has to be ended.
 *
 * @param {string} program
 * @param {{ job: number, seed: number, first: number, step: number, count: number }} share
 * @returns {Promise<{ next: number, findings: Finding[], peakBytes: number }>} the input to go on with
 */
const runWorker = (program, { job, seed, first, step, count }) =>
  new Promise((resolve) => {
    const name = `${path.basename(program, '.mjs')}-${job}`;
    const progress = path.join(folder, `progress-${name}`);
    const found = path.join(folder, `findings-${name}`);
    rmSync(progress, { force: true });
    writeFileSync(found, '');
    const words = [program, root, String(seed), String(first), String(step), String(count), progress, found];
    const child = spawn(process.execPath, [`--max-old-space-size=${heapMegabytes}`, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (text) => {
      errors = (errors + String(text)).slice(-4000);
    });
    let last = -1;
    let since = performance.now();
    let peakBytes = 0;
    /** @type {Finding | undefined} */
    let ended;
    const watch = setInterval(() => {
      const under = inputUnderWay(progress);
      if (under !== last) since = performance.now();
      last = under;
      const resident = residentBytes(child.pid ?? 0);
      peakBytes = Math.max(peakBytes, resident);
      if (under >= 0 && performance.now() - since > longestStall) ended = { kind: 'hang', number: under };
      else if (resident > mostResidentBytes)
        ended = { kind: 'memory', number: under, text: `${Math.round(resident / 1e6)} MB resident` };
      if (ended !== undefined) child.kill('SIGKILL');
    }, 200);
    child.on('close', (code) => {
      clearInterval(watch);
      /** @type {Finding[]} */
      const findings = readFileSync(found, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
      const under = inputUnderWay(progress);
      if (ended !== undefined) findings.push(ended);
      else if (code !== 0) findings.push({ kind: 'crash', number: under, text: errors });
      resolve({ next: code === 0 && ended === undefined ? Infinity : under + step, findings, peakBytes });
    });
  });

/**
 * @param {Finding} finding
 * @returns {string} what findings of one cause have in common
 */
const causeOf = ({ kind, text = '' }) => {
  const lines = text.split('\n').slice(0, 3);
  return `${kind}: ${lines.join(' | ').replaceAll(/\d+/g, '#')}`;
};

/** What inputs can be made of: the program that works through them, and how files with them end. */
const parts = {
  traces: { worker: 'test/fuzz/traces/worker.ts', ending: 'sweep' },
  expressions: { worker: 'test/fuzz/text/expressionsWorker.ts', ending: 'utf16.txt' },
  packetdrill: { worker: 'test/fuzz/text/packetdrillWorker.ts', ending: 'utf16.pkt' },
};

/**
 * @param {keyof typeof parts} part
 * @param {readonly string[]} words
 * @returns {Promise<number>} exit code
 */
const fuzz = async (part, words) => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      count: { type: 'string', default: '20000' },
      first: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
    },
  });
  const count = Number(values.count);
  const from = Number(values.first);
  const seed = Number(values.seed);
  const jobs = Number(values.jobs);
  if (![count, from, seed, jobs].every((number) => Number.isSafeInteger(number)) || jobs < 1)
    throw new Advice('--count, --first, --seed and --jobs are whole numbers.');
  mkdirSync(folder, { recursive: true });
  const { worker, ending: fileEnding } = parts[part];
  const program = (await bundle({ [`${part}Fuzz`]: worker }))(`${part}Fuzz`);
  const begun = performance.now();
  /** @type {Map<string, Finding & { times: number }>} */
  const causes = new Map();
  /** @type {Record<string, number>} */
  const endings = {};
  let peak = 0;
  const job = async (/** @type {number} */ index) => {
    for (let first = from + index; first < count;) {
      const { next, findings, peakBytes } = await runWorker(program, {
        job: index,
        seed,
        first,
        step: jobs,
        count,
      });
      peak = Math.max(peak, peakBytes, ...findings.map((finding) => finding.peakBytes ?? 0));
      for (const finding of findings) {
        if (finding.kind === 'done') {
          for (const [ending, times] of Object.entries(finding.endings ?? {}))
            endings[ending] = (endings[ending] ?? 0) + times;
          continue;
        }
        const cause = causeOf(finding);
        const known = causes.get(cause);
        if (known !== undefined) known.times++;
        else {
          causes.set(cause, { ...finding, times: 1 });
          say(`input ${finding.number}: ${finding.kind} (${finding.story ?? ''})\n${finding.text ?? ''}`);
          if (finding.input !== undefined)
            writeFileSync(
              path.join(folder, `${part}-seed-${seed}-input-${finding.number}.${fileEnding}`),
              Buffer.from(finding.input, 'base64'),
            );
        }
      }
      first = next;
    }
  };
  await Promise.all(Array.from({ length: jobs }, (_, index) => job(index)));
  const seconds = (performance.now() - begun) / 1000;
  say(
    `${count - from} inputs of seed ${seed} in ${seconds.toFixed(0)} s, at most ${Math.round(peak / 1e6)} MB resident; ` +
      `${causes.size} causes of findings`,
  );
  for (const [ending, times] of Object.entries(endings).sort())
    say(`  ${String(times).padStart(9)}  ${ending}`);
  for (const [cause, { times, number }] of causes)
    say(`  ${times} times, first at input ${number}: ${cause}`);
  return causes.size === 0 ? 0 : 1;
};

await runScript(async () => {
  const [part, ...words] = process.argv.slice(2);
  if (part !== 'traces' && part !== 'expressions' && part !== 'packetdrill')
    throw new Advice(
      `Usage: npm run fuzz -- ${Object.keys(parts).join('|')} [--count N] [--first N] [--seed S] [--jobs N]`,
    );
  return fuzz(part, words);
});
