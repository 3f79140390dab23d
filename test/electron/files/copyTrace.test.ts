import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { copyTrace } from '../../../electron/files/copyTrace';
import { mountSmallDisk } from '../../harness/smallDisk';

const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-copy-'));
const disk = mkdtempSync(path.join(tmpdir(), 'chimneysweep-copy-disk-'));
const from = path.join(folder, 'from.sweep');
const content = new Uint8Array(400_000).map((_, index) => index);
writeFileSync(from, content);

/** Why a small disk can't be had here; undefined where it was mounted. */
const missing = mountSmallDisk(disk);

afterEach(() => {
  for (const name of readdirSync(disk)) rmSync(path.join(disk, name));
});

afterAll(() => {
  if (missing === undefined) execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

describe('a trace that is saved from the window', () => {
  it('replaces what stood there', () => {
    const to = path.join(folder, 'to.sweep');
    writeFileSync(to, 'old');
    copyTrace(from, to);
    expect(Buffer.compare(readFileSync(to), content)).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['from.sweep', 'to.sweep']);
  });

  it.skipIf(missing !== undefined)(
    `leaves what stood there on a disk that is too small, and nothing else${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    () => {
      const to = path.join(disk, 'to.sweep');
      writeFileSync(to, 'old');
      expect(() => copyTrace(from, to)).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
      expect(readFileSync(to, 'utf8')).toBe('old');
      expect(readdirSync(disk)).toEqual(['to.sweep']);
    },
  );
});
