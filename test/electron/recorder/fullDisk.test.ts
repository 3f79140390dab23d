import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrace } from '../../harness/traceBytes';
import { mountSmallDisk } from '../../harness/smallDisk';

const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-full-'));

/** Why a small disk can't be had here; undefined where it was mounted. */
const missing = mountSmallDisk(folder);

function run(...words: string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const result = spawnSync(process.execPath, [launcher, 'run', 'transfer', ...words], { encoding: 'utf8' });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

beforeAll(() => {
  // The first call may have to build the command line.
  spawnSync(process.execPath, [launcher, '--version']);
}, 120_000);

afterAll(() => {
  if (missing === undefined) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(missing !== undefined)(
  `a recording on a disk of 256 KiB${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    it('ends the run where nothing else was asked for, and what was written opens', () => {
      const out = path.join(folder, 'stopped.sweep');
      const { code, err } = run('--out', out);
      expect(code).toBe(2);
      expect(err).toContain('The disk is full');
      const reading = readTrace(readFileSync(out));
      expect(reading.end).toMatchObject({ ok: true, value: { kind: 'cut' } });
      expect(reading.records.length).toBeGreaterThan(100);
      rmSync(out);
    });

    it('and --on-disk-full continue lets the run reach its goal and says how much is lost', () => {
      const out = path.join(folder, 'continued.sweep');
      const { code, out: text, err } = run('--out', out, '--on-disk-full', 'continue', '--json');
      expect(code).toBe(0);
      const report = JSON.parse(text) as { success: boolean; events: number; lostEvents: number };
      expect(report.success).toBe(true);
      expect(report.lostEvents).toBeGreaterThan(0);
      expect(err).toContain(`${report.lostEvents} events are lost`);
      const reading = readTrace(readFileSync(out));
      expect(reading.end.ok && reading.end.value.kind).not.toBe('damaged');
      const there = reading.records.filter(({ kind }) => kind !== 'unknown').length;
      expect(there).toBeLessThanOrEqual(report.events - report.lostEvents);
      expect(there).toBeGreaterThan(100);
    });
  },
);
