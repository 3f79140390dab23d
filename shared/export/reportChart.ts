/** Small charts of quantities over time as SVG, without a script. */
import { markup, type Markup } from './markup';

/** A line: values that hold from their times on. */
export interface ChartLine {
  readonly name: string;
  /** ns, ascending. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A chart. */
export interface Chart {
  readonly title: string;
  /** Writes a value of the vertical axis. */
  readonly axis: (value: number) => string;
  readonly lines: readonly ChartLine[];
  /** Where the horizontal axis ends, ns. */
  readonly until: number;
}

const [width, height] = [860, 220] as const;
const plot = { left: 84, right: 12, top: 12, bottom: 30 } as const;
const plotWidth = width - plot.left - plot.right;
const plotHeight = height - plot.top - plot.bottom;

/** The smallest of 1, 2, 5 times a power of ten that is at least a value. */
export function niceAtLeast(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}

/** A step line: of each pixel column the least and the greatest value, so that no peak is lost. */
function linePath({ times, values }: ChartLine, until: number, most: number): string {
  const column = (time: number): number => Math.round((time / until) * plotWidth);
  const row = (value: number): string => (plot.top + plotHeight * (1 - value / most)).toFixed(1);
  let path = '';
  let held: number | undefined;
  for (let index = 0; index < times.length;) {
    const at = column(times[index]!);
    let least = Infinity;
    let greatest = -Infinity;
    let last = 0;
    for (; index < times.length && column(times[index]!) === at; index++) {
      last = values[index]!;
      least = Math.min(least, last);
      greatest = Math.max(greatest, last);
    }
    const x = plot.left + at;
    path += held === undefined ? `M${x} ${row(least)}` : `H${x}V${row(least)}`;
    path += `V${row(greatest)}V${row(last)}`;
    held = last;
  }
  return held === undefined ? '' : `${path}H${plot.left + plotWidth}`;
}

/** The chart as a figure with a legend; at most six lines are told apart. */
export function chartFigure({ title, axis, lines, until }: Chart): Markup {
  const most = niceAtLeast(
    Math.max(0, ...lines.map(({ values }) => values.reduce((a, b) => Math.max(a, b), 0))),
  );
  const end = Math.max(1, until);
  const fractions = [0, 0.25, 0.5, 0.75, 1];
  const horizontal = fractions.map((fraction) => {
    const y = plot.top + plotHeight * (1 - fraction);
    return markup`<line class="grid" x1="${plot.left}" x2="${width - plot.right}" y1="${y}" y2="${y}"/><text x="${plot.left - 8}" y="${y + 4}" text-anchor="end">${axis(most * fraction)}</text>`;
  });
  const vertical = fractions.map((fraction) => {
    const x = plot.left + plotWidth * fraction;
    const anchor = fraction === 1 ? 'end' : fraction === 0 ? 'start' : 'middle';
    return markup`<text x="${x}" y="${height - 8}" text-anchor="${anchor}">${((end * fraction) / 1e6).toFixed(end < 1e7 ? 3 : 1)} ms</text>`;
  });
  const paths = lines.map(
    (line, index) => markup`<path class="line line-${index % 6}" d="${linePath(line, end, most)}"/>`,
  );
  const legend = lines.map(
    ({ name }, index) =>
      markup`<li><svg viewBox="0 0 28 8" width="28" height="8" aria-hidden="true"><path class="line line-${index % 6}" d="M0 4H28"/></svg> ${name}</li>`,
  );
  return markup`<figure><figcaption>${title}</figcaption><svg role="img" aria-label="${title}" viewBox="0 0 ${width} ${height}">${horizontal}${vertical}${paths}</svg><ul class="legend">${legend}</ul></figure>
`;
}
