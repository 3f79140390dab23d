/** What a verb tells on a terminal while it is at work; nothing where standard error is no terminal, so that scripts see no trace of it. */

/** Work that takes less time than this shows no progress, ms. */
const quietTime = 1000;

/** Shortest time between two changes of the line, ms. */
const shortestInterval = 100;

/** One line that is written over and over. */
export class ProgressLine {
  private readonly begun = performance.now();
  private last = -Infinity;
  private shown = false;

  /** @param doing what goes on, such as `carried`; it follows the percentage. */
  constructor(private readonly doing: string) {}

  /** How far it has come, 0 to 1. */
  show(fraction: number): void {
    this.line(`${(Math.min(1, fraction) * 100).toFixed(0).padStart(3)} % ${this.doing} (Ctrl+C stops)`);
  }

  /** What goes on, where nobody knows how long it takes. */
  tell(what: string): void {
    this.line(`${this.doing}: ${what}`);
  }

  /** Tells how long it takes until the answer is called, for work that says nothing by itself; that takes the line away, too. */
  wait(what: string): () => void {
    const begun = performance.now();
    const timer = setInterval(() => {
      this.tell(`${what}, ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    }, shortestInterval);
    return () => {
      clearInterval(timer);
      this.clear();
    };
  }

  /** Takes the line away. */
  clear(): void {
    if (this.shown) process.stderr.write('\r\u001b[K');
    this.shown = false;
  }

  private line(text: string): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.begun < quietTime || now - this.last < shortestInterval) return;
    this.last = now;
    this.shown = true;
    process.stderr.write(`\r\u001b[K${text}`);
  }
}
