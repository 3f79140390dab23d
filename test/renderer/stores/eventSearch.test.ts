import { describe, expect, test } from 'vitest';
import { EventSearch } from '../../../renderer/stores/eventSearch';
import type { Pacing } from '../../../renderer/stores/pacing';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { checkExpression } from '../../../shared/expression/check';
import type { CheckedExpression } from '../../../shared/expression/checked';
import { TraceRows } from '../../../shared/expression/traceRows';
import { readTrace } from '../../harness/readTrace';
import { recordScenario } from '../../harness/recordScenario';
import { syntheticTrace } from '../../harness/syntheticTrace';

function expression(text: string): CheckedExpression {
  const checked = checkExpression(text);
  if (!checked.ok) throw new Error(checked.error[0]!.message);
  return checked.value;
}

/** A window whose clock goes on by `step` ms whenever somebody looks, and that takes a turn when it is told to. */
class ManualPacing implements Pacing {
  time = 0;
  readonly turns: (() => void)[] = [];

  constructor(private readonly step: number) {}

  now(): number {
    return (this.time += this.step);
  }

  nextTurn(callback: () => void): void {
    this.turns.push(callback);
  }

  /** Takes turns until nothing waits; answers how many. */
  finish(): number {
    let taken = 0;
    for (let turn = this.turns.shift(); turn !== undefined; turn = this.turns.shift()) {
      taken++;
      turn();
    }
    return taken;
  }
}

const { model } = recordScenario('first-sweep');

/** What the command line finds, as events. */
function found(whole: TraceModel, text: string): { readonly calls: number[]; readonly others: number[] } {
  const rows = new TraceRows(whole, whole.store!);
  const calls: number[] = [];
  const others: number[] = [];
  for (const event of rows.matching(expression(text)))
    (rows.kind(event) === 'call' ? calls : others).push(event);
  return { calls, others };
}

/** What a search has found, as events. */
function findings(
  search: EventSearch,
  whole: TraceModel,
): { readonly calls: number[]; readonly others: number[] } {
  const others: number[] = [];
  for (let at = -1; others.length < search.findings.others; others.push(at)) at = search.otherAfter(at)!;
  return {
    calls: Array.from(search.findings.calls, (position) => whole.calls.calls[position]!.event),
    others,
  };
}

describe('a search', () => {
  test.each([
    'handler == "MiniportTcpOffloadSend" && bytes > 1K',
    'status == PENDING',
    'retransmission || duration > 1us',
    '!(status == SUCCESS)',
    'owner == target && SndWnd > 0',
    'changed(SndUna)',
    'kind == note',
    'false',
  ])('finds what `chimneysweep events` finds: %s', (text) => {
    const pacing = new ManualPacing(1);
    const search = new EventSearch(pacing);
    search.start(model, expression(text));
    pacing.finish();
    expect(search.findings.complete).toBe(true);
    expect(findings(search, model)).toEqual(found(model, text));
  });

  test('goes in slices, and says how far it is when it takes longer than a second', () => {
    const pacing = new ManualPacing(200);
    const search = new EventSearch(pacing);
    search.start(model, expression('duration > 0'));
    expect(search.findings.complete).toBe(false);
    expect(search.findings.progress).toBeUndefined();
    const shown: number[] = [];
    for (let turn = pacing.turns.shift(); turn !== undefined; turn = pacing.turns.shift()) {
      turn();
      if (search.findings.progress !== undefined) shown.push(search.findings.progress);
    }
    expect(shown.length).toBeGreaterThan(0);
    expect(shown).toEqual([...shown].sort((left, right) => left - right));
    expect(shown[0]).toBeGreaterThan(0);
    expect(shown.at(-1)).toBeLessThanOrEqual(1);
    expect(search.findings).toMatchObject({ complete: true, progress: undefined });
  });

  test('is given up when another one begins', () => {
    const pacing = new ManualPacing(200);
    const search = new EventSearch(pacing);
    search.start(model, expression('duration > 0 || retransmission'));
    search.start(model, expression('handler == NdisSetOptionalHandlers'));
    const calls = model.calls.calls.length;
    // One turn for each batch of one search, and the turn that the first one had asked for.
    expect(pacing.finish()).toBeLessThanOrEqual(Math.ceil(calls / 32) + 2);
    expect(search.findings.calls).toHaveLength(4);
    expect(search.findings.others).toBe(0);
    search.stop();
    expect(search.findings).toMatchObject({ complete: true, others: 0 });
    expect(search.findings.calls).toHaveLength(0);
  });

  test('follows a growing trace, and calls that return or are completed later', () => {
    const bytes = syntheticTrace({ sends: 300 });
    for (const text of ['returned && status == PENDING', 'completed && latency > 0', 'retransmission']) {
      const growing = new TraceModel();
      const pacing = new ManualPacing(0);
      const search = new EventSearch(pacing);
      const seen = new Set<number>();
      for (let at = 0; at < bytes.length; at += 3000) {
        growing.push(bytes.slice(at, at + 3000));
        if (growing.store === undefined) continue;
        if (at === 0) search.start(growing, expression(text));
        else search.grow();
        seen.add(search.findings.calls.length + search.findings.others);
      }
      expect(seen.size).toBeGreaterThan(1);
      expect(findings(search, growing)).toEqual(found(readTrace(bytes), text));
    }
  });

  test('goes round the other events', () => {
    const search = new EventSearch(new ManualPacing(0));
    search.start(model, expression('retransmission && !forwarded'));
    const { others } = found(model, 'retransmission && !forwarded');
    expect(others.length).toBeGreaterThan(1);
    expect(search.otherAfter(-1)).toBe(others[0]);
    expect(search.otherAfter(others[0]!)).toBe(others[1]);
    expect(search.otherAfter(others.at(-1)!)).toBe(others[0]);
    search.start(model, expression('handler == NdisSetOptionalHandlers'));
    expect(search.otherAfter(-1)).toBeUndefined();
  });
});
