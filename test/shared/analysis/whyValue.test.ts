import { describe, expect, it } from 'vitest';
import { connectionFramesOf } from '../../../shared/analysis/connectionFrames';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { whyEvent, type WhyChain } from '../../../shared/analysis/whyEvent';
import { findVariable, whyValue } from '../../../shared/analysis/whyValue';
import { readFaultNote } from '../../../shared/scenario/faultNotes';
import type { EventId, StateOwner } from '../../../shared/trace/records';
import { recordScenario } from '../../harness/recordScenario';

/** The TCP object of a scenario with one connection. */
const tcp = 2;

function variable(model: TraceModel, name: string): number {
  const found = findVariable(model, tcp, name);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

/** Changes of a variable: event, value before, value. */
function changesOf(
  model: TraceModel,
  name: string,
): { readonly event: EventId; readonly before: number; readonly value: number }[] {
  const index = variable(model, name);
  const found: { readonly event: EventId; readonly before: number; readonly value: number }[] = [];
  for (let event = 0; event < model.store!.length; event++) {
    const record = model.store!.record(event);
    if (record.kind !== 'state-change' || record.object !== tcp) continue;
    const change = record.changes.find((one) => one.variable === index);
    const before = model.states.writeAt(tcp, index, event - 1)?.value;
    if (typeof change?.value !== 'number' || typeof before !== 'number' || change.value === before) continue;
    found.push({ event, before, value: change.value });
  }
  return found;
}

function why(model: TraceModel, name: string, event: EventId): WhyChain {
  const chain = whyValue(model, tcp, variable(model, name), event)!;
  expect(chain.steps.length).toBeGreaterThan(0);
  for (const { text } of [...chain.steps, chain.origin]) expect(text).toMatch(/^[A-Z].*[.]$/s);
  for (const { event: at } of [...chain.steps, chain.origin]) expect(at).toBeLessThanOrEqual(event);
  return chain;
}

function ownership(model: TraceModel, owner: StateOwner): EventId {
  return model.states.ownershipSpans(tcp).find((span) => span.owner === owner)!.event;
}

function noteText(model: TraceModel, event: EventId): string {
  const record = model.store!.record(event);
  return record.kind === 'note' ? record.text : record.kind;
}

describe('why SndUna has its value', () => {
  it('ends at the first packet of the peer that acknowledged up to it, in host and target', () => {
    const { model } = recordScenario('transfer', { fileBytes: 600_000 });
    const frames = connectionFramesOf(model);
    const arrivals = frames
      .of(0)
      .filter(({ path, fate }) => path === 'peer' && fate === 'delivered')
      .map((frame) => ({ frame, acknowledgment: frames.header(frame)!.acknowledgment }));
    const writers = new Set<string>();
    for (const { event, value } of changesOf(model, 'SndUna').slice(1)) {
      const { origin } = why(model, 'SndUna', event);
      expect(origin.kind).toBe('peer-packet');
      expect(origin.event).toBe(arrivals.find(({ acknowledgment }) => acknowledgment === value)!.frame.event);
      const { writer } = model.states.writeAt(tcp, variable(model, 'SndUna'), event)!;
      writers.add(model.store!.components[writer]!.role);
    }
    expect([...writers]).toEqual(['host-stack', 'offload-target']);
  });

  it('goes on, through an initiate and a terminate that passed it unchanged, to who wrote it before', () => {
    const { model } = recordScenario('transfer', { fileBytes: 600_000 });
    for (const [owner, text] of [
      ['offloading', 'went to the target with an initiate, as it was.'],
      ['uploading', 'came back to the host stack with a terminate, as it was.'],
    ] as const) {
      // Right behind the record of the state that goes with the hand-over.
      const event = owner === 'offloading' ? ownership(model, owner) : model.store!.length - 1;
      const chain = why(model, 'SndUna', event);
      const handOvers = chain.steps.filter(({ kind }) => kind === 'hand-over');
      expect(handOvers[0]!.text).toContain(text);
      expect(chain.steps.find(({ kind }) => kind === 'value')!.event).toBeLessThan(handOvers.at(-1)!.event);
      expect(chain.origin.kind).toBe('peer-packet');
    }
  });
});

describe('why RcvWnd has its value', () => {
  const { model } = recordScenario('terminate-with-data');

  it('ends, where an application has stopped reading, at the packet of the peer that filled it', () => {
    const stopped = model.notes.notes.find(({ text }) => text === 'The application stops reading')!;
    const back = ownership(model, 'uploading');
    const shrinking = changesOf(model, 'RcvWnd').filter(
      ({ event, before, value }) => event > stopped.event && event < back && value < before,
    );
    expect(shrinking.length).toBeGreaterThan(10);
    for (const { event } of shrinking) {
      const { origin } = why(model, 'RcvWnd', event);
      expect(origin.kind).toBe('peer-packet');
      const frame = model.frames.at(origin.event)!;
      expect(frame.payloadLength).toBeGreaterThan(0);
      const { sequence } = connectionFramesOf(model).header(frame)!;
      const next = model.states.writeAt(tcp, variable(model, 'RcvNxt'), event)!.value;
      expect((sequence + frame.payloadLength) >>> 0).toBe(next);
    }
  });

  it('ends, where the host has taken the connection back, at its decision to do so', () => {
    const [opened] = changesOf(model, 'RcvWnd').filter(
      ({ event, before, value }) => event > ownership(model, 'uploading') && value > before,
    );
    const { origin } = why(model, 'RcvWnd', opened!.event);
    expect(origin.kind).toBe('host-call');
    expect(noteText(model, origin.event)).toBe('The host stack wants the connection back');
  });
});

describe('why CWnd has fallen', () => {
  it('ends at the fault that made the wire lose frames, through the answer of the peer and the frame', () => {
    const { model } = recordScenario('transfer', {
      faults: [{ kind: 'wire', at: '2ms', for: '20us', direction: 'outbound', loss: 1 }],
    });
    const fallen = changesOf(model, 'CWnd').find(({ before, value }) => value < before)!;
    const chain = why(model, 'CWnd', fallen.event);
    expect(chain.origin.kind).toBe('fault');
    expect(readFaultNote(noteText(model, chain.origin.event))).toMatchObject({ number: 1, kind: 'wire' });
    expect(chain.steps.map(({ kind }) => kind)).toEqual(['value', 'frame', 'loss']);
    expect(chain.steps[1]!.text).toMatch(/^The peer had sent a segment.* which tells of a gap\.$/);
    const lost = model.frames.at(chain.steps[2]!.event)!;
    expect(lost.fate).toBe('lost');
    const una = model.states.writeAt(tcp, variable(model, 'SndUna'), fallen.event)!.value;
    expect(connectionFramesOf(model).header(lost)!.sequence).toBe(una);
  });

  it('ends at the wire of the scenario where that loses frames by chance', () => {
    const { model } = recordScenario('transfer', { loss: 0.01 });
    const falls = changesOf(model, 'CWnd').filter(({ before, value }) => value < before / 2);
    expect(falls.length).toBeGreaterThan(0);
    for (const { event } of falls) {
      const { origin } = why(model, 'CWnd', event);
      expect(origin.kind).toBe('wire');
      expect(model.store!.record(origin.event)).toMatchObject({ kind: 'frame-fate', fate: 'lost' });
    }
  });

  it('ends at a packet of the peer where it has grown', () => {
    const { model } = recordScenario('transfer', { fileBytes: 600_000 });
    const grown = changesOf(model, 'CWnd').filter(({ before, value }) => value > before);
    expect(grown.length).toBeGreaterThan(10);
    for (const { event } of grown) expect(why(model, 'CWnd', event).origin.kind).toBe('peer-packet');
  });
});

describe('why Retransmit.Count has its value', () => {
  const { model } = recordScenario('transfer', {
    faults: [{ kind: 'wire', at: '2ms', for: '100ms', loss: 1 }],
  });
  const counted = changesOf(model, 'Retransmit.Count').find(({ value }) => value === 1)!;

  it('ends at the fault, through the timer, its start, and the frame that was lost', () => {
    const chain = why(model, 'Retransmit.Count', counted.event);
    expect(chain.origin.kind).toBe('fault');
    expect(readFaultNote(noteText(model, chain.origin.event))).toMatchObject({ number: 1, kind: 'wire' });
    expect(chain.steps.map(({ kind }) => kind)).toEqual(['value', 'wait', 'loss']);
    expect(chain.steps[1]!.text).toMatch(
      /^The retransmission timer has expired .* after it was started here\.$/,
    );
  });

  it('is, for the repeated frame itself, the same', () => {
    const frame = model.frames.frames.find(
      ({ retransmission, path, event }) => retransmission && path === 'chimney' && event > counted.event - 64,
    )!;
    const chain = whyEvent(model, frame.event);
    expect(chain.steps.map(({ kind }) => kind)).toEqual(['frame', 'wait', 'loss']);
    expect(chain.origin).toEqual(why(model, 'Retransmit.Count', counted.event).origin);
  });

  it('ends, where it is 0 again, at the packet of the peer that acknowledged new data', () => {
    const zero = changesOf(model, 'Retransmit.Count').find(
      ({ event, value }) => event > counted.event && value === 0,
    )!;
    expect(why(model, 'Retransmit.Count', zero.event).origin.kind).toBe('peer-packet');
  });
});

describe('why an object has another owner', () => {
  it('ends at the fault that pulled the cable', () => {
    const { model } = recordScenario('transfer', {
      faults: [{ kind: 'link-down', at: '2.5ms', for: '5ms' }],
    });
    const { origin, steps } = whyEvent(model, ownership(model, 'uploading'));
    expect(origin.kind).toBe('fault');
    expect(readFaultNote(noteText(model, origin.event))).toMatchObject({ number: 1, kind: 'link-down' });
    expect(steps.map(({ text }) => text)).toContain(
      'Offload target calls NdisMIndicateStatusEx of NDIS with NDIS_STATUS_LINK_STATE.',
    );
  });

  for (const [scenario, kind, text] of [
    ['neighbor-invalidated', 'host-call', 'Host stack invalidates the neighbor'],
    ['power-down', 'scenario', 'The power manager puts the adapter to sleep'],
    ['terminate-with-data', 'host-call', 'The host stack wants the connection back'],
  ] as const)
    it(`ends at what the scenario ${scenario} does`, () => {
      const { model } = recordScenario(scenario);
      const { origin } = whyEvent(model, ownership(model, 'uploading'));
      expect(origin.kind).toBe(kind);
      expect(noteText(model, origin.event)).toBe(text);
    });

  it('ends at the scenario where no note tells of it', () => {
    const { model } = recordScenario('link-loss');
    const { origin } = whyEvent(model, ownership(model, 'uploading'));
    expect(origin.kind).toBe('scenario');
    expect(model.calls.at(origin.event)!.functionName).toBe('NdisMIndicateStatusEx');
  });

  it('goes through an intermediate driver to the cable of its adapter', () => {
    const { model } = recordScenario('failover', { fileBytes: 600_000 });
    const first = model.store!.stateObjects.find(({ layer }) => layer === 'tcp')!.id;
    const { event } = model.states.ownershipSpans(first).find(({ owner }) => owner === 'uploading')!;
    const { origin, steps } = whyEvent(model, event);
    expect(origin.kind).toBe('scenario');
    expect(noteText(model, origin.event)).toBe('The cable of the first adapter is pulled');
    expect(steps.some(({ text }) => text.startsWith('Teaming driver calls NdisMIndicateStatusEx'))).toBe(
      true,
    );
  });
});

describe('why any event happened', () => {
  for (const scenario of ['first-sweep', 'failover'] as const)
    it(`has an answer with sentences, in ${scenario}`, () => {
      const { model } = recordScenario(scenario, { fileBytes: 200_000 });
      for (let event = 0; event < model.store!.length; event += 23) {
        const { steps, origin } = whyEvent(model, event);
        expect(steps[0]!.event).toBe(event);
        expect(origin.kind).not.toBe('unknown');
        for (const { text } of steps) expect(text.length).toBeGreaterThan(5);
      }
    });
});

describe('the name of a variable', () => {
  it('may be qualified, must exist, and must say which of several it means', () => {
    const { model } = recordScenario('first-sweep');
    const cached = findVariable(model, tcp, 'TCP_OFFLOAD_STATE_CACHED.flags');
    expect(cached.ok && cached.value).toBe(7);
    expect(findVariable(model, tcp, 'Flags')).toMatchObject({ ok: false });
    expect(findVariable(model, tcp, 'Window')).toMatchObject({ ok: false });
    expect(findVariable(model, 99, 'SndUna')).toMatchObject({ ok: false });
    expect(whyValue(model, tcp, variable(model, 'SndUna'), 0)).toBeUndefined();
  });
});
