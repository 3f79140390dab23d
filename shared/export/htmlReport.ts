/**
 * A trace as a report: one HTML file that needs nothing else, runs no script, and follows light and dark. Everything that comes from
 * the trace is escaped, and a content security policy allows styles only.
 */
import { parseRunReport } from '../analysis/runReport';
import { allFramePaths } from '../analysis/frameIndex';
import { countersOf, type Counter } from './counters';
import { markup, type Markup, type MarkupPart } from './markup';
import { chartFigure } from './reportChart';
import { connectionRows, functionRows, type FunctionRow } from './reportSections';
import { reportStyle } from './reportStyle';
import type { TableSource } from './tableTypes';

/** Rows that a table shows; a report of a long run stays readable, and says what it leaves out. */
const mostRows = 200;

/** Connections whose windows are drawn. */
const mostCharts = 4;

/** A column of a table: its heading, and whether it holds numbers. */
interface Heading {
  readonly text: string;
  readonly number?: true;
}

function tableOf(
  caption: string,
  headings: readonly Heading[],
  rows: readonly (readonly MarkupPart[])[],
): Markup {
  if (rows.length === 0) return markup``;
  const heads = headings.map(
    ({ text, number }) =>
      markup`<th scope="col"${number === true ? markup` class="number"` : ''}>${text}</th>`,
  );
  const shown = rows.slice(0, mostRows).map((cells) => {
    const list = cells.map((cell, index) => {
      if (index === 0) return markup`<th scope="row">${cell}</th>`;
      return markup`<td${headings[index]!.number === true ? markup` class="number"` : ''}>${cell}</td>`;
    });
    return markup`<tr>${list}</tr>
`;
  });
  const rest = rows.length - shown.length;
  const more =
    rest > 0
      ? markup`<p>${grouped(rest)} more are left out; the tables of chimneysweep query have them.</p>`
      : markup``;
  return markup`<section><h2>${caption}</h2><div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><thead><tr>${heads}</tr></thead><tbody>
${shown}</tbody></table></div>${more}</section>
`;
}

/** A whole number with thin spaces between groups of three digits. */
function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

function milliseconds(time: number): string {
  return `${(time / 1e6).toFixed(3)} ms`;
}

function microseconds(time: number | undefined): string {
  return time === undefined ? '' : (time / 1e3).toFixed(1);
}

function bitRate(value: number): string {
  if (value === 0) return '0';
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} Gbit/s`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} Mbit/s` : `${(value / 1e3).toFixed(1)} kbit/s`;
}

function bytesText(value: number): string {
  if (value === 0) return '0';
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e3).toFixed(1)} kB`;
}

function summary({ store, complete }: TableSource): Markup {
  const report = store.report === undefined ? undefined : parseRunReport(store.report);
  const verdict =
    report === undefined
      ? markup`<p class="verdict cut">${complete ? 'The run left no report.' : 'This recording was cut or is damaged: the report covers what could be read.'}</p>`
      : markup`<p class="verdict ${report.success ? 'good' : 'bad'}"><strong>${report.success ? 'OK' : 'Failed'}:</strong> ${report.summary}</p>`;
  const facts: (readonly [string, MarkupPart])[] = [
    ['Scenario', store.header.scenario],
    ['Seed', store.header.seed],
    ['Recorded by', store.header.application],
    ['Virtual time', milliseconds(store.lastTime)],
    ['Events', grouped(store.length)],
  ];
  if (report !== undefined)
    facts.push(
      ['File', `${grouped(report.fileBytes)} bytes`],
      [
        'Sent',
        `${grouped(report.bytesSent.chimney)} bytes by chimney, ${grouped(report.bytesSent.hostPath)} by host path`,
      ],
      [
        'Received',
        `${grouped(report.bytesReceived.chimney)} bytes by chimney, ${grouped(report.bytesReceived.hostPath)} by host path`,
      ],
      ['SHA-256', report.sha256.source ?? 'unknown'],
    );
  const list = facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return markup`${verdict}<dl>${list}</dl>
