/** Draws the marks of findings: form and colour of the severity, with an edge that sets them off from what lies below. */
import type { RuleSeverity } from '../../shared/rules/catalogue';
import { severityShapes } from '../widgets/severityShapes';
import type { TimelineColors } from './colors';
import type { FindingMark } from './findingMarks';

/** The grid that shapes are drawn on. */
const grid = 16;

/** How far the copy behind a mark for several findings sticks out, in units of the grid. */
const behind = 3.5;

interface ShapePaths {
  readonly body: Path2D;
  readonly sign: Path2D;
}

let paths: Readonly<Record<RuleSeverity, ShapePaths>> | undefined;

function shapePaths(): Readonly<Record<RuleSeverity, ShapePaths>> {
  const make = (severity: RuleSeverity): ShapePaths => ({
    body: new Path2D(severityShapes[severity].body),
    sign: new Path2D(severityShapes[severity].sign),
  });
  return (paths ??= { error: make('error'), warning: make('warning'), info: make('info') });
}

/** Draws marks that are `size` pixels wide. A mark for several findings has a second one behind it. */
export function drawFindingMarks(
  context: CanvasRenderingContext2D,
  colors: TimelineColors,
  marks: readonly FindingMark[],
  size: number,
): void {
  const shapes = shapePaths();
  const scale = size / grid;
  context.lineJoin = 'round';
  context.lineCap = 'round';
  for (const { x, y, severity, count } of marks) {
    const { body, sign } = shapes[severity];
    context.save();
    context.translate(x - size / 2, y - size / 2);
    context.scale(scale, scale);
    context.strokeStyle = colors.marks.edge;
    context.fillStyle = colors.marks[severity];
    const layers = count > 1 ? [behind, -behind] : [0];
    for (const shift of layers) {
      context.translate(shift, 0);
      context.lineWidth = 3;
      context.stroke(body);
      context.fill(body);
    }
    context.lineWidth = 2;
    context.stroke(sign);
    context.restore();
  }
  context.lineJoin = 'miter';
  context.lineCap = 'butt';
}
