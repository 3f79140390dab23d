/** Timers of a protocol that no state variable shows, made visible: the trace says when one is started, is stopped, and expires. */
import { timerExpired, timerStopped, type RecordedTimer } from '../../../shared/trace/timerCounter';
import type { StateObserver } from '../observe/stateObserver';
import type { NDIS_OFFLOAD_HANDLE } from '../ndis/offloadBlockList';

/** A timer that somebody tampers with. */
export interface TamperedTimer {
  readonly name: RecordedTimer;
  /** When it expires, virtual ns; Infinity while it does not run. */
  readonly due: number;
  /** Lets it expire, if it still runs. */
  expire(): void;
}

/** Makes the timers of a driver go wrong. What is absent goes right. */
export interface TimerTamper {
  /** Whether it is started. */
  readonly starts?: (timer: TamperedTimer) => boolean;
  /** Whether it is stopped; one that isn't runs on in the records, and whoever says so lets it expire. */
  readonly stops?: (timer: TamperedTimer) => boolean;
  /** Whether the driver does anything about its expiry. */
  readonly acts?: (timer: TamperedTimer) => boolean;
}

/** Whose timers they are. */
export interface TimerHome {
  readonly observer: StateObserver;
  readonly component: number;
  readonly timerTamper?: TimerTamper | undefined;
}

/** See the file's head. It keeps no time by itself: whoever has it says what becomes of it. */
export class ProtocolTimer implements TamperedTimer {
  due = Infinity;

  constructor(
    private readonly home: TimerHome,
    private readonly handle: NDIS_OFFLOAD_HANDLE,
    readonly name: RecordedTimer,
  ) {}

  /** It exists and does not run. */
  exists(): void {
    this.record(timerStopped);
  }

  /** It is started for a time, or started anew; answers whether it runs. */
  started(due: number): boolean {
    const ran = this.due !== Infinity;
    if (!ran && this.home.timerTamper?.starts?.(this) === false) return false;
    this.due = due;
    if (!ran) this.record(due);
    return true;
  }

  /** It need not expire any more. */
  stopped(): void {
    if (this.due === Infinity || this.home.timerTamper?.stops?.(this) === false) return;
    this.due = Infinity;
    this.record(timerStopped);
  }

  /** It has expired; answers whether its owner is to do what follows from that. */
  expired(): boolean {
    this.expire();
    return this.home.timerTamper?.acts?.(this) !== false;
  }

  expire(): void {
    if (this.due === Infinity) return;
    this.due = Infinity;
    this.record(timerExpired);
  }

  private record(value: number): void {
    this.home.observer.timer(this.handle, this.home.component, this.name, value);
  }
}
