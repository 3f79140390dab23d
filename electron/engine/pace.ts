/** Lets virtual time follow the clock of whoever runs it: between events, so that a run is the same at every pace. */

/** See the file's head. */
export class Pace {
  private factor: number | undefined;
  private virtualBase = 0;
  private realBase = 0;

  /** @param clock real time, ms */
  constructor(private readonly clock: () => number) {}

  /** Seconds of virtual time in a second of real time from now on; undefined: as fast as it goes. */
  set(factor: number | undefined, now: number): void {
    this.factor = factor;
    this.restart(now);
  }

  /** Real time has gone by that does not count: the run stood still. */
  restart(now: number): void {
    this.virtualBase = now;
    this.realBase = this.clock();
  }

  /** Virtual time, ns, up to which the run may go now; undefined: as far as it likes. */
  get until(): number | undefined {
    if (this.factor === undefined) return undefined;
    return this.virtualBase + (this.clock() - this.realBase) * 1e6 * this.factor;
  }

  /** Real time until a virtual one is due, ms; 0 if it is. */
  delayTo(time: number): number {
    const { factor } = this;
    if (factor === undefined) return 0;
    return Math.max(0, (time - this.virtualBase) / (1e6 * factor) - (this.clock() - this.realBase));
  }
}
