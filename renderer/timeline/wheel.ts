/** What a turn of the wheel means. Pure. */

/** The parts of a `WheelEvent` that matter. */
export interface WheelTurn {
  readonly deltaX: number;
  readonly deltaY: number;
  /** 0 pixels, 1 lines, 2 pages. */
  readonly deltaMode: number;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

/** `zoom` around the pointer by a factor, `pan` in time by pixels, or `scroll` the lanes by pixels. */
export type WheelIntent =
  | { readonly kind: 'zoom'; readonly factor: number }
  | { readonly kind: 'move'; readonly panPixels: number; readonly scrollPixels: number };

const pixelsPerUnit: readonly number[] = [1, 18, 400];

/** Control zooms, Shift pans, a trackpad's sideways part pans, the rest scrolls the lanes. */
export function wheelIntent(turn: WheelTurn): WheelIntent {
  const unit = pixelsPerUnit[turn.deltaMode] ?? 1;
  const x = turn.deltaX * unit;
  const y = turn.deltaY * unit;
  if (turn.ctrlKey || turn.metaKey)
    return { kind: 'zoom', factor: Math.exp(Math.max(-200, Math.min(200, y)) * 0.003) };
  if (turn.shiftKey) return { kind: 'move', panPixels: x === 0 ? y : x, scrollPixels: 0 };
  return { kind: 'move', panPixels: x, scrollPixels: y };
}
