import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causesOf, consequencesOf } from '../../../shared/analysis/causalChain';
import { analyseTrace, type AnalysedTrace } from '../../harness/analyseTrace';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';
import { encodeTrace } from '../../harness/traceBytes';

function allConsequences({ analysis, store }: AnalysedTrace, event: number): readonly number[] {
  const options = { most: store.length, beyondPeers: true };
  return consequencesOf(analysis.causes, store, event, options).steps.map((step) => step.event);
}

describe('the chain back from an event', () => {
  it('ends at the beginning of any trace, and every step is a consequence of the next one', () => {
    fc.assert(
      fc.property(arbitraryRecords(), fc.nat(), (records, pick) => {
        const trace = analyseTrace(encodeTrace(records));
        const event = pick % trace.store.length;
        const { steps, origin } = causesOf(trace.analysis.causes, trace.store, event, { beyondPeers: true });
        expect(steps[0]!.event).toBe(event);
        expect(steps[steps.length - 1]!.event).toBe(origin.event);
        expect(steps[steps.length - 1]!.because).toBeUndefined();
        for (const step of steps) {
          expect(step.waited).toBeGreaterThanOrEqual(0);
          if (step.because !== undefined) {
            expect(step.because).toBeLessThan(step.event);
            expect(allConsequences(trace, step.because)).toContain(step.event);
          }
        }
      }),
      property(60),
    );
  });

  const { bytes, model } = recordScenario('first-sweep', { seed: 1 });
  const trace = analyseTrace(bytes);
  const calls = (name: string): number[] =>
    model.calls.calls.filter(({ functionName }) => functionName === name).map(({ event }) => event);

  it('ends where a peer’s frame came in, with the time that it waited since', () => {
    for (const event of calls('ProtocolReceiveNetBufferLists')) {
      const { steps, origin } = causesOf(trace.analysis.causes, trace.store, event);
      expect(origin.kind).toBe('peer-frame');
      expect(steps.map(({ link }) => link).slice(0, 2)).toEqual(['inside', 'arrival']);
      const arrival = trace.analysis.causes.arrivalTime(origin.event)!;
      expect(steps[1]!.waited).toBe(steps[1]!.time - arrival);
    }
    expect(calls('ProtocolReceiveNetBufferLists').length).toBeGreaterThan(10);
  });

  it('says that what a driver does unasked has no cause', () => {
    const [registering] = calls('NdisMRegisterMiniportDriver');
    const [attributes] = calls('NdisSetOptionalHandlers');
    const { origin } = causesOf(trace.analysis.causes, trace.store, attributes!);
    expect(origin).toEqual({ kind: 'uncaused', event: registering });
  });

  it('leads from a return to its call, and from a fate to its frame', () => {
    const send = trace.analysis.calls.at(calls('NdisOffloadTcpSend')[0]!);
    const back = trace.analysis.calls.returnEvent(send)!;
    const [first] = causesOf(trace.analysis.causes, trace.store, back).steps;
    expect(first).toMatchObject({ because: trace.analysis.calls.event(send), link: 'return', waited: 0 });
    const frame = model.frames.frames.find(({ fate }) => fate === 'delivered')!;
    const fate = allConsequences(trace, frame.event).find(
      (event) => trace.store.kind(event) === 'frame-fate',
    )!;
    const [arrived] = causesOf(trace.analysis.causes, trace.store, fate).steps;
    expect(arrived).toMatchObject({
      because: frame.event,
      link: 'fate',
      waited: frame.fateTime! - frame.sent,
    });
  });
});

describe('the consequences of an event', () => {
  it('are all events whose chain leads back to it, in their order', () => {
    fc.assert(
      fc.property(arbitraryRecords(), fc.nat(), (records, pick) => {
        const trace = analyseTrace(encodeTrace(records));
        const event = pick % trace.store.length;
        const expected: number[] = [];
        for (let later = event + 1; later < trace.store.length; later++) {
          const { steps } = causesOf(trace.analysis.causes, trace.store, later, { beyondPeers: true });
          if (steps.some(({ because }) => because === event)) expected.push(later);
        }
        expect(allConsequences(trace, event)).toEqual(expected);
      }),
      property(60),
    );
  });

  it('stop at the frames with which peers answer, unless they are to go beyond', () => {
    const trace = analyseTrace(recordScenario('first-sweep').bytes);
    const { analysis, store } = trace;
    let send = 0;
    while (analysis.calls.handler(send).functionName !== 'NdisSendNetBufferLists') send++;
    const event = analysis.calls.event(send);
    const near = consequencesOf(analysis.causes, store, event, { most: 10_000 });
    const answers = near.steps.filter((step) => {
      const record = store.record(step.event);
      return record.kind === 'frame' && record.path === 'peer';
    });
    expect(answers).toHaveLength(1);
    expect(near.steps[near.steps.length - 1]!.event).toBeLessThan(200);
    expect(allConsequences(trace, event).length).toBeGreaterThan(near.steps.length + 1000);
  });

  it('say when there are more than were asked for', () => {
    const trace = analyseTrace(recordScenario('first-sweep').bytes);
    const few = consequencesOf(trace.analysis.causes, trace.store, 5, { most: 3 });
    expect(few.steps.map((step) => step.event)).toEqual([6, 7, 8]);
    expect(few.isCut).toBe(true);
  });
});
