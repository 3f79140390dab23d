/** Rules of the area "disconnect" about what FIN and RST do on the wire. */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { NDIS_STATUS } from '../../../ddi/status';
import type { VirtualTime } from '../../../trace/records';
import { chainOf } from '../../engine/attachedLists';
import type { Call } from '../../engine/call';
import { asksForAbort } from '../../engine/disconnectFlags';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { busyTime } from '../../facts/busyAdapters';
import { flows } from '../../facts/flows';
import { uploads } from '../../facts/uploads';
import { stateVariable } from '../../engine/stateVariable';
import { abortiveClose, gracefulClose, keyOf } from './requests';
import { WaitingMap } from '../../engine/gate';

/** An acknowledgment may not be held back for longer (RFC 9293 section 3.8.6.3), ns. */
const longestDelay = 500_000_000;

const congestionWindow = stateVariable('tcp', 'TCP_OFFLOAD_STATE_DELEGATED.CWnd');
const receiveNext = stateVariable('tcp', 'TCP_OFFLOAD_STATE_DELEGATED.RcvNxt');
const connectionState = stateVariable('tcp', 'TCP_OFFLOAD_STATE_DELEGATED.State');

/** An adapter that sends nothing for so long has nothing queued, ns. */
const idleTime = 100_000;

/** Frames in front of a RST have left by then, ns. */
const longestQueue = 1_000_000;

/** Bytes that a driver has been given to send, since a connection was offloaded to it. */
interface StreamEnd {
  /** Behind the last byte. */
  end: number;
  /** Undefined once something of it has been refused. */
  known: boolean;
  disconnect: Call | undefined;
  decided: boolean;
}

