/** Which columns of the calls table fit, by priority. Pure. */
import type { CallColumn } from './callRows';

/** Name of a column. */
export type ColumnId =
  'time' | 'function' | 'from' | 'connection' | 'processor' | 'irql' | 'duration' | 'latency' | 'status';

/** A column of the table. */
export interface TableColumn {
  readonly id: ColumnId;
  readonly title: string;
  /** What it sorts by, if it can. */
  readonly sort?: CallColumn;
}

/** Least width in px, and the share of what is left over; in the order in which the table shows them. */
const widths: Readonly<Record<ColumnId, { readonly least: number; readonly share: number }>> = {
  time: { least: 96, share: 0 },
  function: { least: 210, share: 5 },
  from: { least: 150, share: 3 },
  connection: { least: 40, share: 0 },
  processor: { least: 32, share: 0 },
  irql: { least: 64, share: 0 },
  duration: { least: 70, share: 0 },
  latency: { least: 94, share: 0 },
  status: { least: 124, share: 3 },
};

/** The most telling first; the last of them is the first to go. */
const priority: readonly ColumnId[] = [
  'function',
  'time',
  'status',
  'duration',
  'from',
  'latency',
  'connection',
  'irql',
  'processor',
];

/** Space between two columns, and left and right of all, px; the style sheet has the same. */
const gap = 10;
const margin = 14;

/** The columns for a table of `width` pixels; function and time are never left out. */
export function fittingColumns(width: number): ReadonlySet<ColumnId> {
  const chosen = new Set<ColumnId>();
  let used = 2 * margin - gap;
  for (const id of priority) {
    used += widths[id].least + gap;
    if (used > width && chosen.size >= 2) break;
    chosen.add(id);
  }
  return chosen;
}

/** The widths of the chosen columns as `grid-template-columns`. */
export function columnTemplate(chosen: ReadonlySet<ColumnId>): string {
  return (Object.keys(widths) as ColumnId[])
    .filter((id) => chosen.has(id))
    .map((id) => {
      const { least, share } = widths[id];
      // Function and time stay even where there is no room for their least width.
      return share === 0 ? `${least}px` : `minmax(${chosen.size > 2 ? least : 0}px, ${share}fr)`;
    })
    .join(' ');
}
