import { describe, expect, it } from 'vitest';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import {
  RunGate,
  type GateSaying,
  type RunGateOptions,
  type RunWatch,
  type RunWish,
} from '../../../electron/recorder/runGate';
import type { RunPause } from '../../../shared/contract/runControl';
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

interface GatedRun {
  readonly checker: RuleChecker;
  readonly pauses: RunPause[];
  readonly sayings: GateSaying[];
  readonly bytes: Uint8Array;
}

interface Stand {
  readonly pause: RunPause;
  readonly recording: Recording;
  /** What has been handed over so far. */
  readonly bytes: () => Uint8Array;
}

/** Records with a gate in place, until the run ends; `answer` says what is wished each time the run waits. */
function gated(
  options: Omit<RunGateOptions, 'checker'>,
  answer: (stand: Stand) => RunWish = () => ({ kind: 'resume' }),
  early: readonly RunWish[] = [],
): GatedRun {
  const pieces: Uint8Array[] = [];
  const sayings: GateSaying[] = [];
  const pauses: RunPause[] = [];
  const wishes = [...early];
  const checker = new RuleChecker([complains]);
  const bytes = (): Uint8Array => concatenate(pieces);
  const gate = new RunGate(
    {
      hasWish: () => wishes.length > 0,
      take: () => wishes.shift(),
      wait: () => answer({ pause: pauses.at(-1)!, recording, bytes }),
      tell: (saying) => {
        sayings.push(saying);
        if (saying.kind === 'paused') pauses.push(saying.pause);
      },
    },
    { ...options, checker },
  );
  const recording: Recording = new Recording(
    'test',
    { scenario: 'transfer', seed: 1, loss: 0, file: inventFile(1, fileBytes), drivers: {} },
    'made up',
    { write: (piece) => pieces.push(piece.slice()) },
    { checker, tap: gate },
  );
  gate.attach(recording);
  do gate.betweenEvents();
  while (!gate.isStopped && recording.advance(1000));
  recording.finish(gate.isStopped);
  return { checker, pauses, sayings, bytes: bytes() };
}

/** What a watch finds at an event. */
interface Found {
  readonly isStepDone?: boolean;
  readonly breakpoints?: readonly string[];
  readonly logs?: readonly string[];
}

/** A watch that finds something by the event's id. */
function watchFor(answers: ReadonlyMap<number, Found>, said: string[] = []): RunWatch {
  let hit: RunWatch['hit'];
  let logs: RunWatch['logs'] = [];
  return {
    get hit() {
      return hit;
    },
    get logs() {
      return logs;
    },
    onRecord: (_record, event, time) => {
      const found = answers.get(event);
      const { isStepDone = false, breakpoints = [] } = found ?? {};
      hit =
        isStepDone || breakpoints.length > 0
          ? { isStepDone, breakpoints: breakpoints.map((breakpoint) => ({ breakpoint, event })) }
          : undefined;
      logs = (found?.logs ?? []).map((text) => ({ breakpoint: 'l', event, time, text }));
    },
    onFinding: ({ found }) => said.push(found),
    setBreakpoints: (breakpoints) => said.push(`breakpoints ${breakpoints.map(({ id }) => id).join()}`),
    stopAt: (until) => said.push(`step ${until?.kind ?? 'none'}`),
  };
}

/** Where the run stands. */
let stood = 0;

const isError = ({ severity }: Finding): boolean => severity === 'error';

