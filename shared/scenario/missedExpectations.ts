/** Whether a run was as its scenario says that it must be: what was expected and has not happened, in sentences. */
import type { RunReport } from '../analysis/runReport';
import type { TraceModel } from '../analysis/traceModel';
import { checkExpression } from '../expression/check';
import { TraceRows } from '../expression/traceRows';
import { traceVocabulary } from '../expression/traceVocabulary';
import type { ReportedFinding } from '../rules/report/checkReport';
import type { ScenarioDefinition } from './definition';

/** What a scenario expects, besides how it ends. */
export type Expectations = ScenarioDefinition['expectations'];

/** What a run has left, as far as somebody has looked. */
export interface RunEvidence {
  readonly report: Pick<RunReport, 'bytesSent'>;
  /** The whole trace; undefined where nobody reads it: then events are not looked at. */
  readonly model: TraceModel | undefined;
  /** Of all rules; undefined where they have not run: then findings are not looked at. */
  readonly findings: readonly Pick<ReportedFinding, 'rule' | 'severity'>[] | undefined;
}

/** Whether it takes a trace to look at what is expected. */
export function expectsEvents({ events }: Expectations): boolean {
  return events.length > 0;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** A range of numbers. */
interface Range {
  readonly atLeast: number;
  readonly atMost?: number | undefined;
}

function isIn(value: number, { atLeast, atMost = Infinity }: Range): boolean {
  return value >= atLeast && value <= atMost;
}

function rangeText({ atLeast, atMost }: Range): string {
  if (atMost === undefined) return `${atLeast} or more`;
  return atLeast === atMost ? String(atLeast) : `${atLeast} to ${atMost}`;
}

function* missedEvents({ events }: Expectations, model: TraceModel | undefined): Generator<string> {
  if (model?.store === undefined) return;
  const rows = new TraceRows(model, model.store);
  const vocabulary = traceVocabulary(model);
  for (const { where, ...range } of events) {
    const checked = checkExpression(where, vocabulary);
    if (!checked.ok) {
      yield `The expression ${where} means nothing in this trace: ${checked.error[0]?.message ?? ''}`;
      continue;
    }
    let found = 0;
    for (const _event of rows.matching(checked.value)) found++;
    if (!isIn(found, range))
      yield `${where} holds ${found === 0 ? 'for no event' : times(found)}; expected ${rangeText(range)}.`;
  }
}

function* missedFindings(
  expected: Expectations['findings'],
  findings: RunEvidence['findings'],
): Generator<string> {
  if (expected === undefined || findings === undefined) return;
  const broken = new Map<string, number>();
  for (const { rule, severity } of findings)
    if (severity !== 'info') broken.set(rule, (broken.get(rule) ?? 0) + 1);
  for (const rule of expected) if (!broken.has(rule)) yield `${rule} is expected to be broken, and is not.`;
  for (const [rule, count] of broken)
    if (!expected.includes(rule)) yield `${rule} is broken ${times(count)}, which is not expected.`;
}

/** See the file's head: a sentence for each expectation that is not met; how the run ended (`verdict`) is in its report already. */
export function missedExpectations(
  expectations: Expectations,
  { report, model, findings }: RunEvidence,
): readonly string[] {
  const missed = [...missedEvents(expectations, model), ...missedFindings(expectations.findings, findings)];
  const ways = [
    ['hostPath', 'the host path'],
    ['chimney', 'the chimney'],
  ] as const;
  for (const [way, name] of ways) {
    const range = expectations.bytes?.[way];
    const sent = report.bytesSent[way];
    if (range !== undefined && !isIn(sent, range))
      missed.push(`${sent} bytes left by ${name}; expected ${rangeText(range)}.`);
  }
  return missed;
}
