import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareRuns } from '../../../electron/engine/compareRuns';
import { planRun } from '../../../electron/engine/planRun';
import { runTaskSchema, type RunTask } from '../../../electron/engine/runTask';
import { Recording } from '../../../electron/recorder/recording';

const text = 'scenario: small\ntitle: Small\nworkload: { bytes: 32KiB }\n';

let folder = '';
/** A run of the text, made by its plan. */
let original = '';

function task(further: Partial<RunTask>): RunTask {
  return runTaskSchema.parse({
    scenario: 'small',
    seed: 7,
    loss: 0,
    tracePath: path.join(folder, 'out.sweep'),
    application: 'chimneysweep test',
    ...further,
  });
}

/** Records what is planned; answers the path of the trace. */
function record(name: string, wish: RunTask): string {
  const planned = planRun(wish, {});
  if (!planned.ok) throw new Error(planned.error);
  const { settings, fileName, options } = planned.value;
  const pieces: Uint8Array[] = [];
  const sink = { write: (bytes: Uint8Array) => void pieces.push(bytes.slice()) };
  const recording = new Recording(wish.application, settings, fileName, sink, options);
  while (recording.advance(10_000));
  recording.finish(false);
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.concat(pieces));
  return file;
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-plan-'));
  original = record('original.sweep', task({ text }));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('what a run is recorded with', () => {
  test('the text of a scenario is read again: a problem has line and column', () => {
    const planned = planRun(task({ text: text.replace('32KiB', '-1') }), {});
    expect(planned.ok ? '' : planned.error).toContain('scenario:3:20: workload.bytes:');
  });

  test('a scenario that the library has not is refused', () => {
    expect(planRun(task({ scenario: 'none' }), {})).toEqual({
      ok: false,
      error: 'There is no scenario none.',
    });
  });

  test('a trace to be run again that is none is refused', () => {
    const planned = planRun(task({ again: path.join(folder, 'none.sweep') }), {});
    expect(planned.ok ? '' : planned.error).toContain('There is no file');
  });
});

describe('a run made again', () => {
  const run = (file: string, trace: string) => ({ path: file, name: path.basename(file), trace });

  test('is the same trace, byte for byte', () => {
    const again = record('again.sweep', task({ again: original }));
    const compared = compareRuns({ left: run(original, 'a'), right: run(again, 'b'), wantsSame: true });
    expect(compared).toMatchObject({ ok: true, value: { same: 'bytes', rows: [], laneCount: 0 } });
  });

  test('with a change parts from it, and both stand beside each other from there', () => {
    const changed = record('changed.sweep', task({ again: original, text: text.replace('32KiB', '24KiB') }));
    const compared = compareRuns({ left: run(original, 'a'), right: run(changed, 'b'), wantsSame: false });
    if (!compared.ok) throw new Error(compared.error);
    const { same, rows, settings, parting, left, right } = compared.value;
    expect(same).toBe('no');
    expect([left.trace, right.trace]).toEqual(['a', 'b']);
    expect(settings).toContainEqual({ name: 'settings.fileBytes', left: '32768', right: '24576' });
    expect(parting).toMatch(/on the left/);
    const first = rows.findIndex(({ isFirst }) => isFirst);
    expect(first).toBeGreaterThan(0);
    // Whatever is before the first difference is in both.
    expect(rows.slice(0, first).every(({ differs }) => !differs)).toBe(true);
    expect(rows[first]?.left?.what).not.toBe(rows[first]?.right?.what);
    for (const side of ['left', 'right'] as const) {
      const events = rows.flatMap((row) => row[side]?.event ?? []);
      expect(events).toEqual([...events].sort((a, b) => a - b));
    }
  });

  test('with another seed differs in its header', () => {
    const seeded = record('seeded.sweep', task({ again: original, seed: 8 }));
    const compared = compareRuns({ left: run(original, 'a'), right: run(seeded, 'b'), wantsSame: false });
    expect(compared).toMatchObject({ ok: true, value: { left: { seed: 7 }, right: { seed: 8 } } });
  });

  test('a file that is no trace can not be compared', () => {
    const file = path.join(folder, 'no.sweep');
    writeFileSync(file, 'soot');
    const compared = compareRuns({ left: run(original, 'a'), right: run(file, 'b'), wantsSame: true });
    expect(compared.ok).toBe(false);
  });
});
