/** Faults with which a driver breaks rules: the checker finds the rules. */
import { describe, expect, it } from 'vitest';
import type { WrittenFault } from '../../../../shared/scenario/faults';
import { faultyRun } from '../../../harness/faultyRun';

/** A fault, and a rule that is broken with it. */
type Illegal = readonly [fault: WrittenFault, rule: string];

const illegal: readonly Illegal[] = [
  [{ kind: 'refuse', request: 'query' }, 'QRY-011'],
  [{ kind: 'refuse', request: 'send' }, 'SND-006'],
  [{ kind: 'refuse', request: 'disconnect' }, 'DSC-015'],
  [{ kind: 'delay-completion', request: 'initiate', by: '3ms' }, 'INI-054'],
  [{ kind: 'delay-completion', request: 'receive', by: '3ms' }, 'RCV-011'],
  [{ kind: 'drop-completion', request: 'send' }, 'SND-018'],
  [{ kind: 'drop-completion', request: 'initiate' }, 'INI-054'],
  [{ kind: 'duplicate-completion', request: 'send' }, 'SND-018'],
  [{ kind: 'duplicate-completion', request: 'query', after: '1us' }, 'TRE-040'],
  [{ kind: 'reorder-completions', request: 'send' }, 'SND-026'],
  [{ kind: 'reorder-completions', request: 'receive' }, 'RCV-019'],
  [{ kind: 'false-status', request: 'send', status: 'REQUEST_ABORTED' }, 'SND-028'],
  [{ kind: 'false-status', request: 'initiate', status: 'OFFLOAD_PARTIAL_SUCCESS', layer: 'tcp' }, 'INI-031'],
  [{ kind: 'corrupt-context' }, 'CTX-003'],
  [{ kind: 'corrupt-handle', request: 'send' }, 'CTX-022'],
];

describe('an illegal fault', () => {
  it.each(illegal)('breaks a rule: %j', (fault, rule) => {
    const { broken, marks } = faultyRun('transfer', [fault]);
    expect(marks).toHaveLength(1);
    expect(broken).toContain(rule);
  });

  it('that would bring a real machine down ends the run, and says why (CTX-003)', () => {
    const { report, words } = faultyRun('transfer', [{ kind: 'corrupt-context' }]);
    expect(report.success).toBe(false);
    expect(report.summary).toBe(
      'The emulated machine went down behind a fault: MiniportOffloadContext names no TCP connection.',
    );
    expect([...words]).toContain('The machine goes down: MiniportOffloadContext names no TCP connection');
  });
});
