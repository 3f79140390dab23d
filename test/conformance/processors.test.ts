import { describe, expect, it } from 'vitest';
import type { Call } from '../../shared/analysis/callIndex';
import { functionEntry, isFunctionName } from '../../shared/ddi/catalogue';
import { runPlan } from '../harness/runPlan';
import { callsOf } from '../harness/traceQueries';

/** What a target tells the host stack of a connection. */
const indications: ReadonlySet<string> = new Set([
  'NdisTcpOffloadEventHandler',
  'NdisTcpOffloadReceiveHandler',
  'NdisTcpOffloadReceiveComplete',
  'NdisTcpOffloadSendComplete',
  'NdisTcpOffloadDisconnectComplete',
]);

describe('twelve connections on four processors', () => {
  const { model, report } = runPlan(
    { processors: 4, connections: 12, paths: 4, neighbors: 2, connectInterval: 40_000 },
    { fileBytes: 3_000_000, loss: 0.005 },
  );
  const { calls } = model.calls;
  const byConnection = new Map<number, Call[]>();
  for (const call of calls) {
    if (call.connection === undefined || !indications.has(call.functionName)) continue;
    byConnection.set(call.connection, [...(byConnection.get(call.connection) ?? []), call]);
  }

  it('every stream arrives unchanged', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    expect(byConnection.size).toBe(12);
  });

  it('a call begins while one on another processor is under way', () => {
    const overlaps = calls.filter((call, index) => {
      const before = calls[index - 1];
      return before !== undefined && before.processor !== call.processor && before.returnEvent! > call.event;
    });
    expect(overlaps.length).toBeGreaterThan(20);
  });

  it('a call has its parent on its own processor', () => {
    for (const call of calls)
      if (call.parent !== undefined) expect(model.calls.at(call.parent)!.processor).toBe(call.processor);
  });

  it('calls of one processor are nested or follow each other', () => {
    const open: Call[][] = [[], [], [], []];
    for (const call of calls) {
      const stack = open[call.processor]!;
      while (stack.length > 0 && stack.at(-1)!.returnEvent! < call.event) stack.pop();
      for (const outer of stack) expect(outer.returnEvent!).toBeGreaterThan(call.returnEvent!);
      stack.push(call);
    }
  });

  it('RCV-033: completions and indications of a connection never overlap', () => {
    for (const own of byConnection.values()) {
      own.forEach((call, index) => {
        const next = own[index + 1];
        if (next === undefined || next.event > call.returnEvent!) return;
        // A request that the host stack makes from inside an indication may be answered from inside.
        expect(next.processor).toBe(call.processor);
      });
    }
  });

  it('RSS: what the target indicates of a connection’s segments comes on one processor, by its hash', () => {
    const used = new Set<number>();
    for (const own of byConnection.values()) {
      // What has a parent answers a request that the host stack makes on a processor of its own.
      const received = own.filter(
        (call) => call.functionName === 'NdisTcpOffloadReceiveHandler' && call.parent === undefined,
      );
      if (received.length === 0) continue;
      const processors = new Set(received.map((call) => call.processor));
      expect(processors.size).toBe(1);
      for (const processor of processors) used.add(processor);
    }
    expect(used.size).toBeGreaterThan(1);
  });

  it('a request is completed on another processor than the one that it was made on', () => {
    const elsewhere = callsOf(model, 'ProtocolTerminateOffloadComplete').filter((completion) =>
      completion.completes.some((event) => model.calls.at(event)!.processor !== completion.processor),
    );
    expect(elsewhere.length).toBeGreaterThan(0);
  });

  it('IRQL: a function that must be called at PASSIVE_LEVEL is, whatever the other processors do', () => {
    for (const call of calls) {
      if (!isFunctionName(call.functionName)) continue;
      if (functionEntry(call.functionName).irql === 'PASSIVE_LEVEL')
        expect(call.irql, call.functionName).toBe(0);
    }
  });
});
