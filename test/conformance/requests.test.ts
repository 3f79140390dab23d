import { describe, expect, it } from 'vitest';
import type { FunctionName } from '../../shared/ddi/catalogue';
import { functionEntry, isFunctionName } from '../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { carryingScenarios } from '../harness/carryingScenarios';
import { unwrittenStatus } from '../../shared/trace/unwrittenStatus';
import { recordScenario } from '../harness/recordScenario';
import { blockMember, blocksOf, callersWithin, callsOf, listsOf } from '../harness/traceQueries';

const stateRequests = [
  [
    'NdisInitiateOffload',
    'MiniportInitiateOffload',
    'NdisMInitiateOffloadComplete',
    'ProtocolInitiateOffloadComplete',
  ],
  [
    'NdisTerminateOffload',
    'MiniportTerminateOffload',
    'NdisMTerminateOffloadComplete',
    'ProtocolTerminateOffloadComplete',
  ],
  [
    'NdisQueryOffloadState',
    'MiniportQueryOffload',
    'NdisMQueryOffloadStateComplete',
    'ProtocolQueryOffloadComplete',
  ],
  [
    'NdisInvalidateOffload',
    'MiniportInvalidateOffload',
    'NdisMInvalidateOffloadComplete',
    'ProtocolInvalidateOffloadComplete',
  ],
  [
    'NdisUpdateOffload',
    'MiniportUpdateOffload',
    'NdisMUpdateOffloadComplete',
    'ProtocolUpdateOffloadComplete',
  ],
] as const satisfies readonly (readonly FunctionName[])[];

const dataRequests = [
  ['MiniportTcpOffloadSend', 'NdisTcpOffloadSendComplete'],
  ['MiniportTcpOffloadReceive', 'NdisTcpOffloadReceiveComplete'],
  ['MiniportTcpOffloadDisconnect', 'NdisTcpOffloadDisconnectComplete'],
  ['MiniportTcpOffloadForward', 'NdisTcpOffloadForwardComplete'],
] as const satisfies readonly (readonly FunctionName[])[];

