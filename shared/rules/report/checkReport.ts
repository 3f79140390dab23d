/** What a check of a trace has found, with everything that an explanation needs: the proof, the clause, the object, and how to see it again. */
import type { TraceModel } from '../../analysis/traceModel';
import { formatStateVariable, offloadStateVariables } from '../../ddi/offloadState';
import { eventLine, summaryOf } from '../../expression/eventText';
import type { EventId, TraceHeader, VirtualTime } from '../../trace/records';
import type { TraceStore } from '../../trace/traceStore';
import {
  isDecidable,
  ruleHeading,
  ruleIds,
  type RuleHeading,
  type RuleId,
  type RuleSeverity,
} from '../catalogue';
import { implementationOf } from '../rules';
import { ruleText, type RuleText } from '../ruleTexts';
import { undecidedRules } from '../undecided';
import type { RuleChecker } from '../engine/checker';
import type { Finding } from '../engine/finding';
import type { BaselineVerdict, Judged } from '../baseline/baseline';

/** A trace that has been checked. */
export interface CheckedTrace {
  /** Its records; undefined where not even its header was there. */
  readonly store: TraceStore | undefined;
  /** Everything that is derived from them; asked for only where there is something to explain. */
  readonly model: () => TraceModel;
}

/** One record of the proof. */
export interface EvidenceEvent {
  readonly event: EventId;
  readonly time: VirtualTime;
  /** Who did what, in one line. */
  readonly text: string;
}

/** The object that a finding is about, as it was at that instant. */
export interface ObjectEvidence {
  readonly object: number;
  readonly label: string;
  readonly layer: string;
  readonly owner: string;
  readonly variables: readonly {
    readonly name: string;
    readonly value: string;
    readonly writtenBy: EventId;
  }[];
}

/** A finding that argues its case. */
export interface ReportedFinding extends Omit<Finding, 'events' | 'object' | 'component'> {
  readonly title: string;
  readonly area: RuleHeading['area'];
  readonly tier: RuleHeading['tier'];
  /** Name of the driver at fault; null where the rule names none. */
  readonly driver: string | null;
  /** The clause in our words, and the pages that it comes from. */
  readonly clause: string;
  readonly source: readonly string[];
  /** A sequence that would be fine, and the kind that was found. */
  readonly legal: RuleText['legal'];
  readonly illegal: RuleText['illegal'];
  readonly evidence: readonly EvidenceEvent[];
  readonly object: ObjectEvidence | null;
}

/** A rule that was broken and that the baseline lets pass. */
export interface SuppressedFinding {
  readonly rule: RuleId;
  readonly fingerprint: string;
  readonly reason: string;
  readonly count: number;
}

/** How much of the catalogue had something to look at. */
export interface CheckCoverage {
  /** Rules that were asked for, and those of them that decided a case at least. */
  readonly rules: number;
  readonly looked: number;
  /** Cases that were decided. */
  readonly looks: number;
  /** Rules that had nothing to look at. */
  readonly idle: readonly RuleId[];
  /** Rules that threw, which is a defect of the checker. */
  readonly failed: readonly { readonly rule: RuleId; readonly message: string }[];
  /** Rules that records could decide and that nobody has written yet. */
  readonly missing: readonly RuleId[];
  /** Rules that records can't decide, with the reason. */
  readonly undecided: readonly { readonly rule: RuleId; readonly reason: string }[];
}

/** See the file's head. */
export interface CheckReport {
  /** What was checked: a file, or a scenario. */
  readonly subject: string;
  readonly run: Pick<TraceHeader, 'application' | 'scenario' | 'title' | 'seed' | 'settings'>;
  readonly events: number;
  /** What is wrong with the file; null if it is whole. */
  readonly flaw: string | null;
  readonly findings: readonly ReportedFinding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly counts: Readonly<Record<RuleSeverity, number>>;
  readonly coverage: CheckCoverage;
}

/** One line for an event, whatever its kind. */
export function evidenceOf(model: TraceModel, store: TraceStore, event: EventId): EvidenceEvent {
  if (event >= store.length) return { event, time: 0, text: 'a record that the trace lacks' };
  const time = store.time(event);
  const line = eventLine(model, store, event);
  if (line !== undefined) return { event, time, text: summaryOf(line) };
  const record = store.record(event);
  if (record.kind === 'return') {
    const call = eventLine(model, store, record.call);
    return { event, time, text: call === undefined ? 'a return' : `return of ${summaryOf(call)}` };
  }
  return { event, time, text: record.kind };
}

function objectEvidence(
  model: TraceModel,
  store: TraceStore,
  { object, events }: Finding,
): ObjectEvidence | null {
  const last = events.at(-1);
  if (object === undefined || last === undefined) return null;
  const declared = store.stateObjects[object];
  const at = model.states.objectAt(object, last);
  if (declared === undefined || at === undefined) return null;
  const known = offloadStateVariables(declared.layer);
  return {
    object,
    label: declared.label,
    layer: declared.layer,
    owner: at.owner,
    variables: at.variables.flatMap(({ variable, value, writtenBy }) => {
      const described = known[variable];
      return described === undefined
        ? []
        : [{ name: described.name, value: formatStateVariable(described, value), writtenBy }];
    }),
  };
}

/** A finding with its case. */
export function explain(model: TraceModel, store: TraceStore, judged: Judged): ReportedFinding {
  const { finding, severity } = judged;
  const { rule, time, connection, found, expected, fingerprint, component } = finding;
  const { title, area, tier } = ruleHeading(rule);
  const { rule: clause, source, legal, illegal } = ruleText(rule);
  return {
    rule,
    title,
    area,
    tier,
    severity,
    time,
    connection,
    found,
    expected,
    fingerprint,
    driver: component === undefined ? null : (store.components[component]?.name ?? null),
    clause,
    source,
    legal,
    illegal,
    evidence: finding.events.map((event) => evidenceOf(model, store, event)),
    object: objectEvidence(model, store, finding),
  };
}

function coverageOf(checker: RuleChecker): CheckCoverage {
  const rules = checker.coverage();
  return {
    rules: rules.length,
    looked: rules.filter(({ looks }) => looks > 0).length,
    looks: rules.reduce((sum, { looks }) => sum + looks, 0),
    idle: rules.filter(({ looks, failure }) => looks === 0 && failure === undefined).map(({ rule }) => rule),
    failed: rules.flatMap(({ rule, failure }) => (failure === undefined ? [] : [{ rule, message: failure }])),
    missing: ruleIds.filter(
      (id) =>
        isDecidable(ruleHeading(id)) &&
        implementationOf(id) === undefined &&
        undecidedRules[id] === undefined,
    ),
    undecided: ruleIds.flatMap((rule) => {
      const reason = undecidedRules[rule];
      return reason === undefined ? [] : [{ rule, reason }];
    }),
  };
}

/** Puts a report together, once the trace has been read to its end. */
export function checkReport(
  subject: string,
  { store: read, model }: CheckedTrace,
  checker: RuleChecker,
  verdict: BaselineVerdict,
  flaw: string | undefined,
): CheckReport {
  const store = read!;
  const { application, scenario, title, seed, settings } = store.header;
  const findings = verdict.standing.map((judged) => explain(model(), store, judged));
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  return {
    subject,
    run: { application, scenario, title, seed, settings },
    events: store.length,
    flaw: flaw ?? null,
    findings,
    suppressed: verdict.suppressed,
    counts,
    coverage: coverageOf(checker),
  };
}