describe('a run behind a gate', () => {
  it('stands still behind the very record that breaks a rule, in the midst of the event, and tells why', () => {
    const stood: { readonly events: number; readonly stored: number }[] = [];
    const { pauses, checker } = gated({ least: 'error' }, ({ recording, bytes }) => {
      stood.push({ events: recording.eventCount, stored: readTrace(bytes()).store!.length });
      return { kind: 'resume' };
    });
    const [finding] = checker.findings.filter(isError);
    expect(pauses[0]).toEqual({
      cause: 'finding',
      rule: 'INI-001',
      severity: 'error',
      found: 'an offer',
      count: 1,
      events: finding!.events,
      event: finding!.events.at(-1),
      time: finding!.time,
    });
    expect(stood[0]).toEqual({ events: pauses[0]!.event + 1, stored: pauses[0]!.event + 1 });
  });

  it('leaves the same records, with the same ids and times, as without stops', () => {
    const plain = recordScenario('transfer', { fileBytes, loss: 0 });
    const { pauses, bytes } = gated({ least: 'info' });
    const there = readTrace(bytes).store!;
    expect(pauses.length).toBeGreaterThan(1);
    expect(there.length).toBe(plain.model.store!.length);
    for (let event = 0; event < there.length; event++)
      expect(there.record(event)).toEqual(plain.model.store!.record(event));
  });

  it('is byte for byte what it is without a gate where it never stops', () => {
    expect(gated({}).bytes).toEqual(recordScenario('transfer', { fileBytes, loss: 0 }).bytes);
  });

  it('passes over findings that are not grave enough, and all when the switch is turned off', () => {
    const strict = gated({ least: 'error' });
    expect(strict.pauses.length).toBe(strict.checker.findings.filter(isError).length);
    const loose = gated({ least: 'info' });
    expect(loose.pauses.length).toBe(loose.checker.findings.length);
    const off = gated({ least: 'error' }, undefined, [{ kind: 'break-on', least: null }]);
    expect(off.pauses).toEqual([]);
    expect(off.checker.findings.length).toBeGreaterThan(0);
  });

  it('stands still where somebody asks, and is heard while it stands', () => {
    const said: string[] = [];
    const wishes: RunWish[] = [
      { kind: 'breakpoints', breakpoints: [] },
      { kind: 'step', until: { kind: 'event' } },
    ];
    const { pauses, sayings } = gated(
      { watch: watchFor(new Map(), said) },
      () => wishes.shift() ?? { kind: 'resume' },
      [{ kind: 'pause' }],
    );
    expect(pauses).toMatchObject([{ cause: 'asked', time: 0 }]);
    expect(sayings.map(({ kind }) => kind)).toEqual(['paused', 'resumed']);
    expect(said.slice(0, 3)).toEqual(['step none', 'breakpoints ', 'step event']);
    // Breakpoints may be about findings.
    expect(said).toContain('an offer');
  });

  it('stands still where breakpoints are met or a step ends, and says which', () => {
    const watch = watchFor(
      new Map([
        [40, { isStepDone: true }],
        [50, { isStepDone: true, breakpoints: ['a', 'b', 'a'] }],
      ]),
    );
    const { pauses } = gated({ watch });
    expect(pauses).toMatchObject([
      { cause: 'step', event: 40 },
      { cause: 'breakpoint', event: 50, breakpoints: ['a', 'b'] },
    ]);
  });

  it('tells what log-points say without stopping, and before a pause', () => {
    const watch = watchFor(
      new Map([
        [40, { logs: ['SndUna is 7'] }],
        [50, { isStepDone: true }],
      ]),
    );
    const { sayings } = gated({ watch });
    expect(sayings).toMatchObject([
      { kind: 'breakpoint-logs', logs: [{ breakpoint: 'l', event: 40, text: 'SndUna is 7' }] },
      { kind: 'paused', pause: { cause: 'step', event: 50 } },
      { kind: 'resumed' },
    ]);
  });

  it('ends the run behind the event under way when it is stopped while it stands', () => {
    const { pauses, bytes } = gated({ startPaused: true }, () => ({ kind: 'stop' }));
    expect(pauses).toHaveLength(1);
    expect(readTrace(bytes).store!.report).toContain('Stopped by the user');
  });

  it('lets its watch sleep until there is something to look for, and tells it then what it has missed', () => {
    const seen: number[] = [];
    const watch = watchFor(new Map());
    const set: RunWish[] = [{ kind: 'step', until: { kind: 'event' } }];
    let awakeFrom = -1;
    const { bytes } = gated(
      {
        watch: {
          ...watch,
          hit: undefined,
          logs: [],
          onRecord: (_record, event) => {
            seen.push(event);
          },
        },
        retell: (to) => {
          awakeFrom = stood;
          for (let event = 0; event <= stood; event++) to({ kind: 'end', report: '' }, event, 0);
        },
        least: 'error',
      },
      ({ pause }) => {
        stood = pause.event;
        return set.shift() ?? { kind: 'resume' };
      },
    );
    const { length } = readTrace(bytes).store!;
    expect(awakeFrom).toBeGreaterThan(100);
    // Its own end record passes no gate.
    expect(seen).toEqual([...Array(length - 1).keys()]);
  });

  it('does not stand again at what it found before, where it learns nothing of a record', () => {
    let stops = 0;
    const gate = new RunGate(
      {
        hasWish: () => false,
        take: () => undefined,
        wait: () => ({ kind: 'resume' }),
        tell: ({ kind }) => {
          if (kind === 'paused') stops++;
        },
      },
      { watch: watchFor(new Map([[0, { breakpoints: ['a'] }]])) },
    );
    gate.attach({
      now: 0,
      eventCount: 1,
      standStill: (wait) => {
        wait();
      },
    });
    gate.recorded(0, 0, { kind: 'end', report: '' });
    gate.recorded(1, 0, undefined);
    expect(stops).toBe(1);
  });
});
