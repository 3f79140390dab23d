/** Rules about delayed acknowledgments (TMR-003 to TMR-007). */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { fateDelivers } from '../../../trace/frameFates';
import type { EventId, FrameFateRecord, VirtualTime } from '../../../trace/records';
import type { WireFrame } from '../../engine/frame';
import { tcpFlags } from '../../engine/frame';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { flows } from '../../facts/flows';
import { oidRequestFacts, bufferOf } from '../../facts/oidRequests';
import { busyAdapters } from '../../facts/busyAdapters';
import { unseenFrames } from '../../facts/unseenFrames';
import { targetHolds, type TargetHold } from '../../facts/targetHolds';
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import { milliseconds, processing } from './awaited';

/** What a target that has much to do may need until it looks at a segment, virtual ns. */
const busy = 30_000_000;

/** A segment with new data in order that the target has received and not acknowledged. */
interface Owed {
  readonly frame: WireFrame;
  readonly end: number;
  readonly arrivedAt: VirtualTime;
}

/** Packets of a connection that the host stack has handed to NDIS: an adapter without a link shows no frames of them. */
interface HostPackets {
  handed: number;
  /** Frames of them. */
  seen: number;
  /** The last call that handed some over. */
  last: EventId;
  /** The frame at which there was one of each packet. */
  settledBy: EventId | undefined;
}

/** What a target owes its peer. */
class Debt {
  readonly owed: Owed[] = [];
  /** Another segment has come since, which may have been acknowledged at once. */
  isMixed = false;
}

/** Handlers that keep, for every connection of a target, what arrived in order and is not acknowledged. */
function debts(
  { facts }: RuleContext,
  onAcknowledgment: (hold: TargetHold, debt: Debt, frame: WireFrame, paid: number) => void,
): Handlers {
  const holds = facts.of(targetHolds);
  const all = new WeakMap<TargetHold, Debt>();
  return {
    peerFate: ({ fate }: FrameFateRecord, frame, time): void => {
      if (!fateDelivers(fate)) return;
      const hold = holds.of(frame.connection);
      if (hold?.isActive !== true || !frame.isSegment || frame.isFragment) return;
      let debt = all.get(hold);
      if (debt === undefined) all.set(hold, (debt = new Debt()));
      const flow = holds.flowOf(hold);
      const { owed } = debt;
      const next = owed.at(-1)?.end ?? flow?.machine.sent.acknowledgment;
      // What comes again may have been lost behind the wire: nobody knows what the target has seen of it.
      if (next === undefined || sequenceDistance(frame.sequence, next) > 0) owed.length = 0;
      const isPlain =
        fate !== 'corrupted' &&
        frame.payloadLength > 0 &&
        (frame.flags & (tcpFlags.SYN | tcpFlags.RST | tcpFlags.FIN | tcpFlags.URG)) === 0 &&
        frame.sequence === next &&
        flow?.peer.arrived.rangesAhead.length === 0;
      if (owed.length > 0) debt.isMixed = true;
      if (isPlain) owed.push({ frame, end: frame.sequenceEnd, arrivedAt: time });
      else debt.isMixed = true;
    },
    frame: (frame) => {
      if (frame.path === 'peer') return;
      const hold = holds.of(frame.connection);
      if (hold === undefined || !frame.isSegment || !frame.has(tcpFlags.ACK)) return;
      const debt = all.get(hold);
      if (debt === undefined || debt.owed.length === 0) {
        if (debt !== undefined) debt.isMixed = false;
        return;
      }
      let paid = 0;
      while (paid < debt.owed.length && sequenceDistance(debt.owed[paid]!.end, frame.acknowledgment) >= 0)
        paid++;
      if (paid === 0) return;
      if (hold.isActive && frame.path === 'chimney') onAcknowledgment(hold, debt, frame, paid);
      debt.owed.splice(0, paid);
      debt.isMixed = debt.owed.length > 0;
    },
  };
}

