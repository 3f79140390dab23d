/** Numbers that the thread of a run shares with who watches it: they can be read while the thread does nothing but loop. */

/** What the thread is about. */
export const runPhases = {
  /** Modules are loaded, files are read. */
  settingUp: 0,
  /** The emulator is at work. */
  running: 1,
  /** It waits on purpose: at the gate, or for real time to go by. */
  waiting: 2,
  /** The run has ended; the trace is finished and saved. */
  ending: 3,
} as const;

/** See {@link runPhases}. */
export type RunPhase = (typeof runPhases)[keyof typeof runPhases];

const places = { beats: 0, phase: 1, wishes: 2 } as const;

/** See the file's head. */
export class ThreadState {
  private readonly numbers: Int32Array;

  constructor(readonly buffer = new SharedArrayBuffer(4 * Object.keys(places).length)) {
    this.numbers = new Int32Array(buffer);
  }

  /** Another number with each record: odd while one is being made, which may mean that the disk is slow. */
  get beats(): number {
    return Atomics.load(this.numbers, places.beats);
  }

  /** A record begins or ends. Only the thread itself says so, and who looks may see it late. */
  beat(): void {
    const { numbers } = this;
    numbers[places.beats] = (numbers[places.beats]! + 1) | 0;
  }

  /** No record is being made, whatever became of the last one. */
  rest(): void {
    if ((this.beats & 1) !== 0) this.beat();
  }

  get phase(): RunPhase {
    return Atomics.load(this.numbers, places.phase) as RunPhase;
  }

  set phase(phase: RunPhase) {
    Atomics.store(this.numbers, places.phase, phase);
  }

  /** Wishes that have been sent to the thread so far. Not exact: for looks that must cost nothing. */
  get wishes(): number {
    return this.numbers[places.wishes]!;
  }

  /** One more has been sent: wakes the thread. */
  wish(): void {
    Atomics.add(this.numbers, places.wishes, 1);
    Atomics.notify(this.numbers, places.wishes);
  }

  /** Waits until more than `count` have been sent, or for so many ms. */
  waitForWish(count: number, milliseconds = Infinity): void {
    Atomics.wait(this.numbers, places.wishes, count, milliseconds);
  }
}
