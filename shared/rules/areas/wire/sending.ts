/** States, windows and congestion control of a connection in a target's hands, as its segments and answers tell. */
import { constantValue } from '../../../ddi/catalogue';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { stays } from '../../facts/stays';
import { flows, type Flow } from '../../facts/flows';
import { handedState, type HandedTcp } from '../../facts/handedState';
import { tcpBlocks } from '../timestamps/handOvers';
import { arrivals } from './arrivals';
import { badFrame, constFlags, isLeftToCarrier, targetSegments } from './targetFrames';

const states = {
  closed: constantValue('TcpConnectionClosed'),
  established: constantValue('TcpConnectionEstablished'),
  finWait1: constantValue('TcpConnectionFinWait1'),
  finWait2: constantValue('TcpConnectionFinWait2'),
  closeWait: constantValue('TcpConnectionCloseWait'),
  closing: constantValue('TcpConnectionClosing'),
  lastAck: constantValue('TcpConnectionLastAck'),
  timeWait: constantValue('TcpConnectionTimeWait'),
} as const;

/** Whether a number has been reached; undefined numbers have not. */
function reaches(value: number | undefined, end: number | undefined): boolean {
  return value !== undefined && end !== undefined && sequenceDistance(end, value) >= 0;
}

/** The states of RFC 793 that what has been seen of a connection allows; what has arrived may not have been looked at yet. */
function possibleStates({ machine, peer }: Flow, disconnecting: boolean): ReadonlySet<number> {
  const finSent = machine.sent.fin !== undefined;
  const finReceived = reaches(machine.sent.acknowledgment, peer.arrived.finEnd);
  const finArrived = peer.arrived.fin !== undefined;
  const finAcknowledged = finSent && reaches(peer.arrived.acknowledgment, machine.sent.finEnd);
  const possible = new Set<number>([states.closed]);
  const received = finReceived ? [true] : finArrived ? [true, false] : [false];
  const sent = finSent ? [true] : disconnecting ? [true, false] : [false];
  for (const hasReceived of received)
    for (const hasSent of sent) {
      if (!hasSent) possible.add(hasReceived ? states.closeWait : states.established);
      else if (!hasReceived) {
        possible.add(states.finWait1);
        if (finAcknowledged) possible.add(states.finWait2);
      } else {
        possible.add(states.closing).add(states.lastAck);
        if (finAcknowledged) possible.add(states.timeWait);
      }
    }
  return possible;
}

const stateNames = new Map<number, string>(Object.entries(states).map(([name, value]) => [value, name]));

/** Where a target answers with delegated variables. */
const answers = ['NdisMQueryOffloadStateComplete', 'NdisMTerminateOffloadComplete'] as const;

/** Frames that have arrived so shortly before may not have been looked at, virtual ns. */
const lookTime = 5_000_000;

/** SACK (RFC 2018 section 3). */
const sackOption = 5;

