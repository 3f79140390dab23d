import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunSupervisor, type SupervisionLimits } from '../../../electron/engine/runSupervisor';
import type { RunTask } from '../../../electron/engine/runTask';
import { saveTrace } from '../../../electron/files/saveTrace';
import type { TraceStreamEvent } from '../../../shared/contract/desktopBridge';
import type { RunPause } from '../../../shared/contract/runControl';
import type { Breakpoint } from '../../../shared/debug/breakpoints';
import { findStops, type FoundStop } from '../../../shared/debug/findStops';
import { parseRunReport, type RunReport } from '../../../shared/analysis/runReport';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { zlibCodec } from '../../../electron/files/zlibCodec';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { StoreCheck } from '../../../shared/rules/engine/storeCheck';
import { implementedRules } from '../../../shared/rules/rules';
import { exampleFile } from '../../harness/driverModule';
import { recordScenario } from '../../harness/recordScenario';
import { buildRunThread, type BuiltProgram } from '../../harness/runThreadProgram';
import { concatenate } from '../../harness/traceBytes';

/** Generous: nothing but a thread that does nothing for good may come to them. */
const limits: Partial<SupervisionLimits> = { lookInterval: 50, idleLooks: 60, patience: 20_000 };

let built: BuiltProgram;
let folder = '';
let made = 0;

beforeAll(async () => {
  built = await buildRunThread();
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-supervisor-'));
}, 120_000);

afterAll(() => {
  built.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Supervised {
  readonly events: readonly TraceStreamEvent[];
  /** The file as it was left. */
  readonly model: TraceModel;
  readonly bytes: Uint8Array;
  readonly streamed: Uint8Array;
}

type Started = { readonly supervisor: RunSupervisor; readonly outcome: Promise<Supervised> };

function start(
  task: Partial<RunTask> = {},
  further: Partial<SupervisionLimits> = {},
  onEvent: (event: TraceStreamEvent, supervisor: RunSupervisor) => void = () => undefined,
): Started {
  const tracePath = path.join(folder, `${made++}.sweep`);
  const events: TraceStreamEvent[] = [];
  const supervisor = new RunSupervisor(
    { scenario: 'first-sweep', seed: 1, loss: 0, tracePath, application: 'test', ...task },
    {
      program: built.program,
      limits: { ...limits, ...further },
      onEvent: (event) => {
        events.push(event);
        onEvent(event, supervisor);
      },
    },
  );
  const outcome = supervisor.ended.then(() => {
    const bytes = Uint8Array.from(readFileSync(tracePath));
    const model = new TraceModel(zlibCodec);
    model.push(bytes);
    const pieces = events.flatMap((event) => (event.kind === 'bytes' ? [event.bytes] : []));
    return { events, model, bytes, streamed: concatenate(pieces) };
  });
  return { supervisor, outcome };
}

/** The example with something bad in its handler of queries. */
function badTarget(name: string, body: string): string {
  const text = readFileSync(exampleFile('minimal-target', 'driver.ts'), 'utf8');
  const good = '=> target.query(root)';
  expect(text).toContain(good);
  const file = path.join(folder, name);
  writeFileSync(file, text.replace(good, `=> {\n${body}\n}`));
  return file;
}

function reportOf({ model }: Supervised): RunReport {
  return parseRunReport(model.store!.report!)!;
}

function notesOf({ model }: Supervised): readonly { readonly text: string; readonly component: number }[] {
  const { store } = model;
  const notes: { text: string; component: number }[] = [];
  for (let event = 0; event < store!.length; event++) {
    const record = store!.record(event);
    if (record.kind === 'note') notes.push(record);
  }
  return notes;
}

/** That a run with a bad module ended with a verdict and a note that name module, handler and place, and a whole trace. */
function expectVerdict(result: Supervised, verdict: RegExp): void {
  expect(result.events.at(-1)).toEqual({ kind: 'end' });
  const report = reportOf(result);
  expect(report.success).toBe(false);
  expect(report.summary).toMatch(verdict);
  const note = notesOf(result).find(({ text }) => verdict.test(text));
  expect(result.model.store!.components[note!.component]?.role).toBe('offload-target');
  expect(result.model.calls.calls.length).toBeGreaterThan(100);
  // ... and with a finding, which a check of the trace tells.
  const checker = new RuleChecker(implementedRules);
  const check = new StoreCheck(result.model.store!, checker);
  while (check.advance(() => false));
  check.finish();
  const finding = checker.findings.find(({ rule }) => rule === 'DRV-001');
  expect(finding).toMatchObject({ severity: 'error', component: note!.component });
  expect(finding!.found).toMatch(verdict);
}

describe('a run in a thread of its own', { timeout: 120_000 }, () => {
  it('leaves the file that the same run leaves in process, and sends the window the same records', async () => {
    const result = await start().outcome;
    const here = recordScenario('first-sweep', { loss: 0 });
    const file = path.join(folder, 'here.sweep');
    writeFileSync(file, here.bytes);
    await saveTrace(file, false);
    expect(result.events.map(({ kind }) => kind)).toContain('begin');
    expect(result.events.at(-1)).toEqual({ kind: 'end' });
    const window = new TraceModel();
    window.push(result.streamed);
    expect(window.store!.length).toBe(here.model.store!.length);
    expect(result.model.store!.length).toBe(here.model.store!.length);
    expect(reportOf(result)).toEqual(parseRunReport(here.model.store!.report!));
  });

  it('stands still where it was told to, shows everything up to there, and leaves the same file', async () => {
    const pauses: RunPause[] = [];
    const plain = await start().outcome;
    const paused = await start({ startPaused: true }, {}, (event, supervisor) => {
      if (event.kind !== 'paused') return;
      pauses.push(event.pause);
      supervisor.wish({ kind: 'resume' });
    }).outcome;
    expect(pauses.length).toBe(1);
    expect(paused.bytes).toEqual(plain.bytes);
  });

  it('stops at breakpoints that are set long after its start where the search in its file finds them', async () => {
    const set: Breakpoint[] = [
      { id: 'age', on: { kind: 'age', nanoseconds: 1e6 }, enabled: true },
      { id: 'field', on: { kind: 'field', name: 'RcvNxt', condition: '> 400000' }, enabled: true },
      { id: 'late', on: { kind: 'expression', text: 'latency > 1ms' }, enabled: true },
    ];
    const pauses: RunPause[] = [];
    let isAsked = false;
    const { model } = await start({ scenario: 'transfer' }, {}, (event, supervisor) => {
      if (event.kind === 'progress' && event.fraction > 0.2 && !isAsked) {
        isAsked = true;
        supervisor.wish({ kind: 'pause' });
      }
      if (event.kind !== 'paused') return;
      pauses.push(event.pause);
      if (event.pause.cause === 'asked') supervisor.wish({ kind: 'breakpoints', breakpoints: set });
      supervisor.wish({ kind: 'resume' });
    }).outcome;
    const [asked, ...met] = pauses;
    expect(asked?.cause).toBe('asked');
    const stops = findStops(model.store!, set);
    if (!stops.ok) throw new Error(stops.error[0]!.problem.message);
    const key = ({ breakpoint, event }: FoundStop): string => `${breakpoint} ${event}`;
    const known = new Set(stops.value.filter(({ record }) => record <= asked!.event).map(key));
    const later = stops.value.filter((stop) => stop.record > asked!.event && !known.has(key(stop)));
    expect(later.length).toBeGreaterThan(1);
    expect([...new Set(met.map(({ event }) => event))]).toEqual([
      ...new Set(later.map(({ record }) => record)),
    ]);
  });

  it('ends with what it has when it is told to stop, also while it stands still', async () => {
    const result = await start({ startPaused: true }, {}, (event, supervisor) => {
      if (event.kind === 'paused') supervisor.wish({ kind: 'stop' });
    }).outcome;
    expect(result.events.at(-1)).toEqual({ kind: 'end' });
    expect(reportOf(result).summary).toContain('Stopped by the user');
  });

  it('tells of a file that cannot be made', async () => {
    const events: TraceStreamEvent[] = [];
    const tracePath = path.join(folder, 'no', 'such', 'folder.sweep');
    const supervisor = new RunSupervisor(
      { scenario: 'first-sweep', seed: 1, loss: 0, tracePath, application: 'test' },
      { program: built.program, limits, onEvent: (event) => events.push(event) },
    );
    await supervisor.ended;
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ kind: 'failed' });
    expect(existsSync(tracePath)).toBe(false);
  });
});

