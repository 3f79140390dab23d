/** Rules of the delivery algorithm: where received data goes, and when. */
import { NDIS_STATUS } from '../../../ddi/status';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import type { WireFrame } from '../../engine/frame';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { flows, type Flow } from '../../facts/flows';
import type { LentList } from '../../facts/listLedger';
import { stays, type Stay } from '../../facts/stays';
import { firstWithRoom, isBehind } from './passes';
import { roomOf } from './posts';
import { WaitingMap } from '../../engine/gate';

/** What is to happen in the same pass has happened after this long, ns: no pass takes so long. */
const passTime = 10_000_000;

/** Longest delay of an acknowledgment (RFC 1122 section 4.2.3.2), with as much again for the host and the wire, ns. */
const acknowledgmentTime = 1_000_000_000;

/** Bytes that a target has acknowledged and not handed over: it holds them for certain. */
function heldBytes(stay: Stay, flow: Flow, acknowledgment: number): number {
  const { peer } = flow;
  const fin = peer.arrived.finEnd === acknowledgment ? 1 : 0;
  return sequenceDistance(stay.delivered, acknowledgment) - fin;
}

/** Whether a target delivers as the algorithm says: it has the connection, and nothing ends it. */
function isAtWork(stay: Stay): boolean {
  const { taken, upload, abort, abortiveClose, disconnect, invalidate } = stay;
  return (
    taken?.returned !== undefined &&
    upload === undefined &&
    abort === undefined &&
    abortiveClose === undefined &&
    disconnect === undefined &&
    invalidate === undefined
  );
}

/** Something that is due, since when, and the records that say so. */
interface Due {
  readonly since: VirtualTime;
  readonly events: readonly (EventId | undefined)[];
  readonly found: string;
  readonly expected: string;
}

/**
 * Watches for data that stays with the target although the algorithm says where it goes at once. `dueOf` answers what is due for a target that
 * holds so many bytes; undefined for nothing. It is asked whenever the target acknowledges.
 */
function atOnce(
  { expect, facts }: RuleContext,
  dueOf: (stay: Stay, held: number, frame: WireFrame, flow: Flow) => Due | undefined,
): Handlers {
  const connections = facts.of(stays);
  const segments = facts.of(flows);
  const open = new Map<Stay, { readonly due: Due; readonly delivered: number }>();
  const settle = (stay: Stay, events: readonly (EventId | undefined)[]): void => {
    const known = open.get(stay);
    if (known === undefined) return;
    open.delete(stay);
    const late = facts.now - known.due.since;
    expect(late < passTime, () => ({
      events: [...known.due.events, ...events],
      found: `${known.due.found} for ${Math.round(late / 1e6)} ms`,
      expected: known.due.expected,
      component: stay.driver,
      connection: stay.connection,
      object: stay.object,
    }));
  };
  const delivery = (call: Call): void => {
    const stay = connections.ofCompletion(call);
    if (stay !== undefined) settle(stay, [call.event]);
  };
  return {
    chimneyFrame: (frame) => {
      const { connection } = frame;
      if (connection === undefined || !frame.isSegment) return;
      const stay = connections.of(frame.sender, connection);
      if (stay === undefined) return;
      const known = open.get(stay);
      if (known !== undefined) {
        if (!isAtWork(stay)) open.delete(stay);
        else if (facts.now - known.due.since >= passTime) settle(stay, [frame.event]);
        return;
      }
      const { acknowledgment } = frame;
      if (sequenceDistance(stay.delivered, acknowledgment) <= 1 || !isAtWork(stay)) return;
      const flow = segments.of(connection);
      if (flow === undefined) return;
      const due = dueOf(stay, heldBytes(stay, flow, acknowledgment), frame, flow);
      if (due !== undefined) open.set(stay, { due, delivered: stay.delivered });
    },
    call: {
      NdisTcpOffloadReceiveComplete: delivery,
      NdisTcpOffloadReceiveHandler: delivery,
      MiniportTerminateOffload: () => {
        for (const stay of open.keys())
          if (facts.now - open.get(stay)!.due.since < passTime) open.delete(stay);
      },
      MiniportTcpOffloadReceive: (call) => {
        const stay = connections.of(call.callee, call.connection);
        // What was due was due before; a post changes what is.
        if (stay !== undefined) settle(stay, [call.event]);
      },
    },
    returned: {
      NdisTcpOffloadReceiveHandler: (call) => {
        // Data that was being indicated when the acknowledgment left counts as delivered only now.
        const stay = connections.ofCompletion(call);
        const known = stay === undefined ? undefined : open.get(stay);
        if (known !== undefined && known.due.since >= call.time) open.delete(stay!);
      },
    },
  };
}

