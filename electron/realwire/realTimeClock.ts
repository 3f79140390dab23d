/** Real time for an emulator that plays along with the real world: monotonic, in ns, 0 where virtual time is 0. */
export class RealTimeClock {
  private readonly begun = performance.now();

  /** Ns since the clock was made. */
  get now(): number {
    return Math.floor((performance.now() - this.begun) * 1e6);
  }
}
