/** The clock that a target's timestamps show. */
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { adapterProfiles } from '../../facts/adapterProfiles';
import type { HandedTcp } from '../../facts/handedState';
import { ticksOf, timestampDistance, timestampFlows } from '../../facts/timestampFlows';
import { badFrame, constFlags, targetSegments } from '../wire/targetFrames';
import { engineQueue } from './tolerance';

/** Shortest time over which a slope can be told, virtual ns, and the share by which it may differ. */
const shortestSlope = 300_000_000;
const slopeTolerance = 0.1;

/** The first timestamp of a target since it took a connection. */
interface FirstTimestamp {
  readonly tcp: HandedTcp;
  readonly frame: WireFrame;
  readonly value: number;
}

/** Calls `decide` for each timestamp of a target but its first, with that one, the ticks per second, and the time between them. */
function sinceFirst(
  context: Parameters<typeof targetSegments>[0],
  decide: (frame: WireFrame, value: number, first: FirstTimestamp, ticksPerSecond: number) => void,
): ReturnType<typeof targetSegments> {
  const profiles = context.facts.of(adapterProfiles);
  const firsts = new Map<number, FirstTimestamp>();
  return targetSegments(context, (frame, tcp) => {
    const value = frame.timestamp;
    if (value === undefined || frame.flags & tcpFlags.RST || frame.connection === undefined) return;
    const first = firsts.get(frame.connection);
    if (first?.tcp !== tcp) {
      firsts.set(frame.connection, { tcp, frame, value });
      return;
    }
    const ticks = profiles.ticksPerSecond(frame.sender);
    if (ticks !== undefined) decide(frame, value, first, ticks);
  });
}

/** See the file's head. */
export const clockRules: readonly Rule[] = [
  rule('TMS-001', (context) =>
    targetSegments(context, (frame, tcp) => {
      const enabled = (tcp.constant.Flags & constFlags.timestamps) !== 0;
      const has = frame.option(8) >= 0;
      context.expect(has === enabled, () => ({
        ...badFrame(
          frame,
          tcp.initiate.event,
          has ? 'a segment with the timestamps option' : 'a segment without the timestamps option',
          `TCP_FLAG_TIMESTAMP_ENABLED is ${enabled ? 'set: the option in each' : 'clear: the option in none'}`,
        ),
        ...(frame.flags & tcpFlags.RST ? { severity: 'info' } : {}),
      }));
    }),
  ),

  rule('TMS-004', (context) =>
    sinceFirst(context, (frame, value, first, ticksPerSecond) => {
      const rise = timestampDistance(first.value, value);
      const elapsed = frame.time - first.frame.time;
      const least = ticksOf(elapsed - engineQueue, ticksPerSecond) - 1;
      const most = ticksOf(elapsed + engineQueue, ticksPerSecond) + 2;
      context.expect(rise >= least && rise <= most, () =>
        badFrame(
          frame,
          first.frame.event,
          `a timestamp ${rise} ticks above another one of ${(elapsed / 1e6).toFixed(1)} ms before`,
          `${ticksOf(elapsed, ticksPerSecond)} ticks above it`,
        ),
      );
    }),
  ),

  rule('TMS-008', (context) =>
    sinceFirst(context, (frame, value, first, ticksPerSecond) => {
      const elapsed = frame.time - first.frame.time;
      if (elapsed < shortestSlope) return;
      const expected = (elapsed * ticksPerSecond) / 1e9;
      const rise = timestampDistance(first.value, value);
      const tolerance = Math.max(2, expected * slopeTolerance + (engineQueue * ticksPerSecond) / 1e9);
      context.expect(Math.abs(rise - expected) <= tolerance, () =>
        badFrame(
          frame,
          first.frame.event,
          `timestamps that rise by ${Math.round((rise * 1e9) / elapsed)} ticks per second`,
          `${ticksPerSecond} ticks per second, the TicksPerSecond of the target`,
        ),
      );
    }),
  ),

  rule('TMS-007', ({ expect, facts }) => {
    const stamps = facts.of(timestampFlows);
    return {
      frame: (frame) => {
        if (frame.path === 'peer' || !frame.isSegment || frame.isFragment || frame.flags & tcpFlags.RST)
          return;
        const last = stamps.of(frame.connection)?.last;
        const value = last === undefined ? undefined : frame.timestamp;
        // Frames of two adapters overtake each other.
        if (last === undefined || value === undefined || last.frame.sender !== frame.sender) return;
        expect(timestampDistance(last.value, value) >= 0, () => ({
          events: [last.frame.event, frame.event],
          found: `a timestamp of the ${frame.path === 'host' ? 'host stack' : 'target'} that is older than one of the ${last.frame.path === 'host' ? 'host stack' : 'target'} before it`,
          expected: `${last.value} or more`,
          component: frame.path === 'host' ? facts.machine.withRole('host-stack')[0]?.id : frame.sender,
          connection: frame.connection,
        }));
      },
    };
  }),
];
