import { describe, expect, it } from 'vitest';
import { Participant, Sink } from '../../../shared/rules/engine/dispatch';
import { Gate, WaitingMap } from '../../../shared/rules/engine/gate';

describe('handlers behind a gate', () => {
  it('are called while it is open, in their place among the others', () => {
    const sink = new Sink<[number]>();
    const gate = new Gate();
    const calls: string[] = [];
    const owner = new Participant(undefined);
    for (let at = 0; at < 70; at++)
      sink.add(owner, (value) => calls.push(`${at}:${value}`), at % 23 === 0 ? undefined : gate);
    sink.deliver(1);
    expect(calls).toEqual(['0:1', '23:1', '46:1', '69:1']);
    calls.length = 0;
    gate.isOpen = true;
    sink.deliver(2);
    expect(calls).toEqual(Array.from({ length: 70 }, (_, at) => `${at}:2`));
  });

  it('are called for the thing under way where one before them opens it', () => {
    const sink = new Sink<[number]>();
    const waiting = new WaitingMap<number, true>();
    const calls: number[] = [];
    const owner = new Participant(undefined);
    sink.add(owner, (value) => waiting.set(value, true));
    sink.add(owner, (value) => waiting.delete(value) && calls.push(value), waiting.gate);
    sink.deliver(7);
    expect(calls).toEqual([7]);
    expect(waiting.gate.isOpen).toBe(false);
  });

  it('stay silent once their owner has failed, and the others go on', () => {
    const sink = new Sink<[number]>();
    const gate = new Gate();
    const calls: string[] = [];
    const bad = new Participant(undefined);
    sink.add(
      bad,
      () => {
        throw new Error('broken');
      },
      gate,
    );
    sink.add(new Participant(undefined), () => calls.push('other'));
    gate.isOpen = true;
    sink.deliver(1);
    gate.isOpen = false;
    gate.isOpen = true;
    sink.deliver(2);
    expect(bad.failure).toBe('broken');
    expect(calls).toEqual(['other', 'other']);
  });
});
