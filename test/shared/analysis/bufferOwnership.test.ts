import { describe, expect, it } from 'vitest';
import { bufferOwnershipOf, type BufferLife } from '../../../shared/analysis/bufferOwnership';
import { pendingAt } from '../../../shared/analysis/pendingAt';
import { listAddresses } from '../../../shared/analysis/pendingIndex';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { recordScenario } from '../../harness/recordScenario';

function owners({ components }: NonNullable<TraceModel['store']>, { stays }: BufferLife): string[] {
  return stays.map(({ owner }) => components[owner]!.role);
}

function livesOf(model: TraceModel): BufferLife[] {
  return bufferOwnershipOf(model).between(0, model.store!.length - 1);
}

function ofPurpose(model: TraceModel, purpose: BufferLife['purpose']): BufferLife[] {
  const lives = livesOf(model).filter((life) => life.purpose === purpose);
  expect(lives.length).toBeGreaterThan(0);
  return lives;
}

describe('the owners of NET_BUFFER_LISTs', () => {
  for (const scenario of [
    'first-sweep',
    'neighbor-invalidated',
    'terminate-with-data',
    'link-loss',
    'stacked-drivers',
  ] as const)
    it(`follow each other without a gap and end with whoever lent the list, in ${scenario}`, () => {
      const { model } = recordScenario(scenario, { fileBytes: 300_000 });
      const lives = livesOf(model);
      expect(lives.length).toBeGreaterThan(100);
      for (const life of lives) {
        expect(life.stays[0]!.event).toBe(life.event);
        for (const [at, stay] of life.stays.entries()) {
          const next = life.stays[at + 1];
          expect(stay.until).toBe(next?.from);
          if (next !== undefined) expect(next.from).toBeGreaterThanOrEqual(stay.from);
        }
        expect(life.untilEvent).toBe(life.stays.at(-1)!.event);
        expect(life.stays.at(-1)!.owner).toBe(life.lender);
      }
      expect(bufferOwnershipOf(model).at(model.store!.length - 1)).toEqual([]);
    });

  it('are the holders of what is pending, at any event', () => {
    const { model } = recordScenario('failover', { fileBytes: 300_000 });
    const ownership = bufferOwnershipOf(model);
    let checked = 0;
    for (let event = 0; event < model.store!.length; event += 13)
      for (const row of pendingAt(model, event)) {
        if (row.event !== row.heldBy || row.lists === 0) continue;
        const back = new Set(row.completions.flatMap((completion) => listAddresses(model, completion)));
        for (const address of listAddresses(model, row.event)) {
          if (back.has(address)) continue;
          expect(ownership.stayAt(address, event)?.owner).toBe(row.holder);
          checked++;
        }
      }
    expect(checked).toBeGreaterThan(1000);
  });

  it('of a send are host stack, NDIS, target, NDIS, host stack', () => {
    const { model } = recordScenario('transfer');
    for (const life of ofPurpose(model, 'send')) {
      expect(owners(model.store!, life)).toEqual(['ndis', 'offload-target', 'ndis', 'host-stack']);
      expect(life.stays.map(({ how }) => how)).toEqual(['send', 'send', 'given-back', 'given-back']);
      expect(model.store!.components[life.lender]!.role).toBe('host-stack');
    }
  });

  it('of a send through a team pass the intermediate driver in both directions', () => {
    const { model } = recordScenario('failover', { fileBytes: 400_000 });
    const through = livesOf(model).filter(
      ({ purpose, stays }) => (purpose === 'send' || purpose === 'attached-send') && stays.length === 8,
    );
    expect(through.length).toBeGreaterThan(0);
    expect(owners(model.store!, through[0]!)).toEqual(
      'ndis intermediate-driver ndis offload-target ndis intermediate-driver ndis host-stack'.split(' '),
    );
  });

  it('of sends that a terminate gives back change with its completion (TRM-026)', () => {
    const { model } = recordScenario('terminate-with-data');
    const completion = model.calls.calls.find(
      ({ functionName }) => functionName === 'NdisMTerminateOffloadComplete',
    )!;
    const back = livesOf(model).filter(
      ({ purpose, stays }) => purpose === 'send' && stays.some(({ event }) => event === completion.event),
    );
    expect(back.length).toBeGreaterThan(1);
    for (const life of back)
      expect(owners(model.store!, life).slice(-3)).toEqual(['offload-target', 'ndis', 'host-stack']);
  });

  it('of an indication that the host does not take go back at the return (IND-012)', () => {
    const { model } = recordScenario('terminate-with-data');
    const refused = ofPurpose(model, 'indication').filter(({ stays }) =>
      stays.some(({ how }) => how === 'refused'),
    );
    const handler = model.calls.calls.filter(
      ({ functionName, status }) => functionName === 'NdisTcpOffloadReceiveHandler' && status !== 0,
    );
    expect(refused.map(({ event }) => event)).toEqual(handler.map(({ event }) => event));
    for (const life of refused) expect(life.untilEvent).toBe(model.calls.at(life.event)!.returnEvent);
    expect(refused.length).toBeGreaterThan(0);
  });

  it('tell the story of an address life by life', () => {
    const { model } = recordScenario('transfer');
    const ownership = bufferOwnershipOf(model);
    const { address } = ofPurpose(model, 'receive')[0]!;
    const story = ownership.storyOf(address);
    expect(story.map(({ ordinal }) => ordinal)).toEqual(story.map((_, index) => index));
    for (const [at, life] of story.entries()) {
      const next = story[at + 1];
      if (next !== undefined) expect(next.event).toBeGreaterThanOrEqual(life.untilEvent!);
      expect(ownership.stayAt(address, life.event)).toEqual(life.stays[0]);
      expect(ownership.stayAt(address, life.untilEvent!)).toBeUndefined();
    }
    expect(ownership.storyOf(1)).toEqual([]);
  });
});
