/** Numbers of findings in words. */
import { countOf } from '../format/quantity';
import { severities, type SeverityCounts } from '../stores/sortedFindings';
import { severityNames } from '../views/findings/findingGroups';

/** All severities together. */
export function totalOf(counts: SeverityCounts): number {
  return severities.reduce((sum, severity) => sum + counts[severity], 0);
}

/** `2 errors, 1 hint`; empty where there are none. */
export function countsInWords(counts: SeverityCounts): string {
  return severities
    .filter((severity) => counts[severity] > 0)
    .map((severity) => countOf(counts[severity], severityNames[severity]))
    .join(', ');
}