describe('a driver module that', () => {
  it('loops for ever ends the run with its handler and place', async () => {
    const target = badTarget('loops.ts', '  for (let count = 0; ; count++) if (count < 0) break;');
    const result = await start({ scenario: 'transfer', drivers: { target } }).outcome;
    expectVerdict(result, /^loops\.ts:\d+:\d+: QueryOffloadHandler does not return$/);
  }, 120_000);

  it('loops for ever while it is loaded is refused', async () => {
    const target = path.join(folder, 'top.ts');
    writeFileSync(target, 'for (let count = 0; ; count++) if (count < 0) break;\n');
    const { supervisor, events } = startRaw({ scenario: 'transfer', drivers: { target } });
    await supervisor.ended;
    expect(events).toEqual([{ kind: 'failed', message: 'top.ts: does not return while it is loaded.' }]);
  }, 120_000);

  it('throws ends the run with its handler and place', async () => {
    const target = badTarget('throws.ts', "  throw new Error('no answer');");
    const result = await start({ scenario: 'transfer', drivers: { target } }).outcome;
    expectVerdict(result, /^throws\.ts:\d+:\d+: QueryOffloadHandler threw: no answer$/);
  }, 120_000);

  it('ends the process ends the run with its handler and place, and nothing else', async () => {
    const target = badTarget('exits.ts', '  process.exit(3);');
    const result = await start({ scenario: 'transfer', drivers: { target } }).outcome;
    expectVerdict(result, /^exits\.ts:\d+:\d+: QueryOffloadHandler called process\.exit\(3\)$/);
  }, 120_000);

  it('eats memory in one handler ends the run with its handler and place', async () => {
    const body = '  const eaten: unknown[] = [];\n  for (;;) eaten.push(new Uint8Array(1_000_000).fill(1));';
    const target = badTarget('eats.ts', body);
    const result = await start({ scenario: 'transfer', drivers: { target } }, { memoryBytes: 3e8 }).outcome;
    expectVerdict(result, /^eats\.ts:\d+:\d+: QueryOffloadHandler takes more memory than a run may have/);
  }, 120_000);
});

function startRaw(task: Partial<RunTask>): { supervisor: RunSupervisor; events: TraceStreamEvent[] } {
  const events: TraceStreamEvent[] = [];
  const tracePath = path.join(folder, `${made++}.sweep`);
  const supervisor = new RunSupervisor(
    { scenario: 'first-sweep', seed: 1, loss: 0, tracePath, application: 'test', ...task },
    { program: built.program, limits, onEvent: (event) => events.push(event) },
  );
  return { supervisor, events };
}
