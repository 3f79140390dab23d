/** A run of the engine whose disk takes no more: it says so, and what the disk took is a trace. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunSupervisor } from '../../../electron/engine/runSupervisor';
import type { TraceStreamEvent } from '../../../shared/contract/desktopBridge';
import { buildRunThread, type BuiltProgram } from '../../harness/runThreadProgram';
import { readTrace } from '../../harness/traceBytes';
import { mountSmallDisk } from '../../harness/smallDisk';

const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-full-engine-'));

/** Why a small disk can't be had here; undefined where it was mounted. */
const missing = mountSmallDisk(folder);
let built: BuiltProgram;

beforeAll(async () => {
  built = await buildRunThread();
}, 120_000);

afterAll(() => {
  built.remove();
  if (missing === undefined) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(missing !== undefined)(
  `a run of the engine on a disk of 256 KiB${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    it('ends with a sentence, and everything up to there opens', { timeout: 120_000 }, async () => {
      const tracePath = path.join(folder, 'full.sweep');
      const events: TraceStreamEvent[] = [];
      const { ended } = new RunSupervisor(
        { scenario: 'transfer', seed: 1, loss: 0, tracePath, application: 'test' },
        { program: built.program, onEvent: (event) => events.push(event) },
      );
      await ended;
      expect(events.at(-1)).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('The disk is full') as string,
      });
      const { end, records } = readTrace(readFileSync(tracePath));
      expect(end).toMatchObject({ ok: true, value: { kind: 'cut' } });
      expect(records.length).toBeGreaterThan(100);
    });
  },
);
