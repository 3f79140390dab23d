/** The canvas's colours: the same CSS variables that the rest of the window uses. */
import type { RuleSeverity } from '../../shared/rules/catalogue';
import { functionFamilies, type FunctionFamily } from './families';

/** Fill of a bar and the text that can be read on it. */
export interface BarColor {
  readonly fill: string;
  readonly text: string;
}

/** Everything that the canvases paint with. */
export interface TimelineColors {
  readonly background: string;
  readonly laneAlternate: string;
  readonly line: string;
  readonly lineFaint: string;
  readonly text: string;
  readonly textMuted: string;
  readonly textFaint: string;
  readonly accent: string;
  readonly cursor: string;
  readonly selection: string;
  readonly error: string;
  readonly warning: string;
  /** Marks of findings, and their edge, which also draws the sign on them. */
  readonly marks: Readonly<Record<RuleSeverity | 'edge', string>>;
  readonly host: string;
  readonly chimney: string;
  readonly peer: string;
  readonly window: string;
  readonly families: Readonly<Record<FunctionFamily, BarColor>>;
  readonly font: string;
}

/** Relative luminance of `#rrggbb` (WCAG 2.1). */
export function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0]! + 0.7152 * channels[1]! + 0.0722 * channels[2]!;
}

/** Contrast of two `#rrggbb` colours, 1 to 21 (WCAG 2.1). */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever is read better on a fill. */
export function readableOn(fill: string): string {
  return contrast(fill, '#ffffff') >= contrast(fill, '#101216') ? '#ffffff' : '#101216';
}

/** Reads the variables of the element's theme. */
export function readColors(element: Element): TimelineColors {
  const style = getComputedStyle(element);
  const variable = (name: string): string => style.getPropertyValue(name).trim();
  const families = Object.fromEntries(
    functionFamilies.map((family) => {
      const fill = variable(`--family-${family}`);
      return [family, { fill, text: readableOn(fill) }];
    }),
  ) as Record<FunctionFamily, BarColor>;
  return {
    background: variable('--surface'),
    laneAlternate: variable('--surface-alternate'),
    line: variable('--line'),
    lineFaint: variable('--line-faint'),
    text: variable('--text'),
    textMuted: variable('--text-muted'),
    textFaint: variable('--text-faint'),
    accent: variable('--accent'),
    cursor: variable('--cursor'),
    selection: variable('--text'),
    error: variable('--error'),
    warning: variable('--warning'),
    marks: {
      error: variable('--mark-error'),
      warning: variable('--mark-warning'),
      info: variable('--mark-info'),
      edge: variable('--mark-edge'),
    },
    host: variable('--path-host'),
    chimney: variable('--path-chimney'),
    peer: variable('--path-peer'),
    window: variable('--accent-soft'),
    families,
    font: variable('--font-ui'),
  };
}
