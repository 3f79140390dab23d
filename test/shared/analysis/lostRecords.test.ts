import { describe, expect, it } from 'vitest';
import { EventPositions } from '../../../shared/analysis/eventPositions';
import { causesOf, consequencesOf } from '../../../shared/analysis/causalChain';
import { checkExpression } from '../../../shared/expression/check';
import { TraceRows } from '../../../shared/expression/traceRows';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { analyseTrace } from '../../harness/analyseTrace';
import { readTrace } from '../../harness/readTrace';
import { concatenate, plainHeader } from '../../harness/traceBytes';

/** More records than anybody could walk over, or keep a number for. */
const lost = 2 ** 40;

/** A trace whose ring has forgotten nearly everything: two components, the loss, and a send with its return and completion. */
function forgetful(): { readonly bytes: Uint8Array; readonly send: number; readonly completion: number } {
  const pieces: Uint8Array[] = [];
  const encoder = new TraceEncoder(plainHeader, { write: (bytes) => void pieces.push(bytes.slice()) });
  encoder.write(0, { kind: 'component', id: 0, role: 'host-stack', name: 'tcpip.sys' });
  encoder.write(0, { kind: 'component', id: 1, role: 'ndis', name: 'ndis.sys' });
  encoder.skip(lost);
  encoder.write(1000, { kind: 'loss', reason: 'ring', records: lost, from: 0, until: 1000 });
  const call = {
    kind: 'call',
    caller: 0,
    callee: 1,
    irql: 2,
    processor: 0,
    connection: undefined,
    parent: undefined,
    arguments: [],
  } as const;
  const functionName = 'NdisOffloadTcpSend';
  const send = encoder.write(2000, { ...call, functionName, cause: 5, completes: [] });
  encoder.write(2500, { kind: 'return', call: send, status: 0x103, outputs: [] });
  const completion = encoder.write(5000, {
    ...call,
    functionName: 'NdisTcpOffloadSendComplete',
    cause: send,
    completes: [send],
  });
  encoder.flush();
  return { bytes: concatenate(pieces), send, completion };
}

describe('a trace with 2^40 lost records', () => {
  const { bytes, send, completion } = forgetful();

  it('has ids behind the loss, which pair calls, returns and completions in the figures', () => {
    const model = readTrace(bytes);
    const { calls, handlers } = model.figures;
    expect(send).toBeGreaterThan(lost);
    expect(calls.at(send)).toBe(0);
    expect(calls.event(calls.completion(0)!)).toBe(completion);
    expect(calls.endOfWork(0)).toBe(completion);
    expect(handlers.sums[0]!.completion.maximum).toBe(3000);
    expect(handlers.pending(0)).toBe(0);
  });

  it('is searched without a walk over what is lost', () => {
    const model = readTrace(bytes);
    const rows = new TraceRows(model, model.store!);
    const found = (text: string): number[] => {
      const checked = checkExpression(text);
      return checked.ok ? [...rows.matching(checked.value)] : [];
    };
    expect(found('latency >= 3us')).toEqual([send]);
    expect(found('!(SndWnd > 0) && owner != target || true')).toEqual([send, completion]);
  });

  it('has causes where these are there, and none where they are lost', () => {
    const { analysis, store } = analyseTrace(bytes);
    expect(causesOf(analysis.causes, store, completion).steps.map(({ event }) => event)).toEqual([
      completion,
      send,
    ]);
    expect(analysis.causes.becauseOf(send)).toBeUndefined();
    expect(analysis.causes.becauseOf(7)).toBeUndefined();
    expect(consequencesOf(analysis.causes, store, send).steps.map(({ event }) => event)).toEqual([
      send + 1,
      completion,
    ]);
  });
});

describe('positions of events', () => {
  it('follow the events over gaps, and lead back', () => {
    const positions = new EventPositions();
    const events = [0, 1, 2, 7, 8, 1000, 1001, 1060, 2 ** 40, 2 ** 40 + 1];
    const taken = events.map((event) => positions.take(event));
    expect(taken).toEqual([...taken].sort((left, right) => left - right));
    expect(positions.length).toBeLessThan(100);
    events.forEach((event, index) => {
      expect(positions.of(event)).toBe(taken[index]);
      expect(positions.at(taken[index]!)).toBe(event);
    });
    for (const event of [500, 999, 2 ** 40 - 1, 2 ** 40 + 2, 2 ** 50]) expect(positions.of(event)).toBe(-1);
  });

  it('stay when an event comes again', () => {
    const positions = new EventPositions();
    for (const event of [0, 1, 2 ** 40, 2 ** 40, 2 ** 40 + 1, 1]) positions.take(event);
    expect(positions.length).toBe(4);
    expect([1, 2 ** 40, 2 ** 40 + 1].map((event) => positions.of(event))).toEqual([1, 2, 3]);
  });

  it('begin wherever the first event is', () => {
    const positions = new EventPositions();
    expect(positions.of(0)).toBe(-1);
    expect(positions.take(2 ** 40)).toBe(0);
    expect(positions.of(3)).toBe(-1);
    expect(positions.at(0)).toBe(2 ** 40);
  });
});
