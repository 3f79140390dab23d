/** What a target makes of an update (UPD-004, UPD-006, UPD-011, UPD-016, UPD-018). */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import type { VirtualTime } from '../../../trace/records';
import { isOfTarget } from '../../engine/blocks';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { connectionsBehind, noBreach } from '../../engine/requestChecks';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { cachedMemory, cachedOf, differingMember } from '../../facts/cachedMemory';
import { flows } from '../../facts/flows';
import { handedState } from '../../facts/handedState';
import { WaitingMap } from '../../engine/gate';

const updateWindow = constantValue('TCP_FLAG_UPDATE_RCV_WND');
const keepAlive = constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED');
const retrieve = constantValue('TcpIndicateRetrieve');

/** Longest time in which a window is told: delayed acknowledgments wait less (RFC 9293 section 3.8.6.3), virtual ns. */
const advertisingTime = 1e9;

/** Frames may have stood in the transmit ring when an update was completed, virtual ns. */
const ringTime = 5e6;

/** Looks at the cached structures that a target tells in answer to queries, where the last update ended in one way. */
function atCachedAnswers(
  { facts, expect }: RuleContext,
  failed: boolean,
  expected: string,
): NonNullable<Handlers['call']> {
  const memory = facts.of(cachedMemory);
  return {
    NdisMQueryOffloadStateComplete: (call) => {
      if (!isOfTarget(facts, call)) return;
      for (const block of treeOf(call)) {
        const told = cachedOf(block);
        const given = memory.of(call.caller, block.object);
        if (told === undefined || given?.updated === undefined || block.status !== NDIS_STATUS.SUCCESS)
          continue;
        // While an update is open either value will do (A6).
        if (given.updated.failed !== failed || given.pending !== undefined) continue;
        const different = differingMember(given.structure, told);
        expect(different === undefined, () => ({
          events: [given.updated!.request.event, given.updated!.completion.event, call.event],
          found: `${told.name}.${different!.name} is ${different!.after}, and ${different!.before} is in effect`,
          expected,
          component: call.caller,
          object: block.object,
          connection: call.connection,
        }));
      }
    },
  };
}

