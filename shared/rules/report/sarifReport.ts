/** A check report as SARIF 2.1.0, the exchange format of static analysis: an artifact is the trace, a place in it an event. */
import { ruleHeading, type RuleId, type RuleSeverity } from '../catalogue';
import { ruleText } from '../ruleTexts';
import type { CheckReport, ReportedFinding } from './checkReport';

const levels: Readonly<Record<RuleSeverity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

function location(uri: string, { event, time, text }: ReportedFinding['evidence'][number]): object {
  return {
    // A trace has no lines: what SARIF asks of a finding about a whole file.
    physicalLocation: { artifactLocation: { uri }, region: { startLine: 1, endLine: 1 } },
    logicalLocations: [{ name: `event ${event}`, kind: 'event' }],
    message: { text: `${text} (event ${event}, ${time} ns)` },
  };
}

function resultOf(uri: string, finding: ReportedFinding, indexes: ReadonlyMap<RuleId, number>): object {
  const { rule, severity, found, expected, evidence, fingerprint, driver, time } = finding;
  const last = evidence.at(-1);
  return {
    ruleId: rule,
    ruleIndex: indexes.get(rule)!,
    level: levels[severity],
    message: { text: `${found}. Expected: ${expected}.` },
    locations: last === undefined ? [] : [location(uri, last)],
    relatedLocations: evidence.slice(0, -1).map((event, id) => ({ id, ...location(uri, event) })),
    partialFingerprints: { 'chimneysweep/v1': fingerprint },
    properties: { driver, time },
  };
}

/** See the file's head. `uri` names the trace, `version` the program. */
export function sarifReport(report: CheckReport, uri: string, version: string): string {
  const rules = [...new Set(report.findings.map(({ rule }) => rule))];
  const indexes = new Map(rules.map((rule, index) => [rule, index]));
  const sarif = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'chimneysweep',
            version,
            rules: rules.map((id) => {
              const { title, severity, area, tier } = ruleHeading(id);
              const text = ruleText(id);
              return {
                id,
                shortDescription: { text: title },
                fullDescription: { text: text.rule },
                help: { text: text.legal === null ? text.rule : `${text.rule} Legal: ${text.legal}` },
                defaultConfiguration: { level: levels[severity] },
                properties: { area, tier, source: text.source },
              };
            }),
          },
        },
        artifacts: [{ location: { uri } }],
        results: report.findings.map((finding) => resultOf(uri, finding, indexes)),
        properties: { scenario: report.run.scenario, seed: report.run.seed },
      },
    ],
  };
  return `${JSON.stringify(sarif, null, 2)}\n`;
}