describe.each(carryingScenarios)('contract of requests and completions in scenario %s', (scenario) => {
  const { model, report } = recordScenario(scenario, scenario === 'transfer' ? { loss: 0.01 } : {});

  it('reaches its goal', () => {
    expect(report.summary).toMatch(/came back unchanged/);
    expect(report.success).toBe(true);
  });

  it('every call returns', () => {
    expect(model.calls.calls.filter((call) => call.end === undefined)).toEqual([]);
  });

  it('every name is one of the catalogue', () => {
    for (const call of model.calls.calls)
      expect(isFunctionName(call.functionName), call.functionName).toBe(true);
  });

  it('TRE-040 TRE-041 TRE-056: each state request is completed once, by the completion of its own kind', () => {
    for (const [request, handler, complete, completion] of stateRequests) {
      const requests = callsOf(model, request);
      expect(callsOf(model, handler)).toHaveLength(requests.length);
      // Requests that overlap may be completed in any order.
      const completed = (name: FunctionName, ofKind: FunctionName): number[] =>
        callsOf(model, name)
          .flatMap((call) => call.completes)
          .filter((event) => model.calls.at(event)!.functionName === ofKind)
          .sort((left, right) => left - right);
      expect(completed(complete, handler)).toEqual(callsOf(model, handler).map((call) => call.event));
      expect(completed(completion, request)).toEqual(requests.map((call) => call.event));
    }
  });

  it('TRM-026: besides its request a completion ends nothing but the sends that a terminate hands back', () => {
    for (const [, handler, complete] of stateRequests) {
      for (const call of callsOf(model, complete)) {
        const further = call.completes
          .map((event) => model.calls.at(event)!.functionName)
          .filter((name) => name !== handler);
        const allowed = complete === 'NdisMTerminateOffloadComplete' ? ['MiniportTcpOffloadSend'] : [];
        for (const name of further) expect([...allowed, 'MiniportInitiateOffload']).toContain(name);
      }
    }
  });

  it('TRE-042 TRE-045: the completed tree has the root and the blocks of the request', () => {
    for (const [, handler, complete] of stateRequests) {
      callsOf(model, handler).forEach((call) => {
        const completed = callsOf(model, complete).find((other) => other.completes.includes(call.event))!;
        const before = blocksOf(model, call).map(({ address, depth }) => ({ address, depth }));
        const after = blocksOf(model, completed).map(({ address, depth }) => ({
          address,
          depth,
        }));
        expect(after).toEqual(before);
      });
    }
  });

  it('TRE-043 TRE-057: every Status is written before completion and arrives unchanged', () => {
    for (const [, , complete, completion] of stateRequests) {
      callsOf(model, complete).forEach((call) => {
        const below = blocksOf(model, call).map((block) => blockMember('miniport', block, 'Status'));
        const passedUp = callsOf(model, completion).find((other) => other.parent === call.event)!;
        const above = blocksOf(model, passedUp).map((block) => blockMember('protocol', block, 'Status'));
        expect(below).not.toContain(unwrittenStatus);
        expect(above).toEqual(below);
      });
    }
  });

  it('SND-002 RCV-001 DSC-001: data handlers return NDIS_STATUS_PENDING', () => {
    for (const [handler] of dataRequests) {
      for (const call of callsOf(model, handler)) expect(call.status).toBe(NDIS_STATUS.PENDING);
    }
  });

  it('SND-018 RCV-020 DSC-029: every posted list is completed exactly once or handed back with the terminate', () => {
    // The same list is under way at the edge of every driver that it passes.
    const open = new Set<string>();
    const keyOf = (address: number, driver: number): string => `${address} at driver ${driver}`;
    for (const call of model.calls.calls) {
      const pair = dataRequests.find(
        ([handler, complete]) => call.functionName === handler || call.functionName === complete,
      );
      if (pair !== undefined) {
        for (const list of listsOf(model, call)) {
          if (call.functionName === pair[0]) {
            const key = keyOf(list.address, call.callee);
            expect(open.has(key)).toBe(false);
            open.add(key);
          } else if (!open.delete(keyOf(list.address, call.caller))) {
            // Sends that came with the initiate's chain are completed like posted ones.
            expect(call.functionName).toBe('NdisTcpOffloadSendComplete');
            expect(call.completes.map((event) => model.calls.at(event)!.functionName)).toContain(
              'MiniportInitiateOffload',
            );
          }
        }
      }
      if (call.functionName !== 'NdisMTerminateOffloadComplete') continue;
      for (const request of call.completes.map((event) => model.calls.at(event)!)) {
        if (request.functionName !== 'MiniportTcpOffloadSend') continue;
        for (const list of listsOf(model, request)) open.delete(keyOf(list.address, request.callee));
      }
    }
    expect([...open]).toEqual([]);
  });

  it('SND-021 SND-022: a successful send transfers all its bytes, any other a part', () => {
    const posted = new Map<number, number>();
    for (const call of callsOf(model, 'MiniportTcpOffloadSend')) {
      for (const list of listsOf(model, call)) posted.set(list.address, list.dataLength);
    }
    for (const call of callsOf(model, 'NdisTcpOffloadSendComplete')) {
      for (const list of listsOf(model, call)) {
        const length = posted.get(list.address);
        if (length === undefined) continue;
        if (list.status === NDIS_STATUS.SUCCESS) expect(list.bytesTransferred).toBe(length);
        else expect(list.bytesTransferred).toBeLessThanOrEqual(length);
      }
    }
  });

  it('RCV-033: completions and indications of a connection never overlap', () => {
    for (const name of ['NdisTcpOffloadReceiveComplete', 'NdisTcpOffloadReceiveHandler'] as const) {
      for (const call of callsOf(model, name)) {
        // What a driver passes on is inside the call that it got; no driver begins a second one of its own.
        const outer = callersWithin(model, call).filter(({ caller }) => caller === call.caller);
        const names = outer.map(({ functionName }) => functionName);
        expect(names).not.toContain('NdisTcpOffloadReceiveComplete');
        expect(names).not.toContain('NdisTcpOffloadReceiveHandler');
      }
    }
  });

  it('IND: indications run at DISPATCH_LEVEL and only after the initiate has been completed', () => {
    const initiated = callsOf(model, 'NdisMInitiateOffloadComplete')[0]!;
    for (const name of ['NdisTcpOffloadReceiveHandler', 'NdisTcpOffloadEventHandler'] as const) {
      for (const call of callsOf(model, name)) {
        expect(call.irql).toBe(2);
        expect(call.event).toBeGreaterThan(initiated.returnEvent!);
      }
    }
  });

  it('TRM-017 TRM-033: nothing of the connection follows the completion of its terminate', () => {
    const terminated = callsOf(model, 'NdisMTerminateOffloadComplete').at(-1);
    const below: readonly string[] = dataRequests.flat();
    const late = model.calls.calls.filter(
      (call) =>
        terminated !== undefined && call.event > terminated.returnEvent! && below.includes(call.functionName),
    );
    expect(late).toEqual([]);
  });

  it('handlers with a documented IRQL of PASSIVE_LEVEL run there', () => {
    for (const call of model.calls.calls) {
      if (!isFunctionName(call.functionName)) continue;
      if (functionEntry(call.functionName).irql === 'PASSIVE_LEVEL')
        expect(call.irql, call.functionName).toBe(0);
    }
  });
});
