import { describe, expect, it } from 'vitest';
import { CallIndex } from '../../../shared/analysis/callIndex';
import { pendingAt, type PendingRequest } from '../../../shared/analysis/pendingAt';
import { listAddresses, PendingIndex } from '../../../shared/analysis/pendingIndex';
import { PendingWaits, type PendingWait } from '../../../shared/analysis/pendingWaits';
import { completesTree, requestFunction } from '../../../shared/analysis/requestKinds';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { recordScenario } from '../../harness/recordScenario';

/** What is outstanding after each event, by walking through the records: request with the lists that are not back. */
function* walk(model: TraceModel): Generator<ReadonlyMap<string, number>> {
  const store = model.store!;
  const open = new Map<string, Set<number>>();
  const counts = new Map<string, number>();
  for (let event = 0; event < store.length; event++) {
    const record = store.record(event);
    if (record.kind === 'call') {
      for (const completed of record.completes) {
        const back = listAddresses(model, event);
        for (const key of [String(completed), `${completed} attached`]) {
          const lists = open.get(key);
          if (lists === undefined) continue;
          const asked = store.record(completed);
          const request = asked.kind === 'call' ? requestFunction(asked.functionName) : undefined;
          if (request?.passes !== 'lists' && key === String(completed)) {
            if (record.functionName === request?.completion) lists.clear();
          } else if (request?.passes === 'lists' && completesTree(record.functionName)) lists.clear();
          else for (const address of back) lists.delete(address);
          if (lists.size === 0) open.delete(key);
        }
      }
      const request = requestFunction(record.functionName);
      const addresses = listAddresses(model, event);
      if (request !== undefined)
        open.set(String(event), new Set(request.passes === 'lists' ? addresses : [0]));
      if (request?.kind === 'initiate' && addresses.length > 0)
        open.set(`${event} attached`, new Set(addresses));
    } else if (record.kind === 'return' && record.status !== undefined) {
      if (record.status !== NDIS_STATUS.PENDING) open.delete(String(record.call));
    }
    counts.clear();
    for (const [key, { size }] of open) counts.set(key, size);
    yield counts;
  }
}

function keyOf({ event, attached }: PendingRequest): string {
  return attached ? `${event} attached` : String(event);
}

function waitsAt(
  model: TraceModel,
  event: number,
): { readonly row: PendingRequest; readonly waits: readonly PendingWait[] }[] {
  const rows = pendingAt(model, event);
  const waits = new PendingWaits(model, event, rows);
  return rows.map((row) => ({ row, waits: waits.of(row) }));
}

describe('the requests that are outstanding at an event', () => {
  for (const scenario of ['terminate-with-data', 'failover'] as const)
    it(`are those whose lists or trees have not come back, in ${scenario}`, () => {
      const { model } = recordScenario(scenario, { fileBytes: 400_000 });
      let event = 0;
      let most = 0;
      for (const expected of walk(model)) {
        if (event % 7 === 0) {
          const rows = pendingAt(model, event);
          expect(rows.map(keyOf).sort()).toEqual([...expected.keys()].sort());
          for (const row of rows)
            if (row.lists > 1) expect(row.lists - row.listsBack).toBe(expected.get(keyOf(row)));
          most = Math.max(most, rows.length);
        }
        event++;
      }
      expect(most).toBeGreaterThan(8);
    });

  it('are the same while the trace grows: a chain of which some lists are back is still outstanding', () => {
    const { model } = recordScenario('transfer', { loss: 0.01, fileBytes: 900_000 });
    const store = model.store!;
    const calls = new CallIndex();
    const growing = new PendingIndex({ calls, store });
    let partly = 0;
    for (let event = 0; event < store.length; event++) {
      const record = store.record(event);
      if (record.kind !== 'unknown') calls.onRecord(record, event, store.time(event));
      if (event % 11 !== 0) continue;
      const outstanding = growing.at(event);
      const rows = pendingAt(model, event);
      expect(outstanding.map(({ call }) => call.event)).toEqual(rows.map((row) => row.event));
      partly += rows.filter(({ lists, listsBack }) => listsBack > 0 && listsBack < lists).length;
    }
    expect(partly).toBeGreaterThan(100);
  });

  it('are held by the driver that was called last with them, through an intermediate driver', () => {
    const { model } = recordScenario('failover');
    const { components } = model.store!;
    let through = 0;
    for (let event = 0; event < model.store!.length; event += 301)
      for (const row of pendingAt(model, event)) {
        if (row.kind !== 'send' || row.outer !== undefined || row.isInHandler) continue;
        const held = model.calls.at(row.heldBy)!;
        if (components[held.callee]!.role !== 'offload-target') continue;
        expect(row.holder).toBe(held.callee);
        expect(components[row.caller]!.role).toBe('host-stack');
        // Host stack, NDIS, teaming driver, NDIS, target.
        const carried: number[] = [];
        for (let at = held.parent; at !== undefined; at = model.calls.at(at)!.parent) carried.push(at);
        expect(carried).toContain(row.event);
        through += carried.indexOf(row.event) === 2 ? 1 : 0;
      }
    expect(through).toBeGreaterThan(10);
  });

  it('have an age and nothing before the first event', () => {
    const { model } = recordScenario('first-sweep');
    expect(pendingAt(model, -1)).toEqual([]);
    const sent = model.calls.calls.find(({ functionName }) => functionName === 'NdisOffloadTcpSend')!;
    const later = pendingAt(model, sent.event + 40).find(({ event }) => event === sent.event)!;
    expect(later.age).toBe(model.store!.time(sent.event + 40) - sent.start);
  });
});