`;
}

function charts(source: TableSource): Markup {
  const { store } = source;
  const counters = countersOf(source);
  const until = store.lastTime;
  const named = (prefix: string): Counter[] => counters.filter(({ name }) => name.startsWith(prefix));
  const line = ({ name, times, values }: Counter): { name: string; times: number[]; values: number[] } => ({
    name,
    times,
    values,
  });
  const figures: Markup[] = [];
  const throughput = named('throughput ').map((counter) => ({
    ...line(counter),
    name: counter.name.slice('throughput '.length),
  }));
  if (throughput.length > 0)
    figures.push(chartFigure({ title: 'New TCP payload by path', axis: bitRate, lines: throughput, until }));
  const pending = named('requests in flight').map(line);
  if (pending.length > 0)
    figures.push(
      chartFigure({ title: 'Requests in flight', axis: (value) => String(value), lines: pending, until }),
    );
  for (const { connection, local, remote } of connectionRows(source).slice(0, mostCharts)) {
    const lines = counters.filter((counter) => counter.connection === connection).map(line);
    if (lines.length > 0)
      figures.push(chartFigure({ title: `Windows of ${local} → ${remote}`, axis: bytesText, lines, until }));
  }
  return figures.length === 0
    ? markup``
    : markup`<section><h2>Over time</h2>${figures}</section>
`;
}

function functions(rows: readonly FunctionRow[]): Markup {
  const headings: Heading[] = [
    { text: 'Function' },
    { text: 'Calls', number: true },
    { text: 'Statuses' },
    { text: 'Completed', number: true },
    { text: 'Median µs', number: true },
    { text: '99 % µs', number: true },
    { text: 'Most µs', number: true },
  ];
  return tableOf(
    'Functions',
    headings,
    rows.map((row) => [
      row.functionName,
      grouped(row.calls),
      row.statuses
        .map(([name, count]) => `${name.replace(/^NDIS_STATUS_/, '')} ${grouped(count)}`)
        .join(', '),
      row.completed === 0 ? '' : grouped(row.completed),
      microseconds(row.median),
      microseconds(row.percentile99),
      microseconds(row.largest),
    ]),
  );
}

/** The report in pieces of text. */
export function* htmlReport(source: TableSource): Generator<string> {
  const { model, store } = source;
  const { header } = store;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
`;
  yield markup`<title>${header.title}, seed ${header.seed}</title>
`.html;
  yield `<style>${reportStyle}</style>\n</head>\n<body>\n<main>\n`;
  yield markup`<h1>${header.title}</h1>
${summary(source)}${charts(source)}`.html;
  yield tableOf(
    'Milestones',
    [{ text: 'Time', number: true }, { text: 'Who' }, { text: 'Connection' }, { text: 'What' }],
    model.notes.notes.map(({ time, component, connection, text }) => [
      milliseconds(time),
      store.components[component]?.name,
      connection === undefined ? '' : store.connections[connection]?.local,
      text,
    ]),
  ).html;
  yield functions(functionRows(source)).html;
  yield tableOf(
    'Connections',
    [
      { text: 'Local' },
      { text: 'Remote' },
      { text: 'Host path, bytes', number: true },
      { text: 'Chimney, bytes', number: true },
      { text: 'From the peer, bytes', number: true },
      { text: 'Retransmissions', number: true },
      { text: 'With the target', number: true },
    ],
    connectionRows(source).map(({ local, remote, bytes, retransmissions, offloaded }) => [
      local,
      remote,
      grouped(bytes.host),
      grouped(bytes.chimney),
      grouped(bytes.peer),
      grouped(retransmissions),
      milliseconds(offloaded),
    ]),
  ).html;
  yield tableOf(
    'Frames by path',
    [
      { text: 'Path' },
      { text: 'Frames', number: true },
      { text: 'New payload, bytes', number: true },
      { text: 'Retransmissions', number: true },
      { text: 'Sent again, bytes', number: true },
      { text: 'Lost', number: true },
    ],
    allFramePaths.map((path) => {
      const totals = model.frames.totals[path];
      return [
        path,
        grouped(totals.frames),
        grouped(totals.newBytes),
        grouped(totals.retransmissions),
        grouped(totals.retransmittedBytes),
        grouped(totals.lost),
      ];
    }),
  ).html;
  yield tableOf(
    'Components',
    [{ text: 'Name' }, { text: 'Role' }],
    store.components.map(({ name, role }) => [name, role]),
  ).html;
  yield tableOf(
    'Settings',
    [{ text: 'Name' }, { text: 'Value' }],
    Object.entries(header.settings).map(([name, value]) => [name, String(value)]),
  ).html;
  yield '</main>\n</body>\n</html>\n';
}
