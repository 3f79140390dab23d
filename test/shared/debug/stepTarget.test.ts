/** Steps along a trace: where each lands, at every kind of record (docs/debugging.md). */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { stepKinds, type Direction, type Step } from '../../../shared/debug/step';
import { stepTarget, stopConditionOf } from '../../../shared/debug/stepTarget';
import { meetsCondition, type StopSurroundings } from '../../../shared/debug/stopCondition';
import type { CallRecord, EventId, TraceRecord } from '../../../shared/trace/records';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { readTrace } from '../../harness/readTrace';
import { recordScenario } from '../../harness/recordScenario';
import { StepReading } from '../../harness/stepReading';
import { encodeTrace } from '../../harness/traceBytes';

const kinds = stepKinds.filter((kind) => kind !== 'cursor');

function step(kind: (typeof kinds)[number], direction: Direction = 'forward'): Step {
  return { kind, direction };
}

/** The first record behind the cursor that meets the condition with which a run would go on from there. */
function firstMeeting(model: TraceModel, cursor: EventId, wish: Step): EventId | undefined {
  const store = model.store!;
  const condition = stopConditionOf(model, cursor, wish);
  if (condition === undefined) return undefined;
  const surroundings: StopSurroundings = {
    roleOf: (component) => store.components[component]?.role,
    processorOf: (call) => model.calls.at(call)?.processor,
  };
  for (
    let event = store.nextPresent(cursor + 1);
    event < store.length;
    event = store.nextPresent(event + 1)
  ) {
    const record = store.record(event);
    if (record.kind !== 'unknown' && meetsCondition(condition, record, event, surroundings)) return event;
  }
  return undefined;
}

/** Every so many events of a trace, and the first ones. */
function someEvents(model: TraceModel, count: number): EventId[] {
  const { length } = model.store!;
  const stride = Math.max(1, Math.floor(length / count));
  return Array.from({ length: Math.ceil(length / stride) }, (_, index) => index * stride);
}

let interleaved: TraceModel;
let sweep: TraceModel;

beforeAll(() => {
  interleaved = recordScenario('many-connections').model;
  sweep = recordScenario('first-sweep').model;
}, 60_000);

describe('a step in a recorded trace', () => {
  it.each(kinds.flatMap((kind) => [step(kind), step(kind, 'backward')]))(
    'lands where the records say, of calls that interleave on four processors: $kind $direction',
    (wish) => {
      const reading = new StepReading(interleaved.store!);
      const landed = new Set<EventId | undefined>();
      for (const cursor of someEvents(interleaved, 700)) {
        const target = stepTarget(interleaved, cursor, wish);
        expect([cursor, target]).toEqual([cursor, reading.target(cursor, wish)]);
        landed.add(target);
      }
      expect(landed.size).toBeGreaterThan(20);
    },
    60_000,
  );

  it('lands where the records say in any trace, whatever is wrong with its calls', () => {
    fc.assert(
      fc.property(
        arbitraryRecords(true, 60, [
          'call',
          'return',
          'frame',
          'frame-fate',
          'state-change',
          'note',
          'component',
          'connection',
        ]),
        fc.constantFrom(...kinds),
        fc.constantFrom<Direction>('forward', 'backward'),
        (records, kind, direction) => {
          const model = readTrace(encodeTrace(records));
          const reading = new StepReading(model.store!);
          for (const cursor of reading.events) {
            const wish = step(kind, direction);
            expect([cursor, stepTarget(model, cursor, wish)]).toEqual([cursor, reading.target(cursor, wish)]);
          }
        },
      ),
      property(300),
    );
  });

  it('lands where a run would stop that goes on from the cursor', () => {
    for (const kind of kinds) {
      for (const cursor of someEvents(interleaved, 150)) {
        const wish = step(kind);
        const met = firstMeeting(interleaved, cursor, wish);
        if (met !== undefined)
          expect([kind, cursor, stepTarget(interleaved, cursor, wish)]).toEqual([kind, cursor, met]);
      }
    }
  });

  it('comes home when it goes back as it went: event, call, into', () => {
    for (const model of [sweep, interleaved]) {
      const store = model.store!;
      for (const cursor of someEvents(model, 2000)) {
        const kind = store.kind(cursor);
        const isCallOrReturn = kind === 'call' || kind === 'return';
        const checked = isCallOrReturn ? (['event', 'into'] as const) : (['event'] as const);
        if (kind === 'counter' || kind === 'component' || kind === 'connection' || kind === 'state-object')
          continue;
        for (const name of checked) {
          const there = stepTarget(model, cursor, step(name));
          if (there !== undefined)
            expect([name, stepTarget(model, there, step(name, 'backward'))]).toEqual([name, cursor]);
        }
      }
      for (const { event } of model.calls.calls) {
        const handler = stepTarget(model, event, step('call'));
        if (handler === undefined) continue;
        const next = stepTarget(model, handler, step('call'));
        if (next !== undefined) expect(stepTarget(model, next, step('call', 'backward'))).toBe(handler);
      }
    }
  });

  it('over a call comes home to its entry, and never lands inside', () => {
    for (const model of [sweep, interleaved]) {
      for (const call of model.calls.calls) {
        const landed = stepTarget(model, call.event, step('over'));
        expect(landed).toBe(call.returnEvent);
        expect(stepTarget(model, landed!, step('over', 'backward'))).toBe(call.event);
        const onwards = stepTarget(model, landed!, step('over'));
        const next = onwards === undefined ? undefined : model.calls.at(onwards);
        if (next !== undefined) expect(next.parent).toBe(call.parent);
      }
    }
  });

  it('into and out nest: what goes in on a processor comes out at the return of the call around it', () => {
    let nested = 0;
    for (const call of interleaved.calls.calls) {
      const inside = stepTarget(interleaved, call.event, step('into'))!;
      const child = interleaved.calls.at(inside);
      if (child === undefined) {
        expect(inside).toBe(call.returnEvent);
        continue;
      }
      nested++;
      expect(child.parent).toBe(call.event);
      expect(child.processor).toBe(call.processor);
      expect(stepTarget(interleaved, inside, step('out'))).toBe(call.returnEvent);
      expect(stepTarget(interleaved, inside, step('out', 'backward'))).toBe(call.event);
    }
    expect(nested).toBeGreaterThan(1000);
  });

  it('goes from a request to its completion, and from there back to the request', () => {
    let pairs = 0;
    for (const request of interleaved.calls.calls) {
      if (request.completedBy === undefined) continue;
      const end = stepTarget(interleaved, request.event, step('completion'))!;
      if (end === request.returnEvent) continue;
      expect(end).toBe(request.completedBy);
      const back = stepTarget(interleaved, end, step('request', 'backward'))!;
      expect(interleaved.calls.at(end)!.completes).toContain(back);
      expect(stepTarget(interleaved, end, step('completion', 'backward'))).toBe(back);
      pairs++;
    }
    expect(pairs).toBeGreaterThan(500);
  });

  it('runs to a given event, wherever the cursor is', () => {
    expect(stepTarget(sweep, 3000, { kind: 'cursor', event: 17 })).toBe(17);
    expect(stepTarget(sweep, 3, { kind: 'cursor', event: 170 })).toBe(170);
    expect(stepTarget(sweep, 3, { kind: 'cursor', event: sweep.store!.length })).toBeUndefined();
    expect(stopConditionOf(sweep, 3, { kind: 'cursor', event: 1e9 })).toEqual({ kind: 'at', event: 1e9 });
  });

  it('answers nothing before the first and behind the last event', () => {
    const { length } = sweep.store!;
    for (const kind of kinds) {
      expect(stepTarget(sweep, -1, step(kind, 'backward'))).toBeUndefined();
      expect(stepTarget(sweep, length, step(kind))).toBeUndefined();
    }
    expect(stepTarget(sweep, -1, step('event'))).toBeGreaterThan(0);
    expect(stepTarget(sweep, length, step('event', 'backward'))).toBeLessThan(length);
  });
});

