/** Faults that drivers must cope with: no rule is broken, and all bytes arrive. */
import { describe, expect, it } from 'vitest';
import type { ScenarioId } from '../../../../shared/contract/scenarios';
import type { WrittenFault } from '../../../../shared/scenario/faults';
import { faultyRun } from '../../../harness/faultyRun';

/** A fault, what the trace has with it and not without it, and the scenario, if it is not a transfer. */
type Legal = readonly [fault: WrittenFault, effect: string, scenario?: ScenarioId];

const legal: readonly Legal[] = [
  [{ kind: 'resource-failure', resource: 'connections' }, 'NDIS_STATUS_OFFLOAD_TCP_ENTRIES'],
  [{ kind: 'resource-failure', resource: 'receive-buffer' }, 'NDIS_STATUS_OFFLOAD_TCP_RCV_BUFFER'],
  [{ kind: 'resource-failure', resource: 'memory' }, 'NDIS_STATUS_RESOURCES'],
  [{ kind: 'resource-failure', resource: 'paths' }, 'NDIS_STATUS_OFFLOAD_PATH_ENTRIES', 'many-connections'],
  [{ kind: 'resource-failure', resource: 'local-addresses' }, 'NDIS_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES'],
  [{ kind: 'resource-failure', resource: 'neighbors' }, 'NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES'],
  [{ kind: 'refuse', request: 'initiate', status: 'RESOURCES' }, 'NDIS_STATUS_RESOURCES'],
  [
    { kind: 'partial', take: 3, status: 'OFFLOAD_TCP_RCV_BUFFER' },
    'NDIS_STATUS_OFFLOAD_TCP_RCV_BUFFER',
    'many-connections',
  ],
  [{ kind: 'stall', at: '2ms', for: '1ms' }, ''],
  [{ kind: 'delay-completion', request: 'send', by: '3ms' }, ''],
  [{ kind: 'delay-completion', request: 'terminate', by: '3ms' }, ''],
  [{ kind: 'link-down', at: '2ms', for: '200ms' }, 'lost'],
  [{ kind: 'media-change', at: '2ms', bitsPerSecond: '100Mbit/s' }, 'lost'],
  [{ kind: 'reset', at: '2ms' }, 'MiniportResetEx'],
  [{ kind: 'power-down', at: '2ms', for: '100ms' }, 'ProtocolNetPnPEvent'],
  [{ kind: 'offload-pause', at: '1ms', for: '1ms' }, 'The target asks for no more offloads'],
  [{ kind: 'upload-all', at: '2ms', for: '1ms' }, 'The target asks for everything back'],
  [{ kind: 'mac-change', at: '2ms' }, 'MiniportUpdateOffload'],
  [{ kind: 'mtu-change', at: '2ms', mtu: 1000 }, 'MiniportUpdateOffload'],
  [{ kind: 'zero-window', at: '2ms', for: '500ms' }, ''],
  [{ kind: 'window-shrink', at: '2ms', for: '10ms', by: '60KiB' }, ''],
  [{ kind: 'wrong-ack', at: '2ms', for: '1ms' }, ''],
  [{ kind: 'peer-silence', at: '2ms', for: '500ms' }, ''],
  [{ kind: 'wire', at: '1ms', for: '100ms', loss: 0.2 }, 'lost'],
  [{ kind: 'wire', at: '1ms', for: '100ms', duplicate: 0.2 }, 'duplicated'],
  [{ kind: 'wire', at: '1ms', for: '100ms', reorder: 0.3, reorderDelay: '200us' }, 'reordered'],
  [{ kind: 'wire', at: '1ms', for: '100ms', corrupt: 0.1, delay: '100us' }, 'fcs-error'],
];

describe('a legal fault', () => {
  const cases = legal.map(([fault, effect, scenario = 'transfer']) => ({ fault, effect, scenario }));
  const clean = new Map<ScenarioId, ReadonlySet<string>>();
  const wordsWithout = (scenario: ScenarioId): ReadonlySet<string> => {
    const words = clean.get(scenario) ?? faultyRun(scenario, []).words;
    clean.set(scenario, words);
    return words;
  };

  it.each(cases)('is survived: %j', ({ fault, effect, scenario }) => {
    const { report, broken, marks, words } = faultyRun(scenario, [fault]);
    expect(marks).toHaveLength(1);
    expect(broken).toEqual([]);
    expect(report.success).toBe(true);
    if (effect !== '') {
      expect([...words]).toContain(effect);
      expect([...wordsWithout(scenario)]).not.toContain(effect);
    }
  });

  it('ends a connection where nothing can carry it any more: peer-reset', () => {
    const { report, broken } = faultyRun('transfer', [{ kind: 'peer-reset', at: '2ms' }]);
    expect(broken).toEqual([]);
    expect(report.summary).toContain('reset');
  });

  it('ends a connection where nothing can carry it any more: surprise-removal', () => {
    const { report, broken, words } = faultyRun('transfer', [{ kind: 'surprise-removal', at: '2ms' }]);
    expect(broken).toEqual([]);
    expect(report.summary).toContain('timeout');
    expect(words.has('MiniportDevicePnPEventNotify')).toBe(true);
  });

  it('ends a connection whose state is lost: hardware-failure', () => {
    const { report, broken } = faultyRun('transfer', [{ kind: 'hardware-failure', during: 'query' }]);
    expect(broken).toEqual([]);
    expect(report.summary).toContain('reset');
  });

  it('has another one that ends it: link-down and link-up, power-down and power-up', () => {
    const pairs: readonly WrittenFault[][] = [
      [
        { kind: 'link-down', at: '2ms' },
        { kind: 'link-up', at: '100ms' },
      ],
      [
        { kind: 'power-down', at: '2ms', state: 'D1' },
        { kind: 'power-up', at: '50ms' },
      ],
    ];
    for (const pair of pairs) {
      const { report, broken, marks } = faultyRun('transfer', pair);
      expect([report.success, broken, marks.length]).toEqual([true, [], 2]);
    }
  });
});
