import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptRecordings } from '../../../electron/main/keptRecordings';

/** Numbers of processes; only `own` and `other` run. */
const ids = { own: 10, other: 11, gone: 12, goneToo: 13 } as const;
const isAlive = (id: number): boolean => id === ids.own || id === ids.other;

let root = '';

beforeEach(() => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'chimneysweep-kept-')), 'recordings');
});

afterEach(() => {
  rmSync(path.dirname(root), { recursive: true, force: true });
});

function open(): KeptRecordings {
  return new KeptRecordings(root, ids.own, isAlive);
}

/** Puts a recording of another process there; `seconds`: when it was written. */
function leave(id: number, file: string, seconds: number, text = 'soot'): string {
  const folder = path.join(root, `${id}-abcdef`);
  mkdirSync(folder, { recursive: true });
  const full = path.join(folder, file);
  writeFileSync(full, text);
  utimesSync(full, seconds, seconds);
  return full;
}

describe('recordings that nobody has saved', () => {
  it('are offered by the next process, the newest first', () => {
    leave(ids.gone, '1-transfer-seed-1.sweep', 100);
    leave(ids.goneToo, '2-first-sweep-seed-7.sweep', 200, 'more soot');
    expect(open().offer()).toEqual({ name: 'first-sweep-seed-7.sweep', bytes: 9, recordedAt: 200_000 });
  });

  it('are not offered while the process that records them runs', () => {
    leave(ids.other, '1-transfer-seed-1.sweep', 100);
    const kept = open();
    writeFileSync(path.join(kept.folder, '1-own.sweep'), 'soot');
    expect(kept.offer()).toBeUndefined();
  });

  it('are not offered where nothing was recorded, nor is anything else that lies there', () => {
    leave(ids.gone, '1-transfer-seed-1.sweep', 100, '');
    leave(ids.gone, '1-transfer-seed-1.sweep.saving', 100);
    mkdirSync(path.join(root, 'notes'));
    expect(open().offer()).toBeUndefined();
  });

  it('move into the folder of the process that takes them', () => {
    const from = leave(ids.gone, '3-transfer-seed-1.sweep', 100);
    const kept = open();
    kept.offer();
    const taken = kept.take();
    if (!taken.ok) throw new Error(taken.error.message);
    expect(taken.value.name).toBe('transfer-seed-1.sweep');
    expect(path.dirname(taken.value.path)).toBe(kept.folder);
    expect(existsSync(taken.value.path)).toBe(true);
    expect(existsSync(path.dirname(from))).toBe(false);
    expect(kept.offer()).toBeUndefined();
  });

  it('leave the others in their place when one is discarded', () => {
    leave(ids.gone, '1-transfer-seed-1.sweep', 100);
    const newest = leave(ids.gone, '2-transfer-seed-2.sweep', 200);
    const kept = open();
    kept.offer();
    expect(kept.discard().ok).toBe(true);
    expect(existsSync(newest)).toBe(false);
    expect(kept.offer()?.name).toBe('transfer-seed-1.sweep');
  });

  it('are discarded only as offered: not one that was left behind meanwhile', () => {
    leave(ids.gone, '1-transfer-seed-1.sweep', 100);
    const kept = open();
    kept.offer();
    const later = leave(ids.goneToo, '1-transfer-seed-2.sweep', 200);
    kept.discard();
    expect(existsSync(later)).toBe(true);
  });

  it('answer a sentence when another process has taken them', () => {
    const file = leave(ids.gone, '1-transfer-seed-1.sweep', 100);
    const kept = open();
    kept.offer();
    rmSync(file);
    expect(kept.take()).toMatchObject({ ok: false });
    expect(kept.discard().ok).toBe(true);
    expect(kept.discard()).toMatchObject({ ok: false });
  });

  it('stay at the end of a process that misses them, and nothing else does', () => {
    const kept = open();
    const missed = path.join(kept.folder, '1-transfer-seed-1.sweep');
    for (const file of [missed, `${missed}.saving`]) writeFileSync(file, 'soot');
    kept.close(missed);
    expect(readdirSync(kept.folder)).toEqual([path.basename(missed)]);
    const next = new KeptRecordings(root, ids.other, (id) => id === ids.other);
    expect(next.offer()?.name).toBe('transfer-seed-1.sweep');
  });

  it('take no room where nobody misses them', () => {
    const kept = open();
    writeFileSync(path.join(kept.folder, '1-first-sweep-seed-1.sweep'), 'soot');
    kept.close(undefined);
    expect(readdirSync(root)).toEqual([]);
  });
});