describe('what an outstanding request waits for', () => {
  it('is, for a terminate, the sends that the driver has not given back (TRM-026)', () => {
    const { model } = recordScenario('terminate-with-data');
    const terminate = model.calls.calls.find(
      ({ functionName }) => functionName === 'MiniportTerminateOffload',
    )!;
    const rows = waitsAt(model, terminate.returnEvent!);
    const { waits } = rows.find(({ row }) => row.event === terminate.event)!;
    const sends = rows.filter(({ row }) => row.kind === 'send' && row.event === row.heldBy);
    expect(waits.map(({ kind }) => kind)).toEqual(['other-requests']);
    expect(waits[0]!.text).toBe(`${sends.length} sends to end, or to be given back with it`);
    expect(waits[0]!.events).toEqual(sends.map(({ row }) => row.event).slice(0, 8));
    expect(sends.length).toBeGreaterThan(1);
  });

  const { model } = recordScenario('transfer', { loss: 0.01, seed: 1 });

  it('is, for a send whose bytes are in flight, the acknowledgment of exactly those bytes', () => {
    let seen = 0;
    for (let event = 2600; event < model.store!.length; event += 97)
      for (const { row, waits } of waitsAt(model, event))
        for (const { kind, text, events } of waits) {
          if (row.kind !== 'send' || kind !== 'acknowledgment') continue;
          const [, from, until] = /acknowledgment of bytes (\d+) to (\d+)$/.exec(text)!.map(Number);
          const record = model.store!.record(row.event);
          const lists =
            record.kind === 'call'
              ? record.arguments.flatMap((one) => (one.kind === 'net-buffer-lists' ? one.lists : []))
              : [];
          const last = lists[lists.length - 1]!;
          expect(from).toBeGreaterThanOrEqual(lists[0]!.streamOffset!);
          expect(until).toBeLessThan(last.streamOffset! + last.dataLength);
          const frame = model.frames.at(events[0]!)!;
          expect(frame.payloadLength).toBeGreaterThan(0);
          expect(frame.fate).toBe('delivered');
          expect(frame.event).toBeLessThanOrEqual(event);
          seen++;
        }
    expect(seen).toBeGreaterThan(10);
  });

  it('is, after a loss, the repetition of the frame that was lost', () => {
    let seen = 0;
    for (let event = 2600; event < model.store!.length; event += 53)
      for (const { waits } of waitsAt(model, event))
        for (const { kind, events } of waits) {
          if (kind !== 'repetition') continue;
          expect(model.frames.at(events[0]!)!.fate).toBe('lost');
          expect(model.frames.at(events[0]!)!.fateTime).toBeLessThanOrEqual(model.store!.time(event));
          seen++;
        }
    expect(seen).toBeGreaterThan(3);
  });

  it('is, for posted receives, data of the peer, in the order in which they were posted', () => {
    const rows = waitsAt(model, 2763).filter(({ row }) => row.kind === 'receive' && row.event === row.heldBy);
    expect(rows.map(({ waits }) => waits[0]!.text.replace(/^.*wire/, ''))).toEqual([
      '',
      ', behind a receive posted before it',
      ', behind 2 receives posted before it',
      ', behind 3 receives posted before it',
    ]);
  });

  it('is never nothing: what no record explains is said to be kept by its driver', () => {
    for (let event = 0; event < model.store!.length; event += 211)
      for (const { waits } of waitsAt(model, event)) expect(waits.length).toBeGreaterThan(0);
    const terminate = model.calls.calls.find(
      ({ functionName }) => functionName === 'MiniportTerminateOffload',
    )!;
    const { waits } = waitsAt(model, terminate.returnEvent!).find(
      ({ row }) => row.event === terminate.event,
    )!;
    expect(waits).toEqual([
      {
        kind: 'nothing-visible',
        text: 'nothing visible: Offload target keeps it',
        events: [terminate.event],
      },
    ]);
  });
});
