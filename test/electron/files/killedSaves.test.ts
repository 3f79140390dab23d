/** Processes that are killed while they put a trace into its place: what stood there, or all of the new one, is there then. */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../shared/base/random';
import type { TraceStore } from '../../../shared/trace/traceStore';
import { judgeRecording, readReference } from '../../fuzz/kill/killedRecording';
import { launcher } from '../../harness/commandLine';
import { syntheticTrace } from '../../harness/syntheticTrace';

let folder = '';
const inFolder = (name: string): string => path.join(folder, name);

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}

/** Runs the command line and kills it (SIGKILL) once a file has so many bytes; answers whether it was killed. */
function runUntil(words: readonly string[], file: string, killAt: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...words], { stdio: 'ignore' });
    const watch = setInterval(() => {
      if (sizeOf(file) >= killAt) child.kill('SIGKILL');
    }, 1);
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      clearInterval(watch);
      resolve(signal === 'SIGKILL');
    });
  });
}

/** Where in the new file processes are killed: from its first byte to its last. */
const places = [0, 0.2, 0.5, 0.8, 1];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-saves-'));
  const random = new Random(6);
  writeFileSync(
    inFolder('input'),
    Uint8Array.from({ length: 1_500_000 }, () => Math.floor(random.nextFraction() * 256)),
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a recording whose process is killed while it is saved', () => {
  const record = (killAt: number): Promise<boolean> =>
    runUntil(
      ['run', 'transfer', '--file', inFolder('input'), '--snap-length', 'all', '--out', inFolder('r.sweep')],
      inFolder('r.sweep.saving'),
      killAt,
    );
  let reference: TraceStore;
  let whole = 0;
  let halves = 0;

  beforeAll(async () => {
    await record(Infinity);
    const bytes = readFileSync(inFolder('r.sweep'));
    whole = bytes.length;
    reference = readReference(bytes);
  });

  it.each(places)('once %d of the compact file is written is whole, compact or not', async (place) => {
    rmSync(inFolder('r.sweep'), { force: true });
    rmSync(inFolder('r.sweep.saving'), { force: true });
    await record(Math.floor(whole * place));
    if (existsSync(inFolder('r.sweep.saving'))) halves++;
    const judged = await judgeRecording(reference, readFileSync(inFolder('r.sweep')));
    expect(judged).toEqual({ ending: 'complete', events: reference.length, tornBytes: 0 });
  });

  it('was caught with half of a compact file; the next recording puts that away', async () => {
    expect(halves).toBeGreaterThan(0);
    writeFileSync(inFolder('r.sweep.saving'), 'half of something');
    expect(await record(Infinity)).toBe(false);
    expect(existsSync(inFolder('r.sweep.saving'))).toBe(false);
    expect(readFileSync(inFolder('r.sweep'))).toHaveLength(whole);
  });
});

describe('a trace that is made out of another one, by a process that is killed', () => {
  const old = syntheticTrace();
  const out = (): string => inFolder('out.sweep');
  const recover = (killAt: number): Promise<boolean> =>
    runUntil(['recover', inFolder('source.sweep'), '--out', out()], `${out()}.saving`, killAt);
  let made: Buffer;
  let halves = 0;

  beforeAll(async () => {
    copyFileSync(inFolder('r.sweep'), inFolder('source.sweep'));
    await recover(Infinity);
    made = readFileSync(out());
  });

  it.each(places)('once %d of it is written leaves the old one or all of the new one', async (place) => {
    writeFileSync(out(), old);
    rmSync(`${out()}.saving`, { force: true });
    await recover(Math.floor(made.length * place));
    if (existsSync(`${out()}.saving`)) halves++;
    const found = readFileSync(out());
    expect(found.equals(old) || found.equals(made)).toBe(true);
  });

  it('was caught with half of it', () => {
    expect(halves).toBeGreaterThan(0);
  });
});
