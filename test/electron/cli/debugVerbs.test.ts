import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bufferOwnershipOf } from '../../../shared/analysis/bufferOwnership';
import { pendingAt } from '../../../shared/analysis/pendingAt';
import { findVariable, whyValue } from '../../../shared/analysis/whyValue';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { findStops } from '../../../shared/debug/findStops';
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

interface PrintedStop {
  readonly breakpoint: string;
  readonly event: number;
  readonly record: number;
}

function printedStops(out: string): readonly PrintedStop[] {
  return (JSON.parse(out) as { readonly stops: readonly PrintedStop[] }).stops;
}

describe('chimneysweep break', () => {
  it('prints every hit in a file as the debugger would stop, with event, time and what', () => {
    const on = 'handler == MiniportTcpOffloadSend && bytes > 1K';
    const { code, out } = chimneysweep('break', trace, '--on', on, '--handler', 'MiniportTerminateOffload');
    expect(code).toBe(0);
    const events = [...out.matchAll(/ ms {2}#(\d+) {2}/g)].map(([, event]) => Number(event));
    const expected = findStops(model.store!, [
      { id: 'a', on: { kind: 'expression', text: on }, enabled: true },
      { id: 'b', on: { kind: 'handler', name: 'MiniportTerminateOffload' }, enabled: true },
    ]);
    if (!expected.ok) throw new Error(expected.error[0]!.problem.message);
    expect(events).toEqual(expected.value.map(({ event }) => event));
    expect(out).toContain('[--handler MiniportTerminateOffload]');
    expect(out).toContain(`[--on ${on}]`);
  });

  it('finds in a scenario that it runs what it finds in its trace, with each kind of breakpoint', () => {
    const words = [
      ...['--field', 'RcvNxt > 0', '--age', '100us', '--packet', 'tcp.flags.fin', '--status', 'PENDING'],
      ...['--condition', 'time > 1ms', '--hits', '%2', '--json'],
    ];
    const inFile = chimneysweep('break', trace, ...words);
    const live = chimneysweep('break', 'terminate-with-data', ...words);
    expect(inFile.err).toBe('');
    expect(live.code).toBe(0);
    expect(printedStops(live.out).length).toBeGreaterThan(5);
    expect(live.out).toBe(inFile.out);
  });

  it('says what a log-point says, and stops where rules are broken', () => {
    const fault = ['--fault', 'drop-completion request=send'];
    const { code, out } = chimneysweep(
      ...['break', 'transfer', ...fault, '--finding', 'error', '--log', 'broken at {time}', '--json'],
    );
    expect(code).toBe(0);
    expect(printedStops(out)[0]).toMatchObject({
      breakpoint: '--finding error',
      log: expect.stringMatching(/^broken at /) as string,
    });
  });

  it('answers 1 where nothing is met, and 2 with the place where a breakpoint makes no sense', () => {
    expect(chimneysweep('break', trace, '--on', 'time > 999s')).toMatchObject({ code: 1, out: '' });
    const wrong = chimneysweep('break', trace, '--field', 'SndWmd == 0');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('--field:\n  SndWmd\n  ^^^^^^\n');
    expect(chimneysweep('break', trace).err).toContain('Stop where?');
    expect(chimneysweep('break', 'no-such', '--on', 'true').code).toBe(2);
  });
});

describe('chimneysweep step', () => {
  it('prints where a step arrives, forward and back', () => {
    const call = model.calls.calls.find(({ functionName }) => functionName === 'MiniportInitiateOffload')!;
    const over = chimneysweep('step', trace, '--from', String(call.event), '--kind', 'over');
    expect(over.code).toBe(0);
    expect(over.out).toContain(`#${call.returnEvent}  return of #${call.event} `);
    const back = chimneysweep(
      ...['step', trace, '--from', String(call.returnEvent), '--kind', 'over', '--back', '--json'],
    );
    expect(JSON.parse(back.out)).toMatchObject({ from: call.returnEvent, steps: [{ event: call.event }] });
    const three = chimneysweep('step', trace, '--from', String(call.event), '--times', '3', '--json');
    expect((JSON.parse(three.out) as { readonly steps: readonly unknown[] }).steps).toHaveLength(3);
  });

  it('answers 1 where there is nothing to arrive at, and 2 for events that are not there', () => {
    const last = String(model.store!.length - 1);
    expect(chimneysweep('step', trace, '--from', last, '--kind', 'call')).toMatchObject({
      code: 1,
      out: `Nothing further behind event ${last}.\n`,
    });
    expect(chimneysweep('step', trace, '--from', '99999999').code).toBe(2);
  });
});
