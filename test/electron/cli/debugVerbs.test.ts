import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pendingAt } from '../../../shared/analysis/pendingAt';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { chimneysweep } from '../../harness/commandLine';

let folder = '';
let trace = '';
const model = new TraceModel();

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-debug-'));
  trace = path.join(folder, 'terminate.sweep');
  chimneysweep('run', 'terminate-with-data', '--out', trace);
  model.push(readFileSync(trace));
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep pending', () => {
  it('prints what is outstanding right after an event, and what each request waits for', () => {
    const terminate = model.calls.calls.find(
      ({ functionName }) => functionName === 'MiniportTerminateOffload',
    )!;
    const at = String(terminate.returnEvent!);
    const { code, out } = chimneysweep('pending', trace, '--event', at);
    expect(code).toBe(0);
    expect(out).toContain('NdisTerminateOffload by Host TCP/IP stack, connection 0: Offload target has it');
    expect(out).toMatch(/waits for \d+ sends to end, or to be given back with it \(#\d+/);
    expect(out).not.toContain('MiniportTcpOffloadSend by');
    expect(chimneysweep('pending', trace, '--event', at, '--all').out).toContain('MiniportTcpOffloadSend by');
    const run = chimneysweep('pending', trace, '--event', at, '--all', '--json');
    const printed = JSON.parse(run.out) as { readonly pending: readonly { readonly event: number }[] };
    const expected = pendingAt(model, terminate.returnEvent!);
    expect(printed.pending.map(({ event }) => event)).toEqual(expected.map(({ event }) => event));
  });

  it('says when nothing is outstanding, and refuses events that are not there', () => {
    expect(chimneysweep('pending', trace, '--at', '0ns').out).toMatch(
      /^\d+ outstanding|^Nothing is outstanding/,
    );
    expect(chimneysweep('pending', trace).out).toMatch(/^Nothing is outstanding right after event \d+\.\n$/);
    const wrong = chimneysweep('pending', trace, '--event', String(model.store!.length));
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain(`has the events 0 to ${model.store!.length - 1}.`);
  });
});
