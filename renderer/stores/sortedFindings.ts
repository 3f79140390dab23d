/**
 * Findings in the order of a position, a time or an event, apart by severity. New ones mostly come last. Who draws them asks for a stretch, merged by
 * columns: the work depends on the columns and not on the number of findings.
 */
import type { RuleSeverity } from '../../shared/rules/catalogue';
import type { Finding } from '../../shared/rules/engine/finding';

/** The gravest first. */
export const severities: readonly RuleSeverity[] = ['error', 'warning', 'info'];

/** Findings that share a column. */
export interface MergedFindings {
  /** Of the gravest of them that comes first. */
  readonly position: number;
  readonly severity: RuleSeverity;
  readonly finding: Finding;
  readonly count: number;
}

/** Number of findings of each severity. */
export type SeverityCounts = Record<RuleSeverity, number>;

/** No findings. */
export function noCounts(): SeverityCounts {
  return { error: 0, warning: 0, info: 0 };
}

/** The findings of one severity. */
class Column {
  readonly positions: number[] = [];
  readonly findings: Finding[] = [];

  add(position: number, finding: Finding): void {
    const { positions, findings } = this;
    if (positions.length === 0 || positions[positions.length - 1]! <= position) {
      positions.push(position);
      findings.push(finding);
      return;
    }
    const at = this.countUntil(position);
    positions.splice(at, 0, position);
    findings.splice(at, 0, finding);
  }

  /** Index of the first at or after a position. */
  firstFrom(position: number, from = 0): number {
    let low = from;
    let high = this.positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Number of those up to and with a position. */
  countUntil(position: number): number {
    let low = 0;
    let high = this.positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.positions[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** See the file's head. */
export class SortedFindings {
  private readonly columns: Readonly<Record<RuleSeverity, Column>> = {
    error: new Column(),
    warning: new Column(),
    info: new Column(),
  };

  /** Takes a finding in, behind those of the same position. */
  add(position: number, finding: Finding): void {
    this.columns[finding.severity].add(position, finding);
  }

  /** How many there are up to and with a position. */
  countUntil(position: number, hidden: ReadonlySet<RuleSeverity>): SeverityCounts {
    const counts = noCounts();
    for (const severity of severities)
      if (!hidden.has(severity)) counts[severity] = this.columns[severity].countUntil(position);
    return counts;
  }

  /** The last `most` of those up to and with a position: the gravest first, of equal ones the latest. */
  lastUntil(position: number, hidden: ReadonlySet<RuleSeverity>, most: number): Finding[] {
    const found: Finding[] = [];
    for (const severity of severities) {
      if (hidden.has(severity)) continue;
      const { findings } = this.columns[severity];
      for (
        let index = this.columns[severity].countUntil(position) - 1;
        index >= 0 && found.length < most;
        index--
      )
        found.push(findings[index]!);
    }
    return found;
  }

  /**
   * The first finding strictly behind a position, or the last one strictly before it.
   * @param step 1: behind, -1: before
   */
  next(position: number, step: -1 | 1, hidden: ReadonlySet<RuleSeverity>): Finding | undefined {
    let best: { readonly position: number; readonly finding: Finding } | undefined;
    for (const severity of severities) {
      if (hidden.has(severity)) continue;
      const column = this.columns[severity];
      const index = step === 1 ? column.countUntil(position) : column.firstFrom(position) - 1;
      const at = column.positions[index];
      if (at === undefined) continue;
      if (best === undefined || (at - best.position) * step < 0)
        best = { position: at, finding: column.findings[index]! };
    }
    return best?.finding;
  }

  /** Those from `from` to `until`, as one where they share a column; columns are `width` wide and begin at its multiples, so that they stay while the stretch moves. */
  merged(from: number, until: number, width: number, hidden: ReadonlySet<RuleSeverity>): MergedFindings[] {
    const columns = severities.filter((severity) => !hidden.has(severity)).map((one) => this.columns[one]);
    const at = columns.map((column) => column.firstFrom(from));
    const merged: MergedFindings[] = [];
    for (;;) {
      let next = Infinity;
      columns.forEach((column, index) => {
        next = Math.min(next, column.positions[at[index]!] ?? Infinity);
      });
      if (next > until) return merged;
      const columnEnd = (Math.floor(next / width) + 1) * width;
      let count = 0;
      let gravest: Omit<MergedFindings, 'count'> | undefined;
      columns.forEach((column, index) => {
        const first = at[index]!;
        // A width too small to be told at this position: those at one place still are one.
        const end = Math.max(column.firstFrom(columnEnd, first), column.countUntil(next));
        if (end <= first) return;
        const finding = column.findings[first]!;
        gravest ??= { position: column.positions[first]!, severity: finding.severity, finding };
        count += end - first;
        at[index] = end;
      });
      if (gravest === undefined) return merged;
      merged.push({ ...gravest, count });
    }
  }
}
