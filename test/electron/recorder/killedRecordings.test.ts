import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../shared/base/random';
import type { TraceStore } from '../../../shared/trace/traceStore';
import { judgeRecording, readReference } from '../../fuzz/kill/killedRecording';

const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');
let folder = '';
let out = '';
let reference: TraceStore;

/** Records, and kills the process once the file has so many bytes; bytes tell how far a run is where times don't. */
function record(killAt: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [launcher, 'run', 'transfer', '--file', path.join(folder, 'input'), '--out', out],
      { stdio: 'ignore' },
    );
    const watch = setInterval(() => {
      if (existsSync(out) && readFileSync(out).length >= killAt) child.kill('SIGKILL');
    }, 5);
    child.on('error', reject);
    child.on('close', () => {
      clearInterval(watch);
      resolve();
    });
  });
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-kill-'));
  out = path.join(folder, 'killed.sweep');
  writeFileSync(path.join(folder, 'input'), new Uint8Array(2_000_000).fill(7));
  await record(Infinity);
  reference = readReference(readFileSync(out));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a recording whose process is killed', () => {
  const random = new Random(4);
  it.each(Array.from({ length: 10 }, () => Math.floor(random.nextFraction() ** 2 * 2_000_000)))(
    'once %d bytes are in its file opens with everything that is there',
    async (killAt) => {
      rmSync(out, { force: true });
      await record(killAt);
      const judged = await judgeRecording(reference, readFileSync(out));
      if (judged.ending === 'complete') expect(judged.events).toBe(reference.length);
      else expect(judged.events).toBeLessThanOrEqual(reference.length);
    },
  );
});
