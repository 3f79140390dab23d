/** What a check is asked for and what it answers, wherever the rules run: in this thread, or in one of their own. Plain data, which threads pass on. */
import { latencyBreaches, type LatencyBudget } from '../../shared/analysis/latencyBudget';
import { judge, type Baseline, type Judged } from '../../shared/rules/baseline/baseline';
import type { RuleId } from '../../shared/rules/catalogue';
import { RuleChecker } from '../../shared/rules/engine/checker';
import { checkReport, type CheckedTrace, type CheckReport } from '../../shared/rules/report/checkReport';
import { implementationOf } from '../../shared/rules/rules';

/** What is to be checked. */
export interface CheckTask {
  /** A file, or a scenario: only for the report. */
  readonly subject: string;
  readonly rules: readonly RuleId[];
  readonly baseline: Baseline;
  readonly budgets: readonly LatencyBudget[];
}

/** What came of it. */
export interface CheckAnswer {
  readonly report: CheckReport;
  /** Budgets that were exceeded, a line each. */
  readonly budgets: readonly string[];
  /** Findings that the baseline does not let pass. */
  readonly standing: readonly Judged[];
  /** Positions of suppressions that nothing matched. */
  readonly unused: readonly number[];
}

/** A checker with the rules of a task. */
export function checkerOf({ rules }: CheckTask): RuleChecker {
  return new RuleChecker(rules.flatMap((id) => implementationOf(id) ?? []));
}

/**
 * Puts the answer together once the trace has been read.
 * @param trace it, with its header at least
 * @param checker has seen all of it; its rules learn here that no more comes
 * @param flaw what is wrong with the rest of the trace
 */
export function answerOf(
  { subject, baseline, budgets }: CheckTask,
  trace: CheckedTrace,
  checker: RuleChecker,
  flaw: string | undefined,
): CheckAnswer {
  checker.finish();
  const { components } = trace.store!;
  const verdict = judge(checker.findings, baseline, ({ component }) =>
    component === undefined ? undefined : components[component]?.name,
  );
  return {
    report: checkReport(subject, trace, checker, verdict, flaw),
    budgets: budgets.length === 0 ? [] : latencyBreaches(trace.model().figures.handlers, budgets),
    standing: verdict.standing,
    unused: verdict.unused,
  };
}
