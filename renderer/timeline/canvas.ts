/** Canvas set-up and small drawing helpers. */

/** Gives a canvas the device's pixels and answers a context that counts in CSS pixels; undefined if there is no room. */
export function prepareCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | undefined {
  if (width < 1 || height < 1) return undefined;
  const ratio = window.devicePixelRatio || 1;
  const deviceWidth = Math.round(width * ratio);
  const deviceHeight = Math.round(height * ratio);
  if (canvas.width !== deviceWidth) canvas.width = deviceWidth;
  if (canvas.height !== deviceHeight) canvas.height = deviceHeight;
  const context = canvas.getContext('2d');
  if (context === null) return undefined;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

const widths = new Map<string, number>();

/** Width of a text in the context's font, remembered: the timeline writes few different words many times. */
export function textWidth(context: CanvasRenderingContext2D, text: string): number {
  const key = `${context.font}|${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 5000) widths.clear();
    widths.set(key, (width = context.measureText(text).width));
  }
  return width;
}

/** The text, or as much of it as fits with an ellipsis; empty if that is less than three letters. */
export function fitText(context: CanvasRenderingContext2D, text: string, room: number): string {
  const full = textWidth(context, text);
  if (full <= room) return text;
  const letters = Math.floor((room / full) * text.length) - 1;
  return letters < 3 ? '' : `${text.slice(0, letters)}…`;
}

/** A repeating pattern of diagonal lines: transitions and gaps, told apart without hue. */
export function hatch(context: CanvasRenderingContext2D, color: string, spacing = 6): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = spacing;
  tile.height = spacing;
  const draw = tile.getContext('2d');
  if (draw === null) return color;
  draw.strokeStyle = color;
  draw.lineWidth = 1.4;
  draw.beginPath();
  for (const shift of [-spacing, 0, spacing]) {
    draw.moveTo(shift, spacing);
    draw.lineTo(shift + spacing, 0);
  }
  draw.stroke();
  return context.createPattern(tile, 'repeat') ?? color;
}