/** Whether nothing keeps a target from indicating: no request with room, no refusal, no BufferedData that waits, no preferred size. */
function mayIndicate(context: RuleContext, stay: Stay): boolean {
  if (stay.refusal !== undefined || stay.indicationSize !== 0) return false;
  if (stay.buffered > 0 && stay.lastPost === undefined) return false;
  return context.facts.lists.open('miniport', stay.driver, stay.connection, 'receive').size === 0;
}

/** The completion of a receive that was filled to its end and behind which data was left, if that was the last delivery. */
function leftBehind(stay: Stay, lefts: WeakMap<Stay, Call>): Call | undefined {
  const call = lefts.get(stay);
  return call !== undefined && call === stay.lastDelivery ? call : undefined;
}

/** Notes the completions behind which data was left. */
function noteLefts({ facts }: RuleContext, lefts: WeakMap<Stay, Call>): (call: Call) => void {
  const connections = facts.of(stays);
  const segments = facts.of(flows);
  return (call) => {
    const stay = connections.ofCompletion(call);
    const arrived = segments.of(stay?.connection)?.peer.arrived.contiguousEnd;
    if (stay === undefined || arrived === undefined) return;
    let bytes = 0;
    for (const { bytesTransferred } of call.lists) bytes += bytesTransferred;
    if (sequenceDistance((stay.delivered + bytes) >>> 0, arrived) > 1) lefts.set(stay, call);
  };
}

