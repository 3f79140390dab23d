/**
 * Rules about the send side of silly-window avoidance (TMR-063, TMR-065, TMR-066), as segments show it: where nothing is in flight and the window
 * takes only a small part of what waits, the segment is held back for TcpSwsPreventionTicks.
 */
import { fateDelivers } from '../../../trace/frameFates';
import type { VirtualTime } from '../../../trace/records';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { targetHolds, type TargetHold } from '../../facts/targetHolds';
import { milliseconds } from './awaited';

/** What a target that has much to do may need, virtual ns. */
const busy = 30_000_000;

/** Payload that is less than a full-sized segment on any path. */
const small = 500;

/** The arrival behind which a small window was all that was left. */
interface SmallWindow {
  readonly frame: WireFrame;
  readonly at: VirtualTime;
  /** Bytes. */
  readonly window: number;
}

/** A small segment that filled such a window. */
interface Held {
  readonly hold: TargetHold;
  readonly since: SmallWindow;
  readonly frame: WireFrame;
  readonly waited: number;
  /** TcpSwsPreventionTicks in virtual ns. */
  readonly interval: number;
}

/** Handlers that find small segments that had to be held back. */
function heldSegments({ facts }: RuleContext, found: (held: Held) => void): Handlers {
  const holds = facts.of(targetHolds);
  const windows = new WeakMap<TargetHold, SmallWindow>();
  const forget = (connection: number | undefined): void => {
    const hold = holds.of(connection);
    if (hold !== undefined) windows.delete(hold);
  };
  return {
    call: {
      // What is posted only now has not been held.
      MiniportTcpOffloadSend: (call) => {
        forget(call.connection);
      },
      MiniportTcpOffloadForward: (call) => {
        forget(call.connection);
      },
    },
    peerFate: ({ fate }, frame, time) => {
      if (!fateDelivers(fate) || fate === 'corrupted') return;
      const hold = holds.of(frame.connection);
      if (hold?.isActive !== true || !frame.isSegment) return;
      const flow = holds.flowOf(hold);
      const shift = flow?.windowShifts?.peer;
      const before = windows.get(hold);
      const isIdle = frame.acknowledgment === flow?.machine.sent.end;
      const window = shift === undefined ? 0 : frame.window * 2 ** shift;
      if (!isIdle || window === 0 || window >= small) windows.delete(hold);
      else if (before?.window !== window || before.frame.acknowledgment !== frame.acknowledgment)
        windows.set(hold, { frame, at: time, window });
    },
    chimneyFrame: (frame) => {
      if (frame.sequenceLength === 0) return;
      const hold = holds.of(frame.connection);
      const since = hold === undefined ? undefined : windows.get(hold);
      if (hold === undefined || since === undefined) return;
      windows.delete(hold);
      const ticks = hold.parameter('TcpSwsPreventionTicks') ?? 0;
      const largest = hold.given.number('MaxSndWnd') ?? 0;
      const isNew = frame.sequence === holds.flowOf(hold)?.machine.sent.end;
      // PSH stands at the end of a send request, and what reaches that isn't held.
      const isHeld =
        isNew &&
        frame.payloadLength === since.window &&
        frame.payloadLength * 2 < largest &&
        (frame.flags & (tcpFlags.PSH | tcpFlags.FIN)) === 0;
      if (!isHeld || ticks === 0 || hold.tick === undefined) return;
      found({ hold, since, frame, waited: frame.time - since.at, interval: ticks * hold.tick });
    },
  };
}

function breach({ hold, since, frame, waited, interval }: Held, expected: string): () => Breach {
  return () => ({
    events: [since.frame.event, frame.event],
    found: `a segment of ${frame.payloadLength} bytes, all that the window takes, left after ${milliseconds(waited)}`,
    expected: `${expected} ${milliseconds(interval)} (TcpSwsPreventionTicks)`,
    component: hold.target,
    connection: hold.connection,
  });
}

/** See the file's head. */
export const sillyWindowRules: readonly Rule[] = [
  rule('TMR-063', (context) =>
    heldSegments(context, (held) => {
      context.expect(held.waited >= Math.min(busy, held.interval / 2), breach(held, 'it is held back for'));
    }),
  ),

  rule('TMR-065', (context) =>
    heldSegments(context, (held) => {
      context.expect(
        held.waited <= held.interval + 2 * held.hold.tick! + busy,
        breach(held, 'it leaves after'),
      );
    }),
  ),

  rule('TMR-066', (context) => {
    const seen = new WeakSet<TargetHold>();
    return heldSegments(context, (held) => {
      if (seen.has(held.hold) || held.waited < busy) return;
      seen.add(held.hold);
      const isFull = held.waited >= held.interval - 2 * held.hold.tick!;
      context.expect(isFull, breach(held, 'the first wait after the offload is a full one of'));
    });
  }),
];
