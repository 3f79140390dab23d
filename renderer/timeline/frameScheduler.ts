/** One animation frame for all canvases: parts ask to be drawn, and are drawn together, once. */

/** Gives callbacks a frame; `requestAnimationFrame` or, in tests, anything. */
export type RequestFrame = (callback: () => void) => void;

/** See the file's head. */
export class FrameScheduler {
  private readonly dirty = new Set<() => void>();
  private requested = false;
  private waiting: (() => void)[] = [];

  constructor(private readonly request: RequestFrame = (callback) => void requestAnimationFrame(callback)) {}

  /** Draws a part in the next frame. */
  invalidate(draw: () => void): void {
    this.dirty.add(draw);
    this.ask();
  }

  /** Forgets a part that no longer exists. */
  remove(draw: () => void): void {
    this.dirty.delete(draw);
  }

  /** Resolves when two frames have passed with nothing left to draw: what was asked for is on the screen. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 2;) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        this.ask();
      });
      quiet = this.dirty.size === 0 ? quiet + 1 : 0;
    }
  }

  private ask(): void {
    if (this.requested) return;
    this.requested = true;
    this.request(() => {
      this.requested = false;
      const parts = [...this.dirty];
      this.dirty.clear();
      for (const draw of parts) draw();
      const waiting = this.waiting;
      this.waiting = [];
      for (const resolve of waiting) resolve();
    });
  }
}
