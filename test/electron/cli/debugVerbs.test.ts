import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bufferOwnershipOf } from '../../../shared/analysis/bufferOwnership';
import { pendingAt } from '../../../shared/analysis/pendingAt';
import { findVariable, whyValue } from '../../../shared/analysis/whyValue';
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

describe('chimneysweep owners', () => {
  it('prints who has which list at an event, and the story of one', () => {
    const sent = model.calls.calls.find(({ functionName }) => functionName === 'MiniportTcpOffloadSend')!;
    const { code, out } = chimneysweep('owners', trace, '--event', String(sent.event));
    expect(code).toBe(0);
    const [, address] = new RegExp(
      `Offload target has NET_BUFFER_LIST (\\S+), .*\n {4}lent .* \\(#${sent.event}\\)`,
    ).exec(out)!;
    const run = chimneysweep('owners', trace, '--list', address!, '--json');
    expect(run.code).toBe(0);
    const story = JSON.parse(run.out) as { readonly address: number; readonly lists: unknown[] };
    const expected = bufferOwnershipOf(model).storyOf(story.address);
    expect(story.lists).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(expected.length).toBeGreaterThan(0);
  });

  it('answers 1 for an address that is lent nowhere', () => {
    const { code, out } = chimneysweep('owners', trace, '--list', '0x3');
    expect(code).toBe(1);
    expect(out).toBe('fffffa80`00000003 is no NET_BUFFER_LIST that is lent in this trace.\n');
  });
});

describe('chimneysweep why', () => {
  it('tells why a variable has its value, and why an event happened', () => {
    const write = model.calls.calls.find(
      ({ functionName }) => functionName === 'NdisMTerminateOffloadComplete',
    )!;
    const at = ['--event', String(write.event)];
    const { code, out } = chimneysweep('why', trace, ...at);
    expect(code).toBe(0);
    expect(out).toMatch(/#\d+ {2}Offload target calls NdisMTerminateOffloadComplete of NDIS\.\n/);
    expect(out).toMatch(/\nCause \(host-call, #\d+\): The host stack wants the connection back\.\n$/);
    const run = chimneysweep('why', trace, '--object', '2', '--variable', 'sndUna', ...at, '--json');
    const printed = JSON.parse(run.out) as Record<string, unknown>;
    const found = findVariable(model, 2, 'SndUna');
    const chain = found.ok ? whyValue(model, 2, found.value, write.event) : undefined;
    expect(printed).toMatchObject({ object: 2, event: write.event, origin: chain!.origin });
    expect(printed['steps']).toEqual(chain!.steps);
  });

  it('refuses questions about nothing, and about variables that there are not', () => {
    expect(chimneysweep('why', trace).err).toContain('Why what?');
    expect(chimneysweep('why', trace, '--variable', 'CWnd').code).toBe(2);
    const wrong = chimneysweep('why', trace, '--object', '2', '--variable', 'Window');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('has no variable Window');
  });
});
