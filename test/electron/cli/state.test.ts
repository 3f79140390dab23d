import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import { chimneysweep } from '../../harness/commandLine';

let folder = '';
let trace = '';

interface PrintedState {
  readonly event: number;
  readonly objects: readonly {
    readonly object: number;
    readonly owner: string;
    readonly parent?: number;
    readonly variables: Readonly<
      Record<string, { readonly value: string | number; readonly writtenBy: number }>
    >;
  }[];
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-state-'));
  trace = path.join(folder, 'transfer.sweep');
  chimneysweep('run', 'transfer', '--out', trace);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep state', () => {
  it('prints every variable as the history of the whole trace has it, with its last writer', () => {
    const run = chimneysweep('state', trace, '--at', '5ms', '--json');
    expect(run.code).toBe(0);
    const { event, objects } = JSON.parse(run.out) as PrintedState;
    const model = new TraceModel();
    model.push(readFileSync(trace));
    expect(model.store!.time(event)).toBeLessThanOrEqual(5e6);
    expect(model.store!.time(event + 1)).toBeGreaterThan(5e6);
    expect(objects.length).toBe(3);
    for (const { object, owner, parent, variables } of objects) {
      const expected = model.states.objectAt(object, event)!;
      expect(owner).toBe(expected.owner);
      expect(parent).toBe(expected.parent);
      const names = offloadStateVariables(model.store!.stateObjects[object]!.layer);
      expect(Object.keys(variables).length).toBe(expected.variables.length);
      for (const { variable, value, writtenBy } of expected.variables) {
        const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
        expect(variables[names[variable]!.qualifiedName]).toEqual({ value: text, writtenBy });
      }
    }
  });

  it('prints the tree for people, parents above children', () => {
    const { out, code } = chimneysweep('state', trace, '--at', '5ms');
    expect(code).toBe(0);
    expect(out).toMatch(/^Neighbor .*\(target, since event \d+\)\n/);
    expect(out).toMatch(/\n {2}Path .*\n[^]*\n {4}TCP /);
    expect(out).toMatch(/SndUna +\d+ +written by \d+/);
  });

  it('prints what differs between two instants and nothing else', () => {
    const { out } = chimneysweep('state', trace, '--since', '5ms', '--at', '5.2ms');
    expect(out).toMatch(/^TCP .*\n/);
    expect(out).toMatch(/SndUna +\d+ → \d+/);
    expect(out).not.toMatch(/PathMtu/);
    expect(chimneysweep('state', trace, '--since', '5ms', '--at', '5ms').out).toMatch(/Nothing differs/);
  });

  it('says that there is nothing before anything was made', () => {
    expect(chimneysweep('state', trace, '--event', '0').out).toMatch(/no state objects at this instant/);
  });

  it('reads a trace without its end, and says so', () => {
    const cut = path.join(folder, 'cut.sweep');
    writeFileSync(cut, readFileSync(trace).subarray(0, -30));
    const run = chimneysweep('state', cut, '--at', '1ms');
    expect(run.code).toBe(1);
    expect(run.err).toMatch(/not whole/);
    expect(run.out).toMatch(/Neighbor/);
  });

  it('refuses an event that the trace has not', () => {
    const run = chimneysweep('state', trace, '--event', '999999999');
    expect(run.code).toBe(2);
    expect(run.err).toMatch(/has the events 0 to \d+/);
  });
});
