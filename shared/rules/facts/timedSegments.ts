/** Segments that the timers of targets have sent, handed to the rules that want their kind: they are rare. */
import type { WireFrame } from '../engine/frame';
import { Gate } from '../engine/gate';
import type { FactDefinition, GuardedHandlers, Handlers } from '../engine/rule';
import { targetHolds, type TargetHold, type TargetHolds, type TimedKind } from './targetHolds';

/** See the file's head. */
export class TimedSegments implements Handlers {
  private readonly gates: Readonly<Record<TimedKind, Gate>> = {
    timeout: new Gate(),
    'window-probe': new Gate(),
    'keep-alive': new Gate(),
  };
  private last: TimedKind | undefined;

  constructor(private readonly holds: TargetHolds) {}

  readonly chimneyFrame = (frame: WireFrame): void => {
    const kind = this.holds.kindOf(frame);
    if (kind === this.last) return;
    if (this.last !== undefined) this.gates[this.last].isOpen = false;
    if (kind !== undefined) this.gates[kind].isOpen = true;
    this.last = kind;
  };

  /** Takes the segments of a kind, with the connection as it was before. */
  on(kind: TimedKind, take: (frame: WireFrame, hold: TargetHold) => void): GuardedHandlers {
    return {
      gate: this.gates[kind],
      chimneyFrame: (frame) => {
        take(frame, this.holds.of(frame.connection)!);
      },
    };
  }
}

/** `facts.of(timedSegments)`. */
export const timedSegments: FactDefinition<TimedSegments> = {
  isEarly: true,
  start: (facts) => new TimedSegments(facts.of(targetHolds)),
};