/** See the file's head. */
export const updateEffectRules: readonly Rule[] = [
  rule('UPD-004', (context) => ({
    call: atCachedAnswers(context, false, 'the values of the update, which has succeeded'),
  })),

  rule('UPD-006', (context) => {
    const { facts, expect } = context;
    const wire = facts.of(flows);
    /** Connections behind objects of which an update has failed, until their terminate is over. */
    const failed = new Map<number, Call>();
    const judge = (call: Call): void => {
      const completion = call.connection === undefined ? undefined : failed.get(call.connection);
      if (completion === undefined || completion.caller !== call.caller) return;
      // Who got a RST has another reason.
      const flow = wire.of(call.connection);
      if (flow?.peer.sent.reset !== undefined || flow?.machine.sent.reset !== undefined) return;
      const isAbort = call.lists.some(({ status }) => status === NDIS_STATUS.REQUEST_ABORTED);
      expect(!isAbort, () => ({
        events: [completion.event, call.event],
        found:
          'an update has failed, and a request of the connection is completed with NDIS_STATUS_REQUEST_ABORTED',
        expected: 'the connection to go on as before',
        component: call.caller,
        connection: call.connection,
      }));
    };
    return {
      call: {
        ...atCachedAnswers(context, true, 'the values of before the update, which has failed'),
        NdisMUpdateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const { object, status, role } of treeOf(call))
            if (status === NDIS_STATUS.FAILURE && role !== 'placeholder')
              for (const connection of connectionsBehind(context, call.caller, object))
                failed.set(connection, call);
        },
        NdisTcpOffloadSendComplete: judge,
        NdisTcpOffloadReceiveComplete: judge,
        NdisTcpOffloadEventHandler: (call) => {
          // Broken hardware and expired timers say so first.
          if (call.connection !== undefined && call.number('EventType') === retrieve)
            failed.delete(call.connection);
        },
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection !== undefined) failed.delete(call.connection);
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { object } of failed.size === 0 ? [] : treeOf(call))
            failed.delete(facts.objects.find(object)?.connection ?? -1);
        },
      },
    };
  }),

  rule('UPD-011', ({ facts, expect }) => {
    const handed = facts.of(handedState);
    return {
      chimneyFrame: (frame) => {
        if (frame.connection === undefined) return;
        const path = handed.ofSegment(frame)?.parent;
        if (path?.before === undefined || path.before.parent === path.parent) return;
        const { bytes } = frame.record;
        const isTo = (address: Uint8Array): boolean => address.every((byte, index) => byte === bytes[index]);
        const { time } = frame;
        expect(
          path.some(time, (_cached, neighbor) => neighbor.some(time, ({ destination }) => isTo(destination))),
          () => ({
            events: [path.source, frame.event],
            found: `a frame goes to ${hexOf(bytes.subarray(0, 6))} although its path was relinked`,
            expected: `the new neighbor’s address, ${hexOf(path.parent.cached.destination)}`,
            component: frame.sender,
            connection: frame.connection,
          }),
        );
      },
    };
  }),

  rule('UPD-016', ({ facts, expect }) => {
    interface Wanted {
      readonly completion: Call;
      readonly request: Call;
      /** The last window that the peer was told, bytes. */
      readonly before: number;
      readonly wanted: number;
      readonly deadline: VirtualTime;
    }
    const wire = facts.of(flows);
    const memory = facts.of(cachedMemory);
    const waiting = new WaitingMap<number, Wanted>();
    const judge = (now: VirtualTime): void => {
      for (const [connection, { completion, request, before, wanted, deadline }] of [...waiting]) {
        if (now < deadline) continue;
        waiting.delete(connection);
        expect(false, () => ({
          events: [request.event, completion.event],
          found: `InitialRcvWnd has become ${wanted}, and the peer is still told a window of ${before} bytes at most`,
          expected: 'a segment with the new window',
          component: completion.caller,
          connection,
        }));
      }
    };
    const end = (connection: number | undefined): void => {
      if (connection !== undefined) waiting.delete(connection);
    };
    return {
      call: {
        NdisMUpdateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            const given = memory.of(call.caller, block.object);
            const cached = given?.pending?.structure;
            if (given?.pending === undefined || cached === undefined || connection === undefined) continue;
            end(connection);
            const wanted = cached.number('InitialRcvWnd') ?? 0;
            const old = given.structure.number('InitialRcvWnd') ?? 0;
            if (((cached.number('Flags') ?? 0) & updateWindow) === 0 || block.status !== NDIS_STATUS.SUCCESS)
              continue;
            const flow = wire.of(connection);
            const shift = flow?.windowShifts?.machine;
            if (flow === undefined || shift === undefined || flow.machine.sent.window === undefined) continue;
            const scale = 2 ** shift;
            const before = flow.machine.sent.window * scale;
            const most = Math.min(wanted, 65_535 * scale);
            // Only where the window was open before and grows much can nothing but the target stand in its way.
            const isOpen = before >= old / 2 && flow.peer.sent.fin === undefined;
            if (!isOpen || most < old * 1.5 || most < before * 1.25) continue;
            const deadline = call.time + advertisingTime;
            waiting.set(connection, {
              completion: call,
              request: given.pending.call,
              before,
              wanted,
              deadline,
            });
          }
        },
        NdisTcpOffloadEventHandler: (call) => {
          end(call.connection);
        },
        MiniportTcpOffloadDisconnect: (call) => {
          end(call.connection);
        },
        MiniportUpdateOffload: (call) => {
          for (const { object } of waiting.size === 0 ? [] : treeOf(call))
            end(facts.objects.find(object)?.connection);
        },
        MiniportInvalidateOffload: () => {
          waiting.clear();
        },
        MiniportTerminateOffload: (call) => {
          for (const { object } of waiting.size === 0 ? [] : treeOf(call))
            end(facts.objects.find(object)?.connection);
        },
      },
      returned: {
        NdisTcpOffloadReceiveHandler: (call) => {
          // Nobody reads: what has come takes the room.
          if (call.status !== NDIS_STATUS.SUCCESS) end(call.connection);
        },
      },
      guarded: [
        {
          gate: waiting.gate,
          frame: (frame) => {
            judge(frame.time);
            const known = frame.connection === undefined ? undefined : waiting.get(frame.connection);
            if (known === undefined || !frame.isSegment) return;
            if (frame.path === 'peer') {
              if (frame.flags & (tcpFlags.FIN | tcpFlags.RST)) end(frame.connection);
              return;
            }
            const scale = 2 ** (wire.of(frame.connection)?.windowShifts?.machine ?? 0);
            if (frame.window * scale <= known.before) return;
            waiting.delete(frame.connection!);
            expect(true, noBreach);
          },
        },
      ],
      end: ({ time, complete }) => {
        if (complete) judge(time);
      },
    };
  }),

  rule('UPD-018', ({ facts, expect }) => {
    const wire = facts.of(flows);
    const memory = facts.of(cachedMemory);
    /** Connections of which an update has turned keepalive off, with the completion. */
    const off = new WaitingMap<number, Call>();
    const forget = (call: Call): void => {
      for (const { object } of off.size === 0 ? [] : treeOf(call))
        off.delete(facts.objects.find(object)?.connection ?? -1);
    };
    return {
      call: {
        MiniportInitiateOffload: forget,
        MiniportUpdateOffload: forget,
        NdisMTerminateOffloadComplete: (call) => {
          for (const { object } of off.size === 0 ? [] : treeOf(call)) {
            if (off.delete(facts.objects.find(object)?.connection ?? -1)) expect(true, noBreach);
          }
        },
        NdisMUpdateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const block of treeOf(call)) {
            const given = memory.of(call.caller, block.object);
            const connection = facts.objects.find(block.object)?.connection;
            if (given?.structure.name !== 'TCP_OFFLOAD_STATE_CACHED') continue;
            const flags = given.pending?.structure.number('Flags');
            const before = given.structure.number('Flags') ?? 0;
            if (flags === undefined || connection === undefined || block.status !== NDIS_STATUS.SUCCESS)
              continue;
            if ((before & keepAlive) !== 0 && (flags & keepAlive) === 0) off.set(connection, call);
          }
        },
      },
      guarded: [
        {
          gate: off.gate,
          chimneyFrame: (frame) => {
            if (frame.connection === undefined) return;
            const completion = off.get(frame.connection);
            if (completion === undefined || frame.time - completion.time < ringTime) return;
            const flow = wire.of(frame.connection);
            // Validation of a suspicious segment uses the same probes (A37).
            if (flow === undefined || flow.peer.sent.reset !== undefined) return;
            if (!isProbe(frame, flow.machine.sent.end, flow.peer.arrived.acknowledgment)) return;
            expect(false, () => ({
              events: [completion.event, frame.event],
              found: 'a keepalive probe leaves a connection of which an update has turned keepalive off',
              expected: 'no probes from NdisMUpdateOffloadComplete on',
              component: frame.sender,
              connection: frame.connection,
            }));
          },
        },
      ],
    };
  }),
];

/** Whether a segment asks whether the peer is there: it repeats the last byte although that has been acknowledged (RFC 9293 section 3.8.4). */
function isProbe(frame: WireFrame, end: number | undefined, acknowledged: number | undefined): boolean {
  if (end === undefined || acknowledged !== end || frame.payloadLength > 1) return false;
  if (frame.flags & (tcpFlags.SYN | tcpFlags.FIN | tcpFlags.RST)) return false;
  return sequenceDistance(frame.sequence, end) === 1;
}

function hexOf(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