/** See the file's head. */
export const sendingRules: readonly Rule[] = [
  rule('WIR-002', ({ expect, facts }) => {
    const known = facts.of(flows);
    const disconnecting = new Set<number>();
    const decide = (call: Call): void => {
      if (facts.machine.role(call.caller) !== 'offload-target') return;
      for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
        const flow = known.of(connection);
        const State = delegated.number('State');
        if (flow === undefined || State === undefined || !facts.historyComplete) continue;
        const possible = possibleStates(flow, disconnecting.has(connection));
        const evidence = flow.machine.sent.fin ?? flow.peer.arrived.fin ?? flow.machine.sent.last;
        expect(possible.has(State), () => ({
          events: [evidence?.event, call.event],
          found: `State is ${stateNames.get(State) ?? State}`,
          expected: `one of ${[...possible].map((state) => stateNames.get(state)).join(', ')}, as the FINs and their acknowledgments tell`,
          component: call.caller,
          connection,
        }));
      }
    };
    return {
      call: {
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection !== undefined) disconnecting.add(call.connection);
        },
        ...Object.fromEntries(answers.map((name) => [name, decide])),
      },
    };
  }),

  rule('WIR-013', (context) => {
    const { expect, facts } = context;
    const known = facts.of(flows);
    const handed = facts.of(handedState);
    const arrivedAt = new Map<number, VirtualTime>();
    /** The largest InitialRcvWnd since the offload. */
    const largest = new Map<HandedTcp, number>();
    const learn = (tcp: HandedTcp): number => {
      let known = largest.get(tcp);
      if (known === undefined)
        for (const block of treeOf(tcp.initiate))
          if (block.object === tcp.object)
            known = block.state('TCP_OFFLOAD_STATE_CACHED')?.number('InitialRcvWnd');
      known = Math.max(
        known ?? 0,
        tcp.cached.InitialRcvWnd,
        tcp.before?.cached.InitialRcvWnd ?? 0,
        tcp.pending?.cached?.InitialRcvWnd ?? 0,
      );
      largest.set(tcp, known);
      return known;
    };
    const shiftOf = (tcp: HandedTcp, side: 'SndWindScale' | 'RcvWindScale'): number =>
      tcp.constant.Flags & constFlags.windowScaling ? tcp.constant[side] : 0;
    const sent = targetSegments(context, (frame, tcp) => {
      if (frame.flags & (tcpFlags.RST | tcpFlags.SYN)) return;
      const window = frame.window * 2 ** shiftOf(tcp, 'RcvWindScale');
      // What was offered before may be more than the user wants now: it is never taken back.
      const most = Math.max(learn(tcp), tcp.delegated.number('RcvWnd') ?? 0);
      const offered = known.of(frame.connection)?.machine.sent.rightEdge;
      const kept =
        offered !== undefined &&
        sequenceDistance(offered, (frame.acknowledgment + window) >>> 0) < 2 ** shiftOf(tcp, 'RcvWindScale');
      expect(window <= most || kept, () =>
        badFrame(
          frame,
          tcp.initiate.event,
          `a window of ${frame.window}, scaled ${window} bytes`,
          `${most} bytes at most, scaled by ${shiftOf(tcp, 'RcvWindScale')}`,
        ),
      );
      const edge = known.of(frame.connection)?.peer.sent.rightEdge;
      if (edge === undefined || frame.payloadLength === 0) return;
      // One byte probes a closed window.
      const over = sequenceDistance(edge, frame.sequenceEnd) - (frame.payloadLength === 1 ? 1 : 0);
      const hasFin = frame.has(tcpFlags.FIN) ? 1 : 0;
      expect(over - hasFin <= 0 || isLeftToCarrier(frame), () =>
        badFrame(
          frame,
          known.of(frame.connection)?.peer.sent.rightEdgeBy?.event,
          `a segment that ends ${over} bytes beyond the window of the peer`,
          'one within the window, scaled by SndWindScale',
        ),
      );
    });
    return {
      chimneyFrame: sent.chimneyFrame,
      ...arrivals(context, ({ frame, time }) => {
        arrivedAt.set(frame.connection!, time);
      }),
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection, delegated } of tcpBlocks(facts, call, true)) {
            const tcp = handed.tcp(call.caller, connection);
            const flow = known.of(connection);
            const last = flow?.peer.arrived.windowBy;
            if (
              tcp?.terminating === undefined ||
              flow === undefined ||
              last === undefined ||
              delegated.number('State') === states.closed
            )
              continue;
            // Neither before the offload nor so late that nobody has looked at it; nothing behind an event that stops the engine.
            const at = arrivedAt.get(connection);
            if (at === undefined || tcp.taken === undefined || at < tcp.taken.time) continue;
            if (
              tcp.stoppedBy !== tcp.terminating.event ||
              tcp.terminating.time - at < lookTime ||
              last.event < tcp.taken.event
            )
              continue;
            const expected = last.window * 2 ** shiftOf(tcp, 'SndWindScale');
            const SndWnd = delegated.number('SndWnd');
            // Which of two windows is the newer one is not certain; whether they were scaled is.
            const scaled = SndWnd !== undefined && SndWnd * 2 > expected && SndWnd < expected * 2;
            expect(expected === 0 || scaled, () => ({
              events: [last.event, call.event],
              found: `SndWnd came back as ${SndWnd!}`,
              expected: `${expected}: the last window, scaled by SndWindScale`,
              component: call.caller,
              connection,
            }));
          }
        },
      },
    };
  }),

  rule('WIR-022', (context) => {
    const { expect, facts } = context;
    const known = facts.of(flows);
    const connections = facts.of(stays);
    /** How far the congestion window can have grown at most. */
    const bounds = new Map<HandedTcp, { bytes: number }>();
    /** Where recovery with SACK ends: until then what has left the network counts no more (RFC 6675 section 4). */
    const recoveries = new Map<HandedTcp, number>();
    return {
      ...arrivals(context, ({ frame, tcp }) => {
        if (frame.flags & (tcpFlags.RST | tcpFlags.SYN)) return;
        const bound = bounds.get(tcp);
        // RFC 3465 section 2.3: two segments for one acknowledgment; one for a duplicate (RFC 2581 section 3.2).
        if (bound !== undefined) bound.bytes += 2 * tcp.constant.RemoteMss;
        if (frame.option(sackOption) >= 0) {
          const highest = known.of(frame.connection)?.machine.sent.end;
          if (highest !== undefined) recoveries.set(tcp, highest);
        }
      }),
      ...targetSegments(context, (frame, tcp) => {
        const flow = known.of(frame.connection);
        const acknowledged = flow?.peer.arrived.acknowledgment;
        const mss = tcp.constant.RemoteMss;
        const CWnd = tcp.delegated.number('CWnd');
        if (acknowledged === undefined || CWnd === undefined || frame.payloadLength === 0) return;
        const recovery = recoveries.get(tcp);
        if (recovery !== undefined && sequenceDistance(acknowledged, recovery) > 0) return;
        // Acknowledgments that come by another way than the wire let the window grow, too.
        if (connections.of(frame.sender, frame.connection)?.forwarded === true) return;
        let bound = bounds.get(tcp);
        if (bound === undefined) {
          // What the host stack had in flight counts as well, and what was acknowledged meanwhile.
          const { SndMax, SndUna } = {
            SndMax: tcp.delegated.number('SndMax') ?? 0,
            SndUna: tcp.delegated.number('SndUna') ?? 0,
          };
          const inFlight = sequenceDistance(SndUna, SndMax);
          bound = { bytes: Math.max(CWnd, inFlight) + Math.max(0, sequenceDistance(SndUna, acknowledged)) };
          bounds.set(tcp, bound);
        }
        const inFlight = sequenceDistance(acknowledged, frame.sequenceEnd);
        const most = bound.bytes + allowance * mss;
        expect(inFlight <= most, () =>
          badFrame(
            frame,
            tcp.initiate.event,
            `${inFlight} bytes in flight`,
            `${most} at most: CWnd was handed over as ${CWnd}, and grows with acknowledgments`,
          ),
        );
      }),
    };
  }),
];

/** Segments beyond the congestion window: one, and those of limited transmit (RFC 3042). */
const allowance = 3;
