/** Forms of the severities on a grid of 16, the same on the canvas and beside words: what tells them apart without colour. */
import type { RuleSeverity } from '../../shared/rules/catalogue';

/** An outline that is filled, and a sign that is drawn on it with lines. */
export interface SeverityShape {
  readonly body: string;
  readonly sign: string;
}

/** See the file's head. */
export const severityShapes: Readonly<Record<RuleSeverity, SeverityShape>> = {
  error: { body: 'M5 1h6l4 4v6l-4 4H5l-4-4V5Z', sign: 'm5.4 5.4 5.2 5.2M10.6 5.4l-5.2 5.2' },
  warning: { body: 'M8 .8 15.8 15H.2Z', sign: 'M8 5.8v4.4M8 12.7v.1' },
  info: { body: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z', sign: 'M8 7.4v4M8 4.6v.1' },
};