/** See the file's head. */
export const deliveryRules: readonly Rule[] = [
  rule('RCV-010', ({ expect, facts }) => {
    const connections = facts.of(stays);
    const open = new Map<
      Stay,
      {
        readonly lent: { readonly address: number };
        readonly call: Call;
        readonly held: number;
        readonly since: VirtualTime;
        readonly refusal: Call;
      }
    >();
    const settle = (stay: Stay, event: EventId): void => {
      const known = open.get(stay);
      if (known === undefined) return;
      open.delete(stay);
      const late = facts.now - known.since;
      expect(late < passTime, () => ({
        events: [known.refusal.event, known.call.event, event],
        found: `${known.held} bytes were held when a receive was posted, and it was not filled for ${Math.round(late / 1e6)} ms`,
        expected: 'what is held goes into posted receives at once',
        component: stay.driver,
        connection: stay.connection,
        object: stay.object,
      }));
    };
    return {
      call: {
        MiniportTcpOffloadReceive: (call) => {
          const stay = connections.of(call.callee, call.connection);
          const list = call.lists[0];
          if (stay?.refusal === undefined || list === undefined || !isAtWork(stay)) return;
          const { held, call: refusal } = stay.refusal;
          if (list.dataLength === 0 || list.dataLength > held) return;
          open.set(stay, { lent: list, call, held, since: facts.now, refusal });
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          const stay = connections.ofCompletion(call);
          if (stay !== undefined) settle(stay, call.event);
        },
        MiniportTerminateOffload: () => {
          for (const [stay, { since }] of open) if (facts.now - since < passTime) open.delete(stay);
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const stay of open.keys()) if (stay.terminate !== undefined) settle(stay, call.event);
        },
      },
    };
  }),

  rule('RCV-011', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadReceiveHandler: (call) => {
        const open = firstWithRoom(facts, call);
        const isPosted = open?.call.returned !== undefined;
        const isCertain = open !== undefined && isPosted && isBehind(open.call, call);
        expect(!isCertain, () => ({
          events: [open!.call.event, call.event],
          found: 'data was indicated although a receive with room was posted',
          expected: 'data goes into posted receives first',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('RCV-013', (context) => {
    const lefts = new WeakMap<Stay, Call>();
    const note = noteLefts(context, lefts);
    const handlers = atOnce(context, (stay, held, frame) => {
      if (held <= 0 || leftBehind(stay, lefts) !== undefined || !mayIndicate(context, stay)) return undefined;
      return {
        since: context.facts.now,
        events: [stay.lastDelivery?.event ?? stay.taken?.event, frame.event],
        found: `${held} bytes were acknowledged and kept, with no receive posted and nothing in the way of an indication,`,
        expected: 'an indication in the pass in which the data arrives',
      };
    });
    return withCompletion(handlers, note);
  }),

  rule('RCV-014', ({ expect, facts }) => {
    const connections = facts.of(stays);
    const segments = facts.of(flows);
    return {
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          const refusal = stay?.refusal;
          if (stay === undefined) return;
          const arrived = segments.of(stay.connection)?.peer.arrived;
          const isNew =
            refusal !== undefined &&
            arrived?.lastWithData !== undefined &&
            arrived.lastAt > refusal.call.time;
          expect(!isNew, () => ({
            events: [refusal!.call.event, arrived?.lastWithData?.event, call.event],
            found: `a segment came while ${refusal!.held} bytes were held, and data was indicated`,
            expected: 'the segment is kept behind what is held',
            component: call.caller,
            connection: stay.connection,
            object: stay.object,
          }));
        },
      },
    };
  }),

  rule('RCV-015', (context) => {
    const lefts = new WeakMap<Stay, Call>();
    const note = noteLefts(context, lefts);
    const handlers = atOnce(context, (stay, held, frame) => {
      const completion = leftBehind(stay, lefts);
      if (held <= 0 || completion === undefined || !mayIndicate(context, stay)) return undefined;
      return {
        since: context.facts.now,
        events: [completion.event, frame.event],
        found: `${held} bytes that found no room in the posted receives were kept, with nothing in the way of an indication,`,
        expected: 'what is left over is indicated in the same pass',
      };
    });
    return withCompletion(handlers, note);
  }),

  rule('RCV-016', (context) =>
    atOnce(context, (stay, held, frame) => {
      let first: LentList | undefined;
      for (const lent of context.facts.lists.open('miniport', stay.driver, stay.connection, 'receive')) {
        first = lent;
        break;
      }
      if (first === undefined || stay.refusal !== undefined || held < roomOf(first)) return undefined;
      // Posted after a refusal, and nothing placed yet: RCV-010.
      const { lastRefusal } = stay;
      if (lastRefusal !== undefined && stay.lastDelivery === lastRefusal.call) return undefined;
      return {
        since: context.facts.now,
        events: [first.call.event, frame.event],
        found: `a receive of ${roomOf(first)} bytes was full, as ${held} bytes had been acknowledged for it, and was not completed`,
        expected: 'a full receive is completed at once',
      };
    }),
  ),

  rule('RCV-037', ({ expect, facts }) => {
    const connections = facts.of(stays);
    const segments = facts.of(flows);
    const open = new WaitingMap<Stay, { readonly call: Call; readonly end: number }>();
    const settle = (stay: Stay, acknowledgment: number, event: EventId): void => {
      const known = open.get(stay);
      if (known === undefined) return;
      const isAcknowledged = sequenceDistance(known.end, acknowledgment) >= 0;
      const isLate = facts.now - known.call.time >= acknowledgmentTime;
      if (!isAcknowledged && !isLate) return;
      open.delete(stay);
      expect(isAcknowledged && !isLate, () => ({
        events: [known.call.event, event],
        found: 'data whose indication was refused was not acknowledged within a second',
        expected: 'it is acknowledged as soon as the target has room for it, accepted or not',
        component: stay.driver,
        connection: stay.connection,
        object: stay.object,
      }));
    };
    return {
      returned: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          if (stay === undefined || call.status === NDIS_STATUS.SUCCESS || !isAtWork(stay)) return;
          const end = (stay.delivered + (call.lists[0]?.dataLength ?? 0)) >>> 0;
          if (open.has(stay) || facts.machine.role(call.caller) !== 'offload-target') return;
          open.set(stay, { call, end });
          const before = segments.of(call.connection)?.machine.sent.acknowledgment;
          if (before !== undefined) settle(stay, before, call.event);
        },
      },
      call: {
        MiniportTerminateOffload: () => {
          for (const [stay, { call }] of open)
            if (facts.now - call.time < acknowledgmentTime) open.delete(stay);
        },
      },
      guarded: [
        {
          gate: open.gate,
          frame: (frame) => {
            if (!frame.isSegment) return;
            const stay =
              frame.path === 'chimney' ? connections.of(frame.sender, frame.connection) : undefined;
            if (stay !== undefined) settle(stay, frame.acknowledgment, frame.event);
            else if (frame.path === 'peer')
              for (const one of open.keys())
                if (one.connection === frame.connection && isAtWork(one))
                  settle(one, (open.get(one)!.end - 1) >>> 0, frame.event);
          },
        },
      ],
    };
  }),
];

/** The handlers, with one more for completed receives. */
function withCompletion(handlers: Handlers, note: (call: Call) => void): Handlers {
  const before = handlers.call?.NdisTcpOffloadReceiveComplete;
  return {
    ...handlers,
    call: {
      ...handlers.call,
      NdisTcpOffloadReceiveComplete: (call) => {
        before?.(call);
        note(call);
      },
    },
  };
}
