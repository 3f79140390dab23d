import { describe, expect, it } from 'vitest';
import { ruleHeading } from '../../../shared/rules/catalogue';
import { mostFindingsOfARule, RuleChecker } from '../../../shared/rules/engine/checker';
import { rule, type FactDefinition, type Handlers } from '../../../shared/rules/engine/rule';
import type { CallRecord, TraceRecord } from '../../../shared/trace/records';

function callOf(functionName: string, more: Partial<CallRecord> = {}): CallRecord {
  return {
    kind: 'call',
    functionName,
    caller: 0,
    callee: 1,
    irql: 0,
    processor: 0,
    connection: undefined,
    parent: undefined,
    cause: undefined,
    completes: [],
    arguments: [],
    ...more,
  };
}

function feed(checker: RuleChecker, records: readonly TraceRecord[], first = 0): void {
  records.forEach((record, index) => {
    checker.onRecord(record, first + index, (first + index) * 10);
  });
}

const broken = (event: number) => ({ events: [event], found: 'found', expected: 'expected' });

/** Complains of every send. */
const complains = rule('SND-002', ({ expect: decide }) => ({
  call: {
    MiniportTcpOffloadSend: (call) => {
      decide(false, () => broken(call.event));
    },
  },
}));

describe('the checker', () => {
  it('puts a rule aside that throws, and lets the others go on', () => {
    const throws = rule('SND-003', () => ({
      call: {
        MiniportTcpOffloadSend: () => {
          throw new Error('a mistake');
        },
      },
    }));
    const checker = new RuleChecker([throws, complains]);
    feed(checker, [callOf('MiniportTcpOffloadSend'), callOf('MiniportTcpOffloadSend')]);
    expect(checker.findings.map(({ rule: id }) => id)).toEqual(['SND-002', 'SND-002']);
    expect(checker.coverage().map(({ rule: id, failure }) => [id, failure])).toEqual([
      ['SND-003', 'a mistake'],
      ['SND-002', undefined],
    ]);
  });

  it('puts a rule aside that throws when it starts', () => {
    const checker = new RuleChecker([
      rule('SND-003', () => {
        throw new Error('no start');
      }),
      complains,
    ]);
    feed(checker, [callOf('MiniportTcpOffloadSend')]);
    expect(checker.coverage()[0]?.failure).toBe('no start');
    expect(checker.findings).toHaveLength(1);
  });

  it('puts every rule aside that rests on a fact that throws', () => {
    const rotten: FactDefinition<Handlers> = {
      start: () => ({
        anyCall: () => {
          throw new Error('rotten');
        },
      }),
    };
    const built: FactDefinition<Handlers> = {
      start: (facts) => {
        facts.of(rotten);
        return {};
      },
    };
    const rests = rule('SND-003', ({ facts }) => {
      facts.of(built);
      return {};
    });
    const checker = new RuleChecker([rests, complains]);
    feed(checker, [callOf('MiniportTcpOffloadSend')]);
    expect(checker.coverage().map(({ failure }) => failure)).toEqual(['rotten', undefined]);
  });

  it('shows facts as they were before the record, and the outcome of a call at its return', () => {
    const seen: unknown[] = [];
    const looks = rule('SND-003', ({ facts }) => ({
      call: {
        MiniportTcpOffloadSend: (call) => seen.push(facts.calls.find(call.event), call.parent?.functionName),
      },
      returned: {
        MiniportTcpOffloadSend: (call) => seen.push(facts.calls.find(call.event) === call, call.status),
      },
    }));
    feed(new RuleChecker([looks]), [
      callOf('NdisOffloadTcpSend'),
      callOf('MiniportTcpOffloadSend', { parent: 0 }),
      { kind: 'return', call: 1, status: 0x103, outputs: [] },
    ]);
    expect(seen).toEqual([undefined, 'NdisOffloadTcpSend', true, 0x103]);
  });

  it('begins anew behind a loss, and says that history is not complete', () => {
    const states: boolean[] = [];
    let sends = 0;
    const counts = rule('SND-003', ({ facts }) => {
      states.push(facts.historyComplete);
      sends = 0;
      return {
        call: {
          MiniportTcpOffloadSend: () => {
            sends++;
          },
        },
      };
    });
    const checker = new RuleChecker([counts]);
    feed(checker, [callOf('MiniportTcpOffloadSend'), callOf('MiniportTcpOffloadSend')]);
    checker.onRecord({ kind: 'loss', reason: 'ring', records: 5, from: 0, until: 50 }, 7, 70);
    feed(checker, [callOf('MiniportTcpOffloadSend')], 8);
    expect(states).toEqual([true, false]);
    expect(sends).toBe(1);
  });

  it('counts what it decides, and keeps no more findings of a rule than it says', () => {
    const checker = new RuleChecker([complains]);
    feed(
      checker,
      Array.from({ length: mostFindingsOfARule + 5 }, () => callOf('MiniportTcpOffloadSend')),
    );
    expect(checker.findings).toHaveLength(mostFindingsOfARule);
    expect(checker.coverage()[0]).toMatchObject({
      looks: mostFindingsOfARule + 5,
      breaches: mostFindingsOfARule + 5,
    });
  });

  it('lets a rule lower the severity of a case and never raise it', () => {
    const cases = ['SND-002', 'SND-026'] as const;
    expect(cases.map((id) => ruleHeading(id).severity)).toEqual(['error', 'warning']);
    const rules = cases.map((id) =>
      rule(id, ({ expect: decide }) => ({
        call: {
          MiniportTcpOffloadSend: (call) => {
            decide(false, () => ({ ...broken(call.event), severity: 'info' }));
            decide(false, () => ({ ...broken(call.event), severity: 'error' }));
          },
        },
      })),
    );
    const checker = new RuleChecker(rules);
    feed(checker, [callOf('MiniportTcpOffloadSend')]);
    expect(checker.findings.map(({ severity }) => severity)).toEqual(['info', 'error', 'info', 'warning']);
  });

  it('gives a finding the same fingerprint wherever and whenever the same driver does the same', () => {
    const numbered = rule('SND-002', ({ expect: decide }) => ({
      call: {
        MiniportTcpOffloadSend: (call) => {
          decide(false, () => ({
            ...broken(call.event),
            found: `a send of ${call.event} bytes at 0x${call.event.toString(16)}`,
            component: call.callee,
          }));
        },
      },
    }));
    const fingerprints = (name: string, first: number): string[] => {
      const checker = new RuleChecker([numbered]);
      feed(checker, [{ kind: 'component', id: 1, role: 'offload-target', name }]);
      feed(checker, [callOf('MiniportTcpOffloadSend')], first);
      return checker.findings.map(({ fingerprint }) => fingerprint);
    };
    expect(fingerprints('a driver', 5)).toEqual(fingerprints('a driver', 50_000));
    expect(fingerprints('a driver', 5)).not.toEqual(fingerprints('another', 5));
    expect(fingerprints('a driver', 5)[0]).toMatch(/^[0-9a-f]{16}$/);
  });
});