describe('a trace that grows', () => {
  it('answers the same as when it is read at once, however its bytes arrive', () => {
    const { bytes, model } = recordScenario('first-sweep', { fileBytes: 20_000 });
    const growing = readTrace(bytes.subarray(0, 200));
    for (let at = 200; at < bytes.length; at += 1777) {
      growing.push(bytes.subarray(at, at + 1777));
      stepTarget(growing, 0, step('into'));
    }
    for (const kind of kinds)
      for (const cursor of someEvents(model, 300))
        for (const direction of ['forward', 'backward'] as const)
          expect([kind, direction, cursor, stepTarget(growing, cursor, step(kind, direction))]).toEqual([
            kind,
            direction,
            cursor,
            stepTarget(model, cursor, step(kind, direction)),
          ]);
  });

  it('asks a run to wait for what has not come yet', () => {
    const call = (functionName: string, parent: EventId | undefined, processor: number): CallRecord => ({
      kind: 'call',
      functionName,
      caller: 0,
      callee: 1,
      irql: 2,
      processor,
      connection: undefined,
      parent,
      cause: undefined,
      completes: [],
      arguments: [],
    });
    const records: readonly TraceRecord[] = [
      { kind: 'component', id: 0, role: 'ndis', name: 'NDIS' },
      { kind: 'component', id: 1, role: 'offload-target', name: 'Target' },
      call('MiniportTcpOffloadSend', undefined, 3),
      call('MiniportOidRequest', 2, 3),
      { kind: 'note', component: 1, connection: undefined, cause: 3, text: 'on its way' },
    ];
    const model = readTrace(encodeTrace(records.map((record, time) => ({ time, record }))));
    const waitsFor = (cursor: EventId, wish: Step): unknown => {
      expect(stepTarget(model, cursor, wish)).toBeUndefined();
      return stopConditionOf(model, cursor, wish);
    };
    expect(waitsFor(2, step('over'))).toEqual({ kind: 'return', call: 2 });
    expect(waitsFor(4, step('over'))).toEqual({ kind: 'stack', processor: 3 });
    expect(waitsFor(4, step('into'))).toEqual({ kind: 'stack', processor: 3 });
    expect(waitsFor(4, step('out'))).toEqual({ kind: 'return', call: 3 });
    expect(waitsFor(3, step('out'))).toEqual({ kind: 'return', call: 2 });
    expect(waitsFor(4, step('driver'))).toEqual({ kind: 'handler', driver: 1 });
    expect(waitsFor(4, step('connection'))).toBeUndefined();
    expect(waitsFor(2, step('completion'))).toEqual({ kind: 'completion', request: 2, isAsynchronous: true });
    expect(waitsFor(4, step('event'))).toEqual({ kind: 'event' });
  });
});