/** See the file's head. */
export const disconnectWireRules: readonly Rule[] = [
  rule('DSC-008', ({ expect, facts }) => {
    const known = facts.of(flows);
    return {
      call: {
        NdisTcpOffloadDisconnectComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'disconnect' || lent.call.number('Flags') !== gracefulClose) continue;
            const flow = known.of(lent.connection);
            if (flow === undefined || list.status !== NDIS_STATUS.SUCCESS) continue;
            expect(flow.machine.sent.fin !== undefined || !facts.historyComplete, () => ({
              events: [lent.call.event, call.event],
              found: 'a graceful disconnect was completed with NDIS_STATUS_SUCCESS, and no FIN has been sent',
              expected: 'a FIN behind the data, and its acknowledgment, before the completion',
              component: call.caller,
              connection: lent.connection,
            }));
          }
        },
      },
    };
  }),

  rule('DSC-009', ({ expect, facts }) => {
    const ends = new Map<number, StreamEnd>();
    const find = (driver: number, connection: number | undefined): StreamEnd | undefined =>
      connection === undefined ? undefined : ends.get(keyOf(driver, connection));
    const add = (call: Call): StreamEnd | undefined => {
      const stream = find(call.callee, call.connection);
      if (stream !== undefined)
        for (const { dataLength } of call.lists) stream.end = (stream.end + dataLength) >>> 0;
      return stream;
    };
    const forget = (call: Call): void => {
      const stream = find(call.caller, call.connection);
      if (stream !== undefined && call.lists.some(({ status }) => status !== NDIS_STATUS.SUCCESS))
        stream.known = false;
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            const start = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('SndUna');
            if (connection === undefined || start === undefined) continue;
            const bytes = chainOf(call, block).reduce((sum, list) => sum + list.dataLength, 0);
            const end = (start + bytes) >>> 0;
            ends.set(keyOf(call.callee, connection), {
              end,
              known: true,
              disconnect: undefined,
              decided: false,
            });
          }
        },
        MiniportTcpOffloadSend: add,
        MiniportTcpOffloadDisconnect: (call) => {
          const stream = add(call);
          if (stream === undefined) return;
          if (call.number('Flags') === gracefulClose) stream.disconnect ??= call;
          else stream.known = false;
        },
        NdisTcpOffloadSendComplete: forget,
        NdisTcpOffloadDisconnectComplete: forget,
      },
      chimneyControl: (frame) => {
        if (!frame.has(tcpFlags.FIN)) return;
        const stream = find(frame.sender, frame.connection);
        if (stream?.disconnect === undefined || !stream.known || stream.decided) return;
        stream.decided = true;
        const { disconnect, end } = stream;
        const at = (frame.sequenceEnd - 1) >>> 0;
        expect(at === end, () => ({
          events: [disconnect.event, frame.event],
          found: `the FIN stands ${sequenceDistance(at, end)} bytes before the end of the data that was posted`,
          expected: 'the FIN behind all earlier sends and the data of the disconnect',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
    };
  }),

  rule('DSC-010', ({ expect, facts }) => {
    const known = facts.of(flows);
    interface Close {
      readonly call: Call;
      /** The last segment with new data. */
      lastData: WireFrame | undefined;
      /** Behind it. */
      end: number;
      /** Whether both windows had room for the FIN when the last data left, or when the disconnect came. */
      hasRoom: boolean;
      readonly driver: number;
      /** When the FIN could have left, and whether the adapter has been silent since then. */
      readyAt: VirtualTime;
      couldLeave: boolean;
    }
    const lastFrames = new Map<number, VirtualTime>();
    const closes = new WaitingMap<number, Close>();
    const hasRoomAt = (connection: number, end: number): boolean => {
      const { acknowledgment, rightEdge } = known.of(connection)?.peer.arrived ?? {};
      const tcp = facts.objects.find(facts.objects.tcpOf(connection));
      const CWnd = tcp?.variables.get(congestionWindow);
      if (acknowledgment === undefined || rightEdge === undefined || typeof CWnd !== 'number') return false;
      return sequenceDistance(end, rightEdge) > 0 && sequenceDistance(acknowledgment, end) < CWnd;
    };
    return {
      call: {
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection === undefined || call.number('Flags') !== gracefulClose) return;
          const sent = known.of(call.connection)?.machine.sent;
          if (sent?.end === undefined) return;
          const { end, endBy: lastData } = sent;
          const hasRoom = hasRoomAt(call.connection, end);
          closes.set(keyOf(call.callee, call.connection), {
            call,
            driver: call.callee,
            lastData,
            end,
            hasRoom,
            readyAt: call.time,
            couldLeave: false,
          });
        },
      },
      guarded: [
        {
          gate: closes.gate,
          frame: (frame) => {
            const { connection } = frame;
            if (frame.path === 'peer') return;
            const silentSince = lastFrames.get(frame.sender) ?? 0;
            lastFrames.set(frame.sender, frame.time);
            if (frame.time - silentSince > idleTime)
              for (const other of closes.values())
                if (other.driver === frame.sender && other.readyAt <= silentSince) other.couldLeave = true;
            if (frame.path !== 'chimney' || connection === undefined || !frame.isSegment) return;
            const close = closes.get(keyOf(frame.sender, connection));
            const flow = known.of(connection);
            if (close === undefined || flow === undefined) return;
            if (!frame.has(tcpFlags.FIN)) {
              if (frame.payloadLength === 0 || sequenceDistance(close.end, frame.sequenceEnd) <= 0) return;
              close.end = frame.sequenceEnd;
              close.lastData = frame;
              close.readyAt = frame.time;
              close.couldLeave = false;
              close.hasRoom = hasRoomAt(connection, frame.sequenceEnd);
              return;
            }
            const { end } = close;
            closes.delete(keyOf(frame.sender, connection));
            const { acknowledgmentBy, acknowledgment } = flow.peer.arrived;
            // A FIN that brings the last data waits for nothing; one for which there is no room may wait.
            const waited =
              frame.payloadLength === 0 &&
              frame.sequence === end &&
              acknowledgment === end &&
              acknowledgmentBy !== undefined &&
              acknowledgmentBy.event > Math.max(close.call.event, close.lastData?.event ?? 0) &&
              // What caused it tells when it was made: a busy adapter may have kept it.
              ((frame.record.cause ?? acknowledgmentBy.event) >= acknowledgmentBy.event ||
                frame.time - silentSince > busyTime);
            expect(!waited || !close.hasRoom || !close.couldLeave, () => ({
              events: [close.call.event, acknowledgmentBy?.event, frame.event],
              found: 'the FIN left only after all data in front of it had been acknowledged',
              expected: 'the FIN right behind the last data',
              component: frame.sender,
              connection,
            }));
          },
        },
      ],
    };
  }),

  rule('DSC-012', ({ expect, facts }) => {
    const known = facts.of(flows);
    return {
      chimneyFrame: (frame) => {
        if (frame.payloadLength === 0 || !frame.isSegment) return;
        const sent = known.of(frame.connection)?.machine.sent;
        if (sent?.finEnd === undefined) return;
        const { fin, finEnd } = sent;
        const end = (frame.sequence + frame.payloadLength) >>> 0;
        expect(sequenceDistance(finEnd, end) < 0, () => ({
          events: [fin?.event, frame.event],
          found: 'payload was sent beyond the FIN',
          expected: 'nothing above the sequence number of the FIN',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
    };
  }),

  rule('DSC-013', ({ expect, facts }) => {
    const known = facts.of(flows);
    const stops = facts.of(uploads);
    /** Data that arrived in order behind our FIN and has not been acknowledged, by connection. */
    interface Waiting {
      readonly frame: WireFrame;
      readonly since: VirtualTime;
      readonly upTo: number;
      readonly driver: number;
    }
    const waiting = new WaitingMap<number, Waiting>();
    const judge = (connection: number, now: VirtualTime): void => {
      const one = waiting.get(connection);
      if (one === undefined || now - one.since <= longestDelay) return;
      waiting.delete(connection);
      const { frame, driver } = one;
      if (stops.uploadOf(driver, connection) !== undefined) return;
      if (stops.abortOf(driver, connection) !== undefined) return;
      expect(false, () => ({
        events: [known.of(connection)?.machine.sent.fin?.event, frame.event],
        found: 'data that arrived in order after the FIN had been sent was not acknowledged',
        expected: 'the receive half goes on until the peer closes',
        component: driver,
        connection,
      }));
    };
    return {
      peerFate: (fate, frame, time) => {
        if (frame.payloadLength === 0 || frame.connection === undefined) return;
        const flow = known.of(frame.connection);
        const fin = flow?.machine.sent.fin;
        if (flow === undefined || fin?.path !== 'chimney') return;
        // What the host stack has to look at first comes another way.
        const hasOptions = frame.ipVersion === 4 && frame.transportAt !== frame.internetAt + 20;
        if (frame.isFragment || hasOptions) return;
        judge(frame.connection, time);
        const driver = fin.sender;
        if (facts.objects.connectionAt('miniport', driver, frame.connection)?.place !== 'held') return;
        const { acknowledgment, rightEdge } = flow.machine.sent;
        if (fate.receiver !== driver || acknowledgment === undefined || rightEdge === undefined) return;
        if (fate.fate !== 'delivered' || acknowledgment !== frame.sequence) return;
        const upTo = frame.sequenceEnd;
        if (sequenceDistance(upTo, rightEdge) < 0 || waiting.has(frame.connection)) return;
        waiting.set(frame.connection, { frame, since: time, upTo, driver });
      },
      guarded: [
        {
          gate: waiting.gate,
          frame: (frame) => {
            const { connection } = frame;
            if (connection === undefined || !frame.isSegment) return;
            const one = waiting.get(connection);
            if (one === undefined) return;
            if (frame.path === 'peer') {
              judge(connection, frame.time);
              return;
            }
            if (sequenceDistance(one.upTo, frame.acknowledgment) < 0) return;
            waiting.delete(connection);
            expect(true, () => ({ events: [], found: '', expected: '' }));
          },
        },
      ],
      call: {
        MiniportTerminateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection === undefined) continue;
            judge(connection, call.time);
            waiting.delete(connection);
          }
        },
      },
      end: ({ time }) => {
        for (const connection of [...waiting.keys()]) judge(connection, time);
      },
    };
  }),

  rule('DSC-014', ({ expect, facts }) => {
    const known = facts.of(flows);
    return {
      call: {
        NdisTcpOffloadDisconnectComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'disconnect' || lent.call.number('Flags') !== gracefulClose) continue;
            if (list.status !== NDIS_STATUS.SUCCESS) continue;
            const flow = known.of(lent.connection);
            const { fin, finEnd } = flow?.machine.sent ?? {};
            const heard = flow?.peer.arrived;
            if (heard === undefined || finEnd === undefined || heard.acknowledgment === undefined) continue;
            const { acknowledgment, acknowledgmentBy } = heard;
            expect(sequenceDistance(finEnd, acknowledgment) >= 0, () => ({
              events: [fin?.event, acknowledgmentBy?.event, call.event],
              found: `a graceful disconnect was completed with NDIS_STATUS_SUCCESS ${-sequenceDistance(finEnd, acknowledgment)} sequence numbers before its FIN was acknowledged`,
              expected: 'NDIS_STATUS_SUCCESS once data and FIN are acknowledged',
              component: call.caller,
              connection: lent.connection,
            }));
          }
        },
      },
    };
  }),

  rule('DSC-020', ({ expect, facts }) => {
    const known = facts.of(flows);
    return {
      call: {
        NdisTcpOffloadDisconnectComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'disconnect' || lent.call.number('Flags') !== gracefulClose) continue;
            if (list.status !== NDIS_STATUS.REQUEST_ABORTED) continue;
            const flow = known.of(lent.connection);
            const finEnd = flow?.machine.sent.finEnd;
            const heard = flow?.peer.arrived;
            const acknowledgment = heard?.acknowledgment;
            const acknowledged =
              finEnd !== undefined &&
              acknowledgment !== undefined &&
              sequenceDistance(finEnd, acknowledgment) >= 0;
            expect(!acknowledged, () => ({
              events: [heard?.acknowledgmentBy?.event, call.event],
              found:
                'a graceful disconnect was completed with NDIS_STATUS_REQUEST_ABORTED, though data and FIN had been acknowledged',
              expected: 'NDIS_STATUS_SUCCESS',
              component: call.caller,
              connection: lent.connection,
            }));
          }
        },
      },
    };
  }),

  rule('DSC-022', ({ expect, facts }) => {
    const known = facts.of(flows);
    const closed = (connection: number | undefined): boolean =>
      facts.objects.find(facts.objects.tcpOf(connection))?.variables.get(connectionState) === 0;
    /** Disconnects of connections that were open when they came. */
    const open = new Set<Call>();
    return {
      call: {
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.number('Flags') !== abortiveClose || closed(call.connection)) return;
          if (known.of(call.connection)?.peer.arrived.reset === undefined) open.add(call);
        },
        NdisTcpOffloadDisconnectComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'disconnect' || !open.delete(lent.call)) continue;
            const flow = known.of(lent.connection);
            if (flow === undefined || list.status !== NDIS_STATUS.SUCCESS) continue;
            // Nobody hears of a connection that both sides have closed.
            const { reset } = flow.machine.sent;
            if (flow.peer.arrived.reset !== undefined) continue;
            expect(reset !== undefined && reset.event > lent.call.event, () => ({
              events: [lent.call.event, call.event],
              found:
                'an abortive disconnect was completed with NDIS_STATUS_SUCCESS, and no RST has been sent',
              expected: 'a RST before the completion',
              component: call.caller,
              connection: lent.connection,
            }));
          }
        },
      },
    };
  }),

  rule('DSC-023', ({ expect, facts }) => {
    const aborted = new Set<number>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) aborted.delete(keyOf(call.callee, connection));
          }
        },
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection !== undefined && asksForAbort(call))
            aborted.add(keyOf(call.callee, call.connection));
        },
      },
      chimneyControl: (frame) => {
        const { connection } = frame;
        if (connection === undefined || !frame.has(tcpFlags.RST)) return;
        const held = facts.objects.connectionAt('miniport', frame.sender, connection);
        expect(aborted.has(keyOf(frame.sender, connection)) || !facts.historyComplete, () => ({
          events: [held?.since.event, frame.event],
          found: 'the target sent a RST, and no abortive disconnect had been asked for',
          expected: 'the target asks for the upload where RFC 9293 would reset',
          component: frame.sender,
          connection,
        }));
      },
    };
  }),

  rule('DSC-024', ({ expect, facts }) => {
    interface Abort {
      readonly call: Call;
      readonly indications: ReadonlySet<Call>;
      /** The indication that returned before the RST was sent. */
      late: Call | undefined;
    }
    const aborts = new WaitingMap<number, Abort>();
    const returned = (call: Call): void => {
      if (aborts.size === 0 || call.connection === undefined) return;
      const abort = aborts.get(keyOf(call.caller, call.connection));
      if (abort?.call.returned !== undefined && abort.indications.has(call)) abort.late ??= call;
    };
    return {
      call: {
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection === undefined || call.number('Flags') !== abortiveClose) return;
          const indications = new Set<Call>();
          for (const open of facts.calls.all())
            if (
              open.connection === call.connection &&
              open.caller === call.callee &&
              (open.functionName === 'NdisTcpOffloadReceiveHandler' ||
                open.functionName === 'NdisTcpOffloadEventHandler')
            )
              indications.add(open);
          if (indications.size > 0)
            aborts.set(keyOf(call.callee, call.connection), { call, indications, late: undefined });
        },
      },
      returned: { NdisTcpOffloadReceiveHandler: returned, NdisTcpOffloadEventHandler: returned },
      guarded: [
        {
          gate: aborts.gate,
          chimneyFrame: (frame) => {
            const { connection } = frame;
            if (connection === undefined) return;
            if (!frame.isSegment || !frame.has(tcpFlags.RST)) return;
            const key = keyOf(frame.sender, connection);
            const abort = aborts.get(key);
            if (abort === undefined) return;
            aborts.delete(key);
            // What is queued in front of it leaves first, and may take longer than an indication.
            const isLate = abort.late !== undefined && frame.time - abort.call.time > longestQueue;
            expect(!isLate, () => ({
              events: [abort.call.event, abort.late?.returned?.event, frame.event],
              found: `the RST of an abortive disconnect left only after ${abort.late!.functionName} had returned`,
              expected: 'the RST at once, whatever indications are under way',
              component: frame.sender,
              connection,
            }));
          },
        },
      ],
    };
  }),

  rule('DSC-025', ({ expect, facts }) => {
    const known = facts.of(flows);
    const aborted = new WaitingMap<number, Call>();
    const indicating = new Set<Call>();
    const begun = (driver: number, connection: number | undefined): Call | undefined => {
      if (aborted.size === 0 || connection === undefined) return undefined;
      const call = aborted.get(keyOf(driver, connection));
      return call?.returned === undefined ? undefined : call;
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) aborted.delete(keyOf(call.callee, connection));
          }
        },
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection === undefined || call.number('Flags') !== abortiveClose) return;
          aborted.set(keyOf(call.callee, call.connection), call);
          for (const open of facts.calls.all())
            if (open.connection === call.connection && open.caller === call.callee) indicating.add(call);
        },
        NdisTcpOffloadDisconnectComplete: (call) => {
          if (call.connection !== undefined && begun(call.caller, call.connection) !== undefined)
            expect(true, () => ({ events: [], found: '', expected: '' }));
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          const abort = begun(call.caller, call.connection);
          if (abort === undefined) return;
          expect(false, () => ({
            events: [abort.event, call.event],
            found: 'received data was indicated after an abortive disconnect',
            expected: 'nothing is processed or indicated any more',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
      stateChange: ({ object, writer, changes }, event) => {
        if (aborted.size === 0 || !changes.some(({ variable }) => variable === receiveNext)) return;
        const { connection } = facts.objects.find(object) ?? {};
        const abort = begun(writer, connection);
        // What was being indicated when the abort came has been received before.
        if (abort !== undefined && indicating.delete(abort)) return;
        const before = facts.objects.find(object)?.variables.get(receiveNext);
        const after = changes.find(({ variable }) => variable === receiveNext)?.value;
        if (abort === undefined || typeof before !== 'number' || typeof after !== 'number') return;
        expect(sequenceDistance(before, after) <= 0, () => ({
          events: [abort.event, event],
          found: 'received data was processed after an abortive disconnect',
          expected: 'nothing is processed or indicated any more',
          component: writer,
          connection,
          object,
        }));
      },
      guarded: [
        {
          gate: aborted.gate,
          chimneyFrame: (frame) => {
            if (!frame.isSegment || frame.has(tcpFlags.RST)) return;
            const abort = begun(frame.sender, frame.connection);
            if (abort === undefined) return;
            const acknowledgment = known.of(frame.connection)?.machine.sent.acknowledgment;
            // What was queued in front of the RST leaves before it.
            const reset = known.of(frame.connection)?.machine.sent.reset;
            if (reset === undefined || reset.event < abort.event) return;
            const advances =
              acknowledgment !== undefined && sequenceDistance(acknowledgment, frame.acknowledgment) > 0;
            expect(!advances, () => ({
              events: [abort.event, frame.event],
              found: 'received data was acknowledged after an abortive disconnect',
              expected: 'nothing but the RST',
              component: frame.sender,
              connection: frame.connection,
            }));
          },
        },
      ],
    };
  }),
];
