import { describe, expect, it } from 'vitest';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { RunPauses } from '../../../electron/recorder/runPauses';
import type { RunPause } from '../../../shared/contract/runControl';
import type { RuleSeverity } from '../../../shared/rules/catalogue';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import type { Finding } from '../../../shared/rules/engine/finding';
import { rule } from '../../../shared/rules/engine/rule';
import { readTrace } from '../../harness/readTrace';
import { recordScenario } from '../../harness/recordScenario';
import { concatenate } from '../../harness/traceBytes';

const fileBytes = 60_000;

/** Complains of every offer, and mildly of what it returns. */
const complains = rule('INI-001', ({ expect: decide }) => ({
  call: {
    MiniportInitiateOffload: (call) => {
      decide(false, () => ({ events: [call.event], found: 'an offer', expected: 'none' }));
    },
  },
  returned: {
    MiniportInitiateOffload: (call) => {
      decide(false, () => ({
        events: [call.event, call.returned?.event],
        found: 'a return',
        expected: 'none',
        severity: 'info',
      }));
    },
  },
}));

interface LiveRun {
  readonly recording: Recording;
  readonly pauses: RunPauses;
  readonly checker: RuleChecker;
  readonly bytes: () => Uint8Array;
  /** Runs to the next pause; undefined at the end. */
  readonly toPause: () => RunPause | undefined;
}

function live(least: RuleSeverity | undefined): LiveRun {
  const pieces: Uint8Array[] = [];
  const checker = new RuleChecker([complains]);
  const recording = new Recording(
    'test',
    { scenario: 'transfer', seed: 1, loss: 0, file: inventFile(1, fileBytes), drivers: {} },
    'made up',
    { write: (bytes) => pieces.push(bytes.slice()) },
    { checker },
  );
  const pauses = new RunPauses(recording, checker, least);
  return {
    recording,
    pauses,
    checker,
    bytes: () => concatenate(pieces),
    toPause: () => {
      while (recording.advance(1000)) if (recording.isPaused) return pauses.takePause();
      return undefined;
    },
  };
}

describe('a run that breaks on findings', () => {
  it('stands still behind the event that made the finding, and tells why, once', () => {
    const { recording, pauses, checker, toPause } = live('error');
    const pause = toPause();
    expect(pause).toMatchObject({ cause: 'finding', rule: 'INI-001', severity: 'error', found: 'an offer' });
    expect(checker.findings[0]?.events).toEqual((pause as { events: readonly number[] }).events);
    expect(pause!.time).toBeGreaterThanOrEqual(checker.findings[0]!.time);
    expect(pauses.takePause()).toBeUndefined();
    const { eventCount, now } = recording;
    expect(recording.advance(1000)).toBe(true);
    expect(recording).toMatchObject({ eventCount, now, isPaused: true });
  });

  it('goes on when it is told to, and its trace is byte for byte that of a run without pauses', () => {
    const { recording, pauses, bytes, toPause } = live('error');
    let count = 0;
    while (toPause() !== undefined) {
      count++;
      pauses.control({ kind: 'resume' });
    }
    recording.finish(false);
    expect(count).toBeGreaterThan(0);
    expect(bytes()).toEqual(recordScenario('transfer', { fileBytes, loss: 0 }).bytes);
  });

  it('passes over findings that are not grave enough, and all when the switch is turned off', () => {
    const strict = live('error');
    const loose = live('info');
    const told = ({ toPause, pauses }: LiveRun): number => {
      let findings = 0;
      for (let pause = toPause(); pause !== undefined; pause = toPause()) {
        findings += pause.cause === 'finding' ? pause.count : 0;
        pauses.control({ kind: 'resume' });
      }
      return findings;
    };
    const isError = ({ severity }: Finding): boolean => severity === 'error';
    expect(told(strict)).toBe(strict.checker.findings.filter(isError).length);
    expect(told(loose)).toBe(loose.checker.findings.length);
    expect(loose.checker.findings.filter(isError).length).toBeLessThan(loose.checker.findings.length);
    const off = live('error');
    off.pauses.control({ kind: 'break-on', least: null });
    expect(off.toPause()).toBeUndefined();
    expect(off.checker.findings.length).toBeGreaterThan(0);
  });

  it('tells the gravest of the findings of one step, and their number', () => {
    const run = { now: 70, isPaused: false, pause: () => (run.isPaused = true), resume: () => undefined };
    const checker = new RuleChecker([]);
    const pauses = new RunPauses(run, checker, 'info');
    const finding = { time: 70, component: 0, connection: 0, object: 0, expected: '', fingerprint: '' };
    checker.onFinding!({ ...finding, rule: 'SND-001', severity: 'info', events: [3], found: 'a hint' });
    checker.onFinding!({ ...finding, rule: 'SND-002', severity: 'error', events: [4], found: 'an error' });
    expect(pauses.takePause()).toEqual({
      cause: 'finding',
      time: 70,
      rule: 'SND-002',
      severity: 'error',
      found: 'an error',
      events: [4],
      count: 2,
    });
  });

  it('has everything up to the pause on the disk when it has been flushed', () => {
    const { recording, bytes, toPause } = live('error');
    toPause();
    recording.flushAll();
    const { store } = readTrace(bytes());
    expect(store!.length).toBe(recording.eventCount);
  });

  it('pauses where somebody asks, between two events', () => {
    const { recording, pauses, toPause } = live(undefined);
    recording.advance(10);
    pauses.control({ kind: 'pause' });
    expect(toPause()).toEqual({ cause: 'asked', time: recording.now });
    pauses.control({ kind: 'resume' });
    expect(toPause()).toBeUndefined();
  });
});
