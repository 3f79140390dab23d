import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { analyseFile } from '../../../electron/cli/analyseFile';
import { exportTargets } from '../../../electron/cli/exportTargets';
import { ProgressLine } from '../../../electron/cli/progressLine';
import { writePcapng } from '../../../electron/cli/pcapngCommand';
import { TraceDatabase } from '../../../electron/tables/traceDatabase';
import { sourceOf } from '../../harness/corpus';
import { syntheticTrace } from '../../harness/syntheticTrace';

const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-progress-'));
const trace = path.join(folder, 'a.sweep');
writeFileSync(trace, syntheticTrace());
const takesLineAway = '\r\u001b[K';

let told: string[] = [];
let now = 0;

beforeEach(() => {
  told = [];
  now = 0;
  // Each look at the clock finds that 1.2 s have gone by, as in a file that takes long to read.
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1200));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
  Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  Object.defineProperty(process.stderr, 'isTTY', { value: undefined, configurable: true });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('what takes over a second shows how far it has come, on a terminal:', () => {
  it('a file that stats or diff reads', () => {
    expect(analyseFile(trace).ok).toBe(true);
    expect(told).toEqual([`${takesLineAway}100 % read (Ctrl+C stops)`, takesLineAway]);
  });

  it('a capture out of a trace', () => {
    expect(writePcapng(trace, { out: path.join(folder, 'a.pcapng'), quiet: true })).toBe(0);
    expect(told.findIndex((text) => text.includes('100 % read'))).toBeGreaterThanOrEqual(0);
    expect(told.indexOf(takesLineAway)).toBeGreaterThan(0);
  });

  it('tables that a query fills, with their rows', async () => {
    const created = await TraceDatabase.create('SELECT count(*) FROM calls');
    if (!created.ok) throw new Error(created.error);
    const progress = new ProgressLine('a');
    await created.value.add(sourceOf(syntheticTrace()), 'a', (what) => {
      progress.tell(what);
      progress.tell(what);
    });
    created.value.close();
    expect(told[0]).toMatch(/a: calls, \d+ rows$/);
  });

  it.each(exportTargets.map((target) => [target.name, target] as const))(
    'an export to %s, by rows or bytes',
    async (name, target) => {
      const heard: string[] = [];
      const made = await target.write({
        source: sourceOf(syntheticTrace()),
        name: 'a',
        out: path.join(folder, `out-${name}`),
        texts: 'safe',
        replace: false,
        told: (what) => heard.push(what),
      });
      expect(made.ok).toBe(true);
      expect(heard.at(-1)).toMatch(/\d rows$|\d MB written$/);
    },
  );

  it('a query that is at work, by its seconds', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const end = new ProgressLine('query').wait('at work');
    vi.advanceTimersByTime(250);
    end();
    vi.advanceTimersByTime(1000);
    expect(told[0]).toMatch(/query: at work, \d+ s$/);
    expect(told.at(-1)).toBe(takesLineAway);
    expect(told.filter((text) => text === takesLineAway)).toHaveLength(1);
  });

  it('and nothing where standard error is no terminal', () => {
    Object.defineProperty(process.stderr, 'isTTY', { value: false, configurable: true });
    expect(analyseFile(trace).ok).toBe(true);
    expect(told).toEqual([]);
  });

  it('and nothing where it takes less than a second', () => {
    vi.spyOn(performance, 'now').mockReturnValue(7);
    expect(analyseFile(trace).ok).toBe(true);
    expect(told).toEqual([]);
  });
});
