/** A run of a scenario with faults, under the eyes of the rules, and what its trace has in it. */
import type { RunReport } from '../../shared/analysis/runReport';
import type { ScenarioId } from '../../shared/contract/scenarios';
import { statusName } from '../../shared/ddi/status';
import { RuleChecker } from '../../shared/rules/engine/checker';
import { implementationOf, implementedRules } from '../../shared/rules/rules';
import { faultSchema, type WrittenFault } from '../../shared/scenario/faults';
import { readFaultNote } from '../../shared/scenario/faultNotes';
import type { EventId } from '../../shared/trace/records';
import { memberAt } from '../../electron/emulator/mutants/badTrees';
import { checkingProbe } from '../../electron/emulator/observe/checkingProbe';
import { passOn } from '../../electron/emulator/observe/passOn';
import { silentProbe } from '../../electron/emulator/observe/silentProbe';
import { inventFile, ScenarioRun } from '../../electron/emulator/scenarios/scenarioRun';

const rules = implementedRules.flatMap(({ id }) => implementationOf(id) ?? []);

/** Events of the emulator after which a run is ended: a fault may keep it from ending. */
const mostEvents = 600_000;

/** A note about a fault, with its id and the id of its cause. */
export interface FaultMark {
  readonly event: EventId;
  readonly cause: EventId | undefined;
  readonly time: number;
  readonly what: string;
}

/** What a run left. */
export interface FaultyOutcome {
  readonly report: RunReport;
  /** Ids of the rules that were broken, each once, sorted. */
  readonly broken: readonly string[];
  readonly marks: readonly FaultMark[];
  /** Names of functions that were called, fates of frames, names of statuses that blocks and calls had, and texts of notes. */
  readonly words: ReadonlySet<string>;
  /** Functions that were called with an event as their cause. */
  readonly calledBecauseOf: (event: EventId) => readonly string[];
}

/** Runs a scenario with faults. */
export function faultyRun(
  scenario: ScenarioId,
  faults: readonly WrittenFault[],
  { seed = 1, fileBytes = 300_000 } = {},
): FaultyOutcome {
  const checker = new RuleChecker(rules);
  const words = new Set<string>();
  const marks: FaultMark[] = [];
  const causes: { cause: EventId | undefined; functionName: string }[] = [];
  const inner = checkingProbe(silentProbe(), checker, 64);
  let next = 0;
  const counting = passOn(inner, {});
  for (const [name, method] of Object.entries(counting))
    Object.assign(counting, {
      [name]: (...values: unknown[]): unknown => {
        next++;
        return (method as (...all: unknown[]) => unknown)(...values);
      },
    });
  const probe = passOn(counting, {
    call: (time, call) => {
      words.add(call.functionName);
      causes.push({ cause: call.cause, functionName: call.functionName });
      for (const argument of call.arguments) {
        if (argument.kind === 'status') words.add(statusName(argument.value));
        if (argument.kind === 'block-list')
          for (const { bytes } of argument.blocks)
            words.add(
              statusName(new DataView(bytes.buffer, bytes.byteOffset).getUint32(memberAt('Status'), true)),
            );
        if (argument.kind === 'net-buffer-lists')
          for (const { status } of argument.lists) words.add(statusName(status));
      }
      return counting.call(time, call);
    },
    return: (time, result) => {
      if (result.status !== undefined) words.add(statusName(result.status));
      counting.return(time, result);
    },
    frameFate: (time, frame, fate, receiver, flippedBits) => {
      words.add(fate);
      counting.frameFate(time, frame, fate, receiver, flippedBits);
    },
    note: (time, component, connection, cause, text) => {
      words.add(text);
      const mark = readFaultNote(text);
      if (mark !== undefined) marks.push({ event: next, cause, time, what: mark.what });
      counting.note(time, component, connection, cause, text);
    },
  });
  const run = new ScenarioRun(probe, {
    scenario,
    seed,
    loss: 0,
    file: inventFile(seed, fileBytes),
    faults: faults.map((fault) => faultSchema.parse(fault)),
  });
  for (let events = 0; events < mostEvents && run.advance(1000); events += 1000);
  checker.onRecord({ kind: 'end', report: '{}' }, next, run.now);
  checker.finish();
  return {
    report: run.report(false),
    broken: [...new Set(checker.findings.map(({ rule }) => rule))].sort(),
    marks,
    words,
    calledBecauseOf: (event) =>
      causes.flatMap(({ cause, functionName }) => (cause === event ? [functionName] : [])),
  };
}