/** See the file's head. */
export const acknowledgingRules: readonly Rule[] = [
  rule('TMR-003', ({ expect, facts }) => {
    const wire = facts.of(flows);
    const unseen = facts.of(unseenFrames);
    /** What the host stack has sent of each connection: an adapter without a link shows none of its frames. */
    const packets = new Map<number, HostPackets>();
    /** RcvNxt of the last upload: what the target had to acknowledge. */
    const handedBack = new Map<number, number>();
    return {
      call: {
        NdisSendNetBufferLists: (call) => {
          if (call.connection === undefined || facts.machine.role(call.caller) !== 'host-stack') return;
          const known = packets.get(call.connection) ?? { handed: 0, seen: 0, last: 0, settledBy: undefined };
          packets.set(call.connection, known);
          known.handed += call.lists.length;
          known.last = call.event;
        },
        ProtocolTerminateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            const next = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('RcvNxt');
            if (connection !== undefined && next !== undefined) handedBack.set(connection, next);
          }
        },
        NdisInitiateOffload: (call) => {
          if (facts.machine.role(call.caller) !== 'host-stack') return;
          for (const block of treeOf(call)) {
            const given = block.role === 'new' ? block.state('TCP_OFFLOAD_STATE_DELEGATED') : undefined;
            const next = given?.number('RcvNxt');
            const connection = facts.objects.find(block.object)?.connection;
            const sent = wire.of(connection)?.machine.sent;
            if (connection === undefined || next === undefined || sent?.acknowledgment === undefined)
              continue;
            if (handedBack.get(connection) === next) continue;
            if (unseen.anySince(sent.acknowledgmentBy?.event)) continue;
            const own = packets.get(connection);
            if (own !== undefined && own.handed > own.seen) {
              if (own.last > (sent.last?.event ?? -1) || unseen.anySince(own.settledBy)) continue;
            }
            expect(sequenceDistance(sent.acknowledgment, next) <= 0, () => ({
              events: [sent.acknowledgmentBy?.event, call.event],
              found: `RcvNxt ${next} is passed down, and the host stack's last acknowledgment was ${sent.acknowledgment}`,
              expected: `every acknowledgment that is due is sent before the offload`,
              component: call.caller,
              connection,
              object: block.object,
            }));
          }
        },
      },
      hostFrame: ({ connection, isSegment, isFragment, event }) => {
        const own = connection === undefined ? undefined : packets.get(connection);
        if (own === undefined || !isSegment || isFragment) return;
        if (++own.seen < own.handed) return;
        own.handed = own.seen = 0;
        own.settledBy = event;
      },
    };
  }),

  rule('TMR-004', (context) => {
    const seen = new WeakSet<TargetHold>();
    const { expect, facts } = context;
    const wire = facts.of(flows);
    const adapters = facts.of(busyAdapters);
    return debts(context, (hold, debt, frame, paid) => {
      if (seen.has(hold) || hold.tick === undefined || debt.isMixed || paid !== 1) return;
      if (frame.sequenceLength > 0 || hold.updating !== undefined) return;
      const sent = wire.of(frame.connection)?.machine.sent;
      // A larger window is told at once, whatever else is delayed; a probe has another number.
      if (sent?.window === undefined || frame.window > sent.window || frame.sequence !== sent.end) return;
      const delay = (hold.parameter('TcpDelayedAckTicks') ?? 0) * hold.tick;
      const [owed] = debt.owed;
      const waited = frame.time - owed!.arrivedAt;
      // What comes nearly at once was not delayed by the timer.
      if (waited < 2 * hold.tick + processing) return;
      // On a busy adapter it may have waited behind other frames.
      if (adapters.isQueued(frame)) return;
      seen.add(hold);
      expect(waited >= delay - 2 * hold.tick, () => ({
        events: [hold.taken?.event, owed!.frame.event, frame.event],
        found: `the first delayed acknowledgment after the offload came after ${milliseconds(waited)}`,
        expected: `a full interval of ${milliseconds(delay)}`,
        component: hold.target,
        connection: hold.connection,
      }));
    });
  }),

  rule('TMR-005', (context) => {
    const adapters = context.facts.of(busyAdapters);
    return debts(context, (hold, debt, frame) => {
      const frequency = hold.parameter('TcpAckFrequency');
      if (hold.tick === undefined || frequency === undefined || frequency === 0) return;
      const due = debt.owed[frequency - 1];
      context.expect(
        due === undefined || frame.time - due.arrivedAt <= adapters.longestWait(frame, busy),
        () => ({
          events: [debt.owed[0]!.frame.event, due?.frame.event, frame.event],
          found: `${frequency} segments and more had waited for ${milliseconds(frame.time - due!.arrivedAt)} when an acknowledgment left`,
          expected: `an acknowledgment of every segment ${frequency} at the latest (TcpAckFrequency)`,
          component: hold.target,
          connection: hold.connection,
        }),
      );
    });
  }),

  rule('TMR-006', (context) => {
    const adapters = context.facts.of(busyAdapters);
    return debts(context, (hold, debt, frame) => {
      const ticks = hold.parameter('TcpDelayedAckTicks');
      if (hold.tick === undefined || ticks === undefined) return;
      const [first] = debt.owed;
      const waited = frame.time - first!.arrivedAt;
      const longest = (ticks + 1) * hold.tick + adapters.longestWait(frame, busy);
      context.expect(waited <= longest, () => ({
        events: [first!.frame.event, frame.event],
        found: `a segment was acknowledged ${milliseconds(waited)} after it arrived`,
        expected: `${ticks} ticks at most (TcpDelayedAckTicks), which is ${milliseconds(ticks * hold.tick!)}`,
        component: hold.target,
        connection: hold.connection,
      }));
    });
  }),

  rule('TMR-007', ({ expect, facts }) => {
    const requests = facts.of(oidRequestFacts);
    const oid = constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS');
    return {
      returned: {
        MiniportOidRequest: (call) => {
          const end = requests.endedBy(call);
          if (end?.oid !== oid || !end.sets || end.status !== NDIS_STATUS.SUCCESS) return;
          const parameters = bufferOf(end, 'InformationBuffer');
          const perSecond = parameters?.number('TicksPerSecond') ?? 0;
          const ticks = parameters?.number('TcpDelayedAckTicks');
          const frequency = parameters?.number('TcpAckFrequency');
          if (perSecond === 0 || ticks === undefined || frequency === undefined) return;
          const delay = ticks / perSecond;
          expect(delay <= 0.5 && frequency <= 2, () => ({
            events: [call.event, call.returned?.event],
            found: `TcpDelayedAckTicks of ${ticks} at ${perSecond} ticks a second and TcpAckFrequency of ${frequency} are in force`,
            expected: 'at most 0.5 s and two full-sized segments (RFC 1122 section 4.2.3.2)',
            component: call.callee,
          }));
        },
      },
    };
  }),
];
