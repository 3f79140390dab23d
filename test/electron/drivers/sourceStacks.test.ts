/** Calls that driver modules make have their places in the module's source in the trace. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTrustedDriverModules } from '../../../electron/drivers/driverModules';
import { readSourceStack, sourceStackOf, sourceStackText } from '../../../shared/analysis/sourceStack';
import type { TraceRecord } from '../../../shared/trace/records';
import { exampleFile } from '../../harness/driverModule';
import { recordScenario, type RecordedScenario } from '../../harness/recordScenario';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-stacks-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const target = exampleFile('minimal-target', 'driver.ts');
const lines = readFileSync(target, 'utf8').split('\n');

async function recordWith(file: string, hasSource = true): Promise<RecordedScenario> {
  const loaded = await loadTrustedDriverModules({ target: file });
  if (!loaded.ok) throw new Error(loaded.error);
  const { modules: drivers, sourceOfCall } = loaded.value;
  return recordScenario('transfer', {
    fileBytes: 60_000,
    drivers,
    sourceOfCall: hasSource ? sourceOfCall : undefined,
  });
}

function recordsOf({ model }: RecordedScenario): readonly (TraceRecord | { readonly kind: 'unknown' })[] {
  const { store } = model;
  return Array.from({ length: store!.length }, (_, event) => store!.record(event));
}

describe('a call that a driver module makes', () => {
  it('has the place in the TypeScript where it is made, the innermost function first', async () => {
    const { model } = await recordWith(target);
    const store = model.store!;
    const roleOf = (component: number) => store.components[component]!.role;
    for (const name of [
      'NdisMRegisterMiniportDriver',
      'NdisSetOptionalHandlers',
      'NdisMGetOffloadHandlers',
    ]) {
      const call = model.calls.calls.find(
        ({ functionName, caller }) => functionName === name && roleOf(caller) === 'offload-target',
      )!;
      const [innermost] = sourceStackOf(store, call.event)!;
      expect(innermost!.file).toBe('driver.ts');
      expect(lines[innermost!.line - 1]!.slice(innermost!.column - 1)).toContain(name);
    }
    const entered = model.calls.calls.find(({ functionName }) => functionName === 'NdisSetOptionalHandlers')!;
    const stack = sourceStackOf(store, entered.event)!;
    expect(stack.map(({ functionName }) => functionName)).toContain('DriverEntry');
    const others = model.calls.calls.filter(({ caller }) => roleOf(caller) !== 'offload-target');
    expect(others.length).toBeGreaterThan(50);
    expect(others.filter(({ event }) => sourceStackOf(store, event) !== undefined)).toEqual([]);
  });

  it('makes the same trace, byte for byte, wherever its module lies on the disk', async () => {
    const elsewhere = path.join(folder, 'some', 'where', 'driver.ts');
    cpSync(target, elsewhere, { recursive: true });
    const here = await recordWith(target);
    const there = await recordWith(elsewhere);
    expect(Buffer.compare(here.bytes, there.bytes)).toBe(0);
    expect(Buffer.from(there.bytes).includes(folder)).toBe(false);
  });

  it('changes nothing else in the trace, and can be recorded without its place', async () => {
    const counted = (records: ReturnType<typeof recordsOf>): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const { kind } of records) counts[kind] = (counts[kind] ?? 0) + 1;
      return counts;
    };
    const { annotation, ...others } = counted(recordsOf(await recordWith(target)));
    expect(annotation).toBeGreaterThan(20);
    const without = await recordWith(target, false);
    expect(others).toEqual(counted(recordsOf(without)));
    expect(without.model.store!.header.settings).not.toHaveProperty('driverSource');
  });
});

describe('the text of a stack', () => {
  it('reads as it was written, and what is none reads as nothing', () => {
    const frames = [
      { functionName: 'Target.initiate', file: 'src/target.ts', line: 12, column: 5 },
      { functionName: '', file: 'driver.ts', line: 1, column: 1 },
    ];
    expect(readSourceStack(sourceStackText(frames))).toEqual(frames);
    expect(readSourceStack('what somebody noted:\n')).toEqual([]);
  });
});
