/** Mouse, pen, touch and wheel on the lanes, turned into intentions. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { VirtualTime } from '../../shared/trace/records';
import { rulerHeight } from './drawRuler';
import { clampRange, timeAt, zoomAround, type TimeRange } from './viewport';
import { wheelIntent } from './wheel';

/** What the lanes do with intentions. Positions are in pixels inside the field. */
export interface PointerTarget {
  readonly size: { readonly width: number; readonly height: number };
  range(): TimeRange;
  lastTime(): VirtualTime;
  showRange(range: TimeRange): void;
  scrollBy(pixels: number): void;
  moveCursor(time: VirtualTime): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number, time: VirtualTime): void;
  /** A double click. */
  open(): void;
}

/** State of the pointer and the listeners that keep it. */
export interface FieldPointer {
  readonly position: ShallowRef<{ readonly x: number; readonly y: number } | undefined>;
  readonly time: Ref<VirtualTime | undefined>;
  readonly panning: Ref<boolean>;
  readonly listeners: Readonly<Record<string, (event: never) => void>>;
}

/** Movement below this many pixels is a click. */
const clickSlack = 4;

type Drag =
  | { readonly kind: 'cursor' }
  | {
      readonly kind: 'pan';
      readonly x: number;
      readonly y: number;
      readonly range: TimeRange;
      lastY: number;
      moved: boolean;
    };

/** See the file's head. */
export function usePointer(target: PointerTarget): FieldPointer {
  const position = shallowRef<{ readonly x: number; readonly y: number }>();
  const time = ref<VirtualTime>();
  const panning = ref(false);
  let drag: Drag | undefined;

  const placeIn = (event: MouseEvent): { x: number; y: number } => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const timeOf = (x: number): VirtualTime => timeAt(target.range(), target.size.width, x);

  function pointerdown(event: PointerEvent): void {
    if (event.button !== 0 && event.button !== 1) return;
    const { x, y } = placeIn(event);
    const element = event.currentTarget as HTMLElement;
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    if (y < rulerHeight && event.button === 0) {
      drag = { kind: 'cursor' };
      target.moveCursor(timeOf(x));
    } else drag = { kind: 'pan', x, y, range: target.range(), lastY: y, moved: false };
    event.preventDefault();
  }

  function pointermove(event: PointerEvent): void {
    const { x, y } = placeIn(event);
    position.value = { x, y };
    time.value = timeOf(x);
    if (drag === undefined) {
      target.hover(x, y);
      return;
    }
    if (drag.kind === 'cursor') {
      target.moveCursor(timeOf(x));
      return;
    }
    if (!drag.moved && Math.hypot(x - drag.x, y - drag.y) < clickSlack) return;
    drag.moved = true;
    panning.value = true;
    const { from, until } = drag.range;
    const shift = ((x - drag.x) / target.size.width) * (until - from);
    target.showRange(clampRange({ from: from - shift, until: until - shift }, target.lastTime()));
    target.scrollBy(drag.lastY - y);
    drag.lastY = y;
  }

  function pointerup(event: PointerEvent): void {
    const finished = drag;
    drag = undefined;
    panning.value = false;
    if (finished?.kind !== 'pan' || finished.moved || event.button !== 0) return;
    const { x, y } = placeIn(event);
    target.click(x, y, timeOf(x));
  }

  function pointerleave(): void {
    if (drag !== undefined) return;
    position.value = undefined;
    time.value = undefined;
    target.leave();
  }

  function wheel(event: WheelEvent): void {
    event.preventDefault();
    const { x } = placeIn(event);
    const intent = wheelIntent(event);
    const range = target.range();
    if (intent.kind === 'zoom')
      target.showRange(zoomAround(range, timeOf(x), intent.factor, target.lastTime()));
    else {
      if (intent.panPixels !== 0) {
        const shift = (intent.panPixels / target.size.width) * (range.until - range.from);
        target.showRange(
          clampRange({ from: range.from + shift, until: range.until + shift }, target.lastTime()),
        );
      }
      if (intent.scrollPixels !== 0) target.scrollBy(intent.scrollPixels);
    }
  }

  function pointercancel(): void {
    drag = undefined;
    panning.value = false;
  }

  return {
    position,
    time,
    panning,
    listeners: {
      pointerdown,
      pointermove,
      pointerup,
      pointerleave,
      pointercancel,
      wheel,
      dblclick: () => target.open(),
    },
  };
}
