/** When faults happen, what they are the cause of, and that runs with them are as reproducible as those without. */
import { describe, expect, it } from 'vitest';
import { faultsSchema, type WrittenFault } from '../../../../shared/scenario/faults';
import { inventFile } from '../../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../../electron/recorder/recording';
import { faultyRun } from '../../../harness/faultyRun';

/** The bytes of a recording. */
function bytesOf(faults: readonly WrittenFault[] | undefined, seed = 1): Uint8Array {
  const pieces: Uint8Array[] = [];
  const recording = new Recording(
    'test',
    {
      scenario: 'transfer',
      seed,
      loss: 0,
      file: inventFile(seed, 200_000),
      ...(faults === undefined ? {} : { faults: faultsSchema.parse(faults) }),
    },
    'a file',
    { write: (bytes) => pieces.push(bytes.slice()) },
  );
  while (recording.advance(1000));
  recording.finish(false);
  return Buffer.concat(pieces);
}

const chancy: readonly WrittenFault[] = [
  { kind: 'delay-completion', request: 'send', by: '20us', probability: 0.5 },
  { kind: 'wire', at: '1ms', for: '300us', loss: 0.1, probability: 0.5, every: '100us', times: 3 },
];

describe('a run with faults', () => {
  it('gives the same bytes with the same faults and the same seed', () => {
    const first = bytesOf(chancy);
    expect(Buffer.compare(bytesOf(chancy), first)).toBe(0);
    expect(Buffer.compare(bytesOf(chancy, 2), first)).not.toBe(0);
  });

  it('is a run without faults where there are none', () => {
    expect(Buffer.compare(bytesOf([]), bytesOf(undefined))).toBe(0);
  });

  it('goes as without faults where none of them happens', () => {
    const never: WrittenFault = { kind: 'drop-completion', request: 'send', at: '60min' };
    expect(faultyRun('transfer', [never]).report.virtualTime).toBe(
      faultyRun('transfer', []).report.virtualTime,
    );
  });
});

describe('a fault', () => {
  it('happens not before its time', () => {
    const [mark] = faultyRun('transfer', [
      { kind: 'delay-completion', request: 'send', by: '1us', at: '2ms' },
    ]).marks;
    expect(mark!.time).toBeGreaterThanOrEqual(2_000_000);
  });

  it('happens as often as it may', () => {
    const fault: WrittenFault = { kind: 'delay-completion', request: 'send', by: '1us', times: 3 };
    expect(faultyRun('transfer', [fault]).marks).toHaveLength(3);
  });

  it('happens by chance to a part of the requests', () => {
    const often = (probability: number): number =>
      faultyRun('transfer', [{ kind: 'delay-completion', request: 'send', by: '1us', probability }]).marks
        .length;
    const all = often(1);
    expect(often(0)).toBe(0);
    expect(often(0.5)).toBeGreaterThan(0);
    expect(often(0.5)).toBeLessThan(all);
  });

  it('happens again and again by itself', () => {
    const fault: WrittenFault = { kind: 'wire', at: '1ms', every: '200us', for: '10us', loss: 0, times: 4 };
    const times = faultyRun('transfer', [fault]).marks.map(({ time }) => time);
    expect(times).toEqual([1_000_000, 1_200_000, 1_400_000, 1_600_000]);
  });

  it('waits for what it is about', () => {
    const [mark] = faultyRun('transfer', [{ kind: 'peer-reset' }]).marks;
    expect(mark!.what).toBe('the peer resets the connection (asked for from the start)');
    expect(mark!.time).toBeGreaterThan(0);
  });

  it('says so where it is about nothing that there is', () => {
    const [mark] = faultyRun('transfer', [{ kind: 'link-down', adapter: 3, at: '1ms' }]).marks;
    expect(mark!.what).toBe('there is no adapter 3, and nothing happens (asked for from 1 ms on)');
  });

  it('is caused by the call to which it happens, and is the cause of what comes of it', () => {
    const late = faultyRun('transfer', [{ kind: 'delay-completion', request: 'query', by: '50us' }]);
    expect(late.marks[0]!.cause).toBeTypeOf('number');
    expect(late.calledBecauseOf(late.marks[0]!.event)).toEqual(['NdisMQueryOffloadStateComplete']);
    const reset = faultyRun('transfer', [{ kind: 'reset', at: '2ms' }]);
    expect(reset.calledBecauseOf(reset.marks[0]!.event)).toContain('MiniportCheckForHangEx');
  });

  it('happens to the request whose call matches an expression', () => {
    const when = 'function == "MiniportTcpOffloadDisconnect"';
    const { marks, broken } = faultyRun('transfer', [{ kind: 'refuse', request: 'disconnect', when }]);
    expect(marks[0]!.what).toContain(`an event matched ${when}`);
    expect(marks[0]!.cause).toBeTypeOf('number');
    expect(broken).toContain('DSC-015');
  });

  it('happens by itself right behind an event that matches an expression', () => {
    const when = 'function == "NdisMInitiateOffloadComplete"';
    const { marks, report, words } = faultyRun('transfer', [{ kind: 'link-down', for: '5ms', when }]);
    expect(marks).toHaveLength(1);
    expect(marks[0]!.cause).toBeTypeOf('number');
    expect(words.has('lost')).toBe(true);
    expect(report.success).toBe(true);
  });

  it('names the expression that is wrong', () => {
    expect(() => faultyRun('transfer', [{ kind: 'reset', when: 'no.such.field == 1' }])).toThrow(
      /^Fault 1, no.such/,
    );
  });
});
