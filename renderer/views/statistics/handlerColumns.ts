/** Which columns of the statistics fit, by priority, and what they are called. Pure. */
import type { HandlerFigure } from './handlerEvents';
import type { HandlerColumn } from './handlerRows';

/** A column of the table. */
export interface StatisticsColumn {
  readonly id: HandlerColumn;
  readonly title: string;
  /** What the heading explains. */
  readonly meaning: string;
  /** What its numbers lead to, if they are such. */
  readonly figure?: HandlerFigure;
}

const percentile = (percent: number): StatisticsColumn['figure'] => ({ kind: 'percentile', percent });

/** All columns in the order in which the table shows them. */
export const statisticsColumns: readonly StatisticsColumn[] = [
  { id: 'function', title: 'Function', meaning: 'Function, handler or completion that is called' },
  { id: 'from', title: 'Caller → callee', meaning: 'Component that calls, and component that is called' },
  { id: 'calls', title: 'Calls', meaning: 'How often it was called', figure: { kind: 'calls' } },
  {
    id: 'failures',
    title: 'No success',
    meaning: 'Calls that returned neither NDIS_STATUS_SUCCESS nor NDIS_STATUS_PENDING',
    figure: { kind: 'failures' },
  },
  {
    id: 'pending',
    title: 'Pending',
    meaning: 'Calls that have not returned, and requests that have not been completed',
    figure: { kind: 'pending' },
  },
  {
    id: 'until',
    title: 'Until',
    meaning: 'What the latency ends with: the first completion of a request, or the return',
  },
  { id: 'p50', title: 'p50', meaning: 'Half of the latencies are at most this', figure: percentile(50)! },
  { id: 'p90', title: 'p90', meaning: '90 % of the latencies are at most this', figure: percentile(90)! },
  { id: 'p99', title: 'p99', meaning: '99 % of the latencies are at most this', figure: percentile(99)! },
  { id: 'maximum', title: 'Longest', meaning: 'The longest latency', figure: percentile(100)! },
];

/** Least width in px, and the share of what is left over. */
const widths: Readonly<Record<HandlerColumn, { readonly least: number; readonly share: number }>> = {
  function: { least: 206, share: 5 },
  from: { least: 150, share: 3 },
  calls: { least: 60, share: 0 },
  failures: { least: 66, share: 0 },
  pending: { least: 58, share: 0 },
  until: { least: 72, share: 0 },
  p50: { least: 66, share: 0 },
  p90: { least: 66, share: 0 },
  p99: { least: 66, share: 0 },
  maximum: { least: 66, share: 0 },
};

/** The most telling first; the last of them is the first to go. */
const priority: readonly HandlerColumn[] = [
  'function',
  'calls',
  'failures',
  'p50',
  'p99',
  'maximum',
  'pending',
  'p90',
  'until',
  'from',
];

/** Space between two columns, and left and right of all, px; the style sheet has the same. */
const gap = 8;
const margin = 14;

/** The columns for a table of `width` pixels; function and calls are never left out. */
export function fittingStatistics(width: number): readonly StatisticsColumn[] {
  const chosen = new Set<HandlerColumn>();
  let used = 2 * margin - gap;
  for (const id of priority) {
    used += widths[id].least + gap;
    if (used > width && chosen.size >= 2) break;
    chosen.add(id);
  }
  return statisticsColumns.filter(({ id }) => chosen.has(id));
}

/** The widths of columns as `grid-template-columns`. */
export function statisticsTemplate(columns: readonly StatisticsColumn[]): string {
  return columns
    .map(({ id }) => {
      const { least, share } = widths[id];
      return share === 0 ? `${least}px` : `minmax(0, ${share}fr)`;
    })
    .join(' ');
}
