/** A check report as one HTML file that needs nothing else and runs no script; everything that comes from the trace is escaped. */
import { markup, type Markup, type MarkupPart } from '../../export/markup';
import { reportStyle } from '../../export/reportStyle';
import type { CheckReport, ReportedFinding } from './checkReport';

/** Findings that are written out, and of these those with all variables of their object. */
const mostFindings = 500;
const mostObjects = 100;

const ownStyle = `
article { border: 1px solid var(--rule); border-radius: 6px; padding: 12px 18px; margin: 0 0 16px; }
article h3 { margin: 0 0 6px; font-size: 16px; } article p { margin: 6px 0; } blockquote { margin: 8px 0; padding: 4px 14px; border-left: 3px solid var(--rule); color: var(--soft); }
.severity { display: inline-block; font-size: 12px; font-weight: 700; padding: 1px 8px; border: 1px solid currentColor; border-radius: 999px; margin-right: 8px; }
.error { color: var(--bad); } .warning { color: var(--cut); } .info { color: var(--soft); }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; } ol { margin: 6px 0; padding-left: 22px; } details { margin: 6px 0; }
`;

const symbols = { error: '✕ error', warning: '! warning', info: 'i hint' } as const;

function milliseconds(time: number): string {
  return `${(time / 1e6).toFixed(6)} ms`;
}

function objectPart(finding: ReportedFinding, index: number): Markup {
  const { object } = finding;
  if (object === null) return markup``;
  const what = markup`<p>Object: ${object.label} (${object.layer}), owner ${object.owner}</p>`;
  if (object.variables.length === 0 || index >= mostObjects) return what;
  const rows = object.variables.map(
    ({ name, value, writtenBy }) =>
      markup`<tr><th scope="row">${name}</th><td>${value}</td><td class="number">${writtenBy}</td></tr>`,
  );
  return markup`${what}<details><summary>Its state at that instant</summary><div class="scroll" tabindex="0" role="region" aria-label="State of ${object.label}"><table><thead><tr><th scope="col">Variable</th><th scope="col">Value</th><th scope="col" class="number">Written by event</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function article(finding: ReportedFinding, run: CheckReport['run'], index: number): Markup {
  const { rule, title, severity, driver, found, expected, clause, source, legal, illegal, evidence } =
    finding;
  const events = evidence.map(
    ({ event, time, text }) => markup`<li><code>event ${event}, ${milliseconds(time)}</code> ${text}</li>`,
  );
  return markup`<article><h3><span class="severity ${severity}">${symbols[severity]}</span>${rule} ${title}</h3>
<p><strong>Found:</strong> ${found}${driver === null ? markup`` : markup` (${driver})`}</p>
<p><strong>Expected:</strong> ${expected}</p>
<ol>${events}</ol>
${objectPart(finding, index)}<blockquote><p>${clause}</p>${sequence('Legal', legal)}${sequence('Broken', illegal)}<p>${source.join(', ')}</p></blockquote>
<p>See it again: scenario ${run.scenario}, seed ${run.seed}, ${milliseconds(finding.time)}. Fingerprint <code>${finding.fingerprint}</code></p></article>
`;
}

function sequence(what: string, text: string | null): Markup {
  return text === null ? markup`` : markup`<p>${what}: <code>${text}</code></p>`;
}

function list(title: string, items: readonly MarkupPart[]): Markup {
  if (items.length === 0) return markup``;
  const lines = items.map((item) => markup`<li>${item}</li>`);
  return markup`<section><h2>${title}</h2><ul>${lines}</ul></section>
`;
}

/** See the file's head. */
export function htmlFindings(report: CheckReport): string {
  const { subject, run, findings, suppressed, counts, coverage, events, flaw } = report;
  const isClean = counts.error + counts.warning === 0;
  const shown = findings.slice(0, mostFindings).map((finding, index) => article(finding, run, index));
  const rest = findings.length - shown.length;
  const body = markup`<h1>Check of ${subject}</h1>
<p class="verdict ${isClean ? 'good' : 'bad'}"><strong>${isClean ? 'Nothing is broken.' : 'Rules are broken.'}</strong> ${counts.error} errors, ${counts.warning} warnings, ${counts.info} hints; ${coverage.looked} of ${coverage.rules} rules had something to look at, ${coverage.looks} cases in ${events} events.</p>
${flaw === null ? markup`` : markup`<p class="verdict cut">${flaw}</p>`}<p>${run.title}: scenario ${run.scenario}, seed ${run.seed}, recorded by ${run.application}</p>
<section><h2>Findings</h2>${shown.length === 0 ? markup`<p>None.</p>` : shown}${rest > 0 ? markup`<p>${rest} more are left out; chimneysweep check --format json has them.</p>` : markup``}</section>
${list(
  'Passed by the baseline',
  suppressed.map(({ rule, reason, count }) => `${count} of ${rule}: ${reason}`),
)}${list(
    'Rules that could not be checked to the end',
    coverage.failed.map(({ rule, message }) => `${rule}: ${message}`),
  )}${list('Rules that had nothing to look at', coverage.idle.length === 0 ? [] : [coverage.idle.join(', ')])}${list(
    'Rules that records cannot decide',
    coverage.undecided.map(({ rule, reason }) => `${rule}: ${reason}`),
  )}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${markup`Check of ${subject}`.html}</title><style>${reportStyle}${ownStyle}</style></head>
<body><main>${body.html}</main></body></html>
`;
}
