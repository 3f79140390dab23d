/** Where the marks of findings stand in the visible part of the timeline. Pure. */
import type { RuleSeverity } from '../../shared/rules/catalogue';
import type { Finding } from '../../shared/rules/engine/finding';
import type { SortedFindings } from '../stores/sortedFindings';
import type { Lane } from './lanes';
import { rowKey } from './rowKeys';
import type { LaneWindow } from './timelineLayout';
import { pixelOf, type TimeRange } from './viewport';

/** Edge of a mark, px. */
export const markSize = 13;

/** How far beside a mark a pointer may be, px. */
const tolerance = 1;

/** A mark, with its middle in pixels. */
export interface FindingMark {
  readonly x: number;
  readonly y: number;
  readonly severity: RuleSeverity;
  /** The gravest that it stands for. */
  readonly finding: Finding;
  /** Number of findings that it stands for. */
  readonly count: number;
}

/** Findings by the row that they belong to. */
export interface FindingRows {
  inRow(key: string): SortedFindings | undefined;
  readonly hidden: { readonly value: ReadonlySet<RuleSeverity> };
}

/** The marks of one stretch of time, at a height. */
export function layoutMarksAt(
  sorted: SortedFindings,
  hidden: ReadonlySet<RuleSeverity>,
  range: TimeRange,
  width: number,
  size: number,
  y: number,
): FindingMark[] {
  const pixel = (range.until - range.from) / width;
  const air = (size / 2) * pixel;
  return sorted
    .merged(range.from - air, range.until + air, size * pixel, hidden)
    .map(({ position, severity, finding, count }) => ({
      x: pixelOf(range, width, position),
      y,
      severity,
      finding,
      count,
    }));
}

/** The marks in the rows that touch the visible part of the lanes; `y` counts from the top of all lanes. */
export function layoutFindingMarks(
  findings: FindingRows,
  lanes: readonly Lane[],
  range: TimeRange,
  width: number,
  window: LaneWindow,
): FindingMark[] {
  const marks: FindingMark[] = [];
  for (const lane of lanes) {
    if (lane.y > window.top + window.height || lane.y + lane.height < window.top) continue;
    for (const row of lane.rows) {
      const key = rowKey(lane, row);
      const sorted = key === undefined ? undefined : findings.inRow(key);
      // A little above the middle: what the row says stays readable below.
      if (sorted !== undefined)
        marks.push(...layoutMarksAt(sorted, findings.hidden.value, range, width, markSize, row.y + 3));
    }
  }
  return marks;
}

/** The mark at a point: of several that overlap, the one that lies uppermost. */
export function markAt(
  marks: readonly FindingMark[],
  x: number,
  y: number,
  size = markSize,
): FindingMark | undefined {
  const reach = size / 2 + tolerance;
  for (let index = marks.length - 1; index >= 0; index--) {
    const mark = marks[index]!;
    if (Math.abs(mark.x - x) <= reach && Math.abs(mark.y - y) <= reach) return mark;
  }
  return undefined;
}
