/** Rules of the area "terminate" about what is on the wire while and after a connection changes hands. */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import type { EventId } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { stateVariable } from '../../engine/stateVariable';
import { fullPower } from '../../facts/adapters';
import { flows } from '../../facts/flows';
import { stays } from '../../facts/stays';
import { oidOf, setsOid } from '../../facts/oidRequests';
import { uploads } from '../../facts/uploads';
import { unseenFrames } from '../../facts/unseenFrames';
import { connectionsIn, keyOf } from './requests';
import { WaitingMap } from '../../engine/gate';

const setPower = constantValue('OID_PNP_SET_POWER');
const abortiveClose = constantValue('TCP_DISCONNECT_ABORTIVE_CLOSE');

const moving = [
  stateVariable('tcp', 'TCP_OFFLOAD_STATE_DELEGATED.RcvNxt'),
  stateVariable('tcp', 'TCP_OFFLOAD_STATE_DELEGATED.SndUna'),
];

/** See the file's head. */
export const handOverWireRules: readonly Rule[] = [
  rule('TRM-012', ({ expect, facts }) => {
    /** Segments that arrived during a terminate. */
    const late = new Map<EventId, WireFrame>();
    const judge = (cause: EventId | undefined, event: EventId, driver: number, what: string): void => {
      if (late.size === 0 || cause === undefined) return;
      const frame = late.get(cause);
      if (frame === undefined) return;
      const held = facts.objects.connectionAt('miniport', driver, frame.connection);
      expect(false, () => ({
        events: [held?.since.event, frame.event, event],
        found: `a segment that arrived during the terminate ${what}`,
        expected: 'the segment in NdisMIndicateReceiveNetBufferLists, unprocessed',
        component: driver,
        connection: frame.connection,
      }));
    };
    return {
      peerFate: ({ fate, receiver }, frame) => {
        if (frame.connection === undefined || !fateDelivers(fate)) return;
        const held = facts.objects.connectionAt('miniport', receiver, frame.connection);
        // Until the call has returned, another processor may be faster.
        if (held?.place === 'terminating' && held.since.returned !== undefined) late.set(frame.event, frame);
      },
      stateChange: ({ object, writer, cause, changes }, event) => {
        if (late.size === 0 || cause === undefined || !late.has(cause)) return;
        const known = facts.objects.find(object);
        if (known?.connection !== late.get(cause)!.connection) return;
        const moved = changes.some(({ variable, value }) => {
          const before = known?.variables.get(variable);
          return (
            moving.includes(variable) &&
            typeof value === 'number' &&
            typeof before === 'number' &&
            sequenceDistance(before, value) > 0
          );
        });
        if (moved && facts.machine.role(writer) === 'offload-target')
          judge(cause, event, writer, 'was processed');
      },
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          judge(call.record.cause, call.event, call.caller, 'was indicated to the chimney');
        },
        NdisMIndicateReceiveNetBufferLists: (call) => {
          const { cause } = call.record;
          if (cause !== undefined && late.delete(cause))
            expect(true, () => ({ events: [], found: '', expected: '' }));
        },
        NdisMTerminateOffloadComplete: () => {
          late.clear();
        },
      },
    };
  }),

  rule('TRM-013', ({ expect, facts }) => {
    /** Connections that a target has given back. */
    const back = new WaitingMap<number, Call>();
    /** Segments that have reached it since then and have not been indicated, by driver. */
    const missing = new Map<number, { readonly frame: WireFrame; readonly completion: Call }[]>();
    const forget = (driver: number): void => {
      missing.delete(driver);
    };
    /** Drivers whose adapters are paused or halted: they hear nothing before MiniportRestart. */
    const still = new Set<number>();
    /** Drivers whose adapters have been asked to leave full power, and have not said that they can't: they may hear nothing. */
    const asleep = new Set<number>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call))
            back.delete(keyOf(call.callee, connection));
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          for (const { block, connection } of connectionsIn(facts, call))
            if (block.status === NDIS_STATUS.SUCCESS) back.set(keyOf(call.caller, connection), call);
        },
        NdisMIndicateReceiveNetBufferLists: (call) => {
          const list = missing.get(call.caller);
          if (list === undefined) return;
          const at = list.findIndex(({ frame }) => frame.event === call.record.cause);
          if (at < 0) return;
          // What came before it on the same connection has been passed over.
          const [{ frame: indicated } = { frame: undefined }] = list.splice(at, 1);
          const before = list.find(
            ({ frame }) =>
              frame.connection === indicated?.connection && frame.event < (indicated?.event ?? 0),
          );
          if (before !== undefined) list.splice(list.indexOf(before), 1);
          expect(before === undefined, () => ({
            events: [before?.completion.event, before?.frame.event, call.event],
            found:
              'a segment of a connection whose terminate has been completed was not indicated, and a later one was',
            expected: 'NdisMIndicateReceiveNetBufferLists for every segment of the connection',
            component: call.caller,
            connection: indicated?.connection,
          }));
        },
        // An adapter that stands still, or sleeps, hears nothing.
        MiniportPause: (call) => {
          forget(call.callee);
          still.add(call.callee);
        },
        MiniportRestart: (call) => {
          still.delete(call.callee);
        },
        MiniportResetEx: (call) => {
          forget(call.callee);
        },
        MiniportOidRequest: (call) => {
          forget(call.callee);
          if (oidOf(call) !== setPower || !setsOid(call)) return;
          if (call.number('PowerState') === fullPower) asleep.delete(call.callee);
          else asleep.add(call.callee);
        },
        NdisMOidRequestComplete: (call) => {
          const status = call.number('Status') ?? NDIS_STATUS.SUCCESS;
          if (oidOf(call) === setPower && status !== NDIS_STATUS.SUCCESS) asleep.delete(call.caller);
        },
        MiniportHaltEx: (call) => {
          forget(call.callee);
          still.add(call.callee);
        },
        NdisMIndicateStatusEx: (call) => {
          forget(call.caller);
        },
      },
      guarded: [
        {
          gate: back.gate,
          peerFate: ({ fate, receiver }, frame) => {
            if (frame.connection === undefined) return;
            if (fate !== 'delivered' || !frame.isSegment || frame.isFragment) return;
            const completion = back.get(keyOf(receiver, frame.connection));
            if (completion === undefined || still.has(receiver) || asleep.has(receiver)) return;
            const list = missing.get(receiver);
            if (list === undefined) missing.set(receiver, [{ frame, completion }]);
            else list.push({ frame, completion });
          },
        },
      ],
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const [driver, list] of missing)
          for (const { frame, completion } of list) {
            if (time - frame.time < 10_000_000) continue;
            expect(false, () => ({
              events: [completion.event, frame.event],
              found: 'a segment of a connection whose terminate has been completed was never indicated',
              expected: 'NdisMIndicateReceiveNetBufferLists for every segment of the connection',
              component: driver,
              connection: frame.connection,
            }));
          }
      },
    };
  }),

  rule('TRM-015', ({ expect, facts }) => {
    const traffic = facts.of(flows);
    const known = facts.of(uploads);
    const connections = facts.of(stays);
    const unseen = facts.of(unseenFrames);
    /** RcvNxt at the offload. */
    const firsts = new Map<number, number>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { block, connection } of connectionsIn(facts, call)) {
            const first = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('RcvNxt');
            if (first !== undefined) firsts.set(keyOf(call.callee, connection), first);
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, object, connection } of connectionsIn(facts, call)) {
            const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            if (block.status !== NDIS_STATUS.SUCCESS || state === undefined) continue;
            if (facts.machine.role(call.caller) !== 'offload-target') continue;
            const since = connections.of(call.caller, connection)?.initiate.event;
            if (unseen.since(call.caller, since)) continue;
            // A target that had stopped, or whose neighbor is invalid, sends nothing.
            if (known.of(call.caller, connection).retrieve !== undefined) continue;
            if (known.abortOf(call.caller, connection) !== undefined || state.number('State') === 0) continue;
            let isInvalid = false;
            for (const { invalidatedBy } of facts.objects.allAt('miniport', call.caller))
              isInvalid ||= invalidatedBy !== undefined;
            const sent = traffic.of(connection)?.machine.sent;
            const RcvNxt = state.number('RcvNxt');
            if (isInvalid || sent?.acknowledgment === undefined || RcvNxt === undefined) continue;
            // What had come before the offload was for the host stack to acknowledge.
            if (firsts.get(keyOf(call.caller, connection)) === RcvNxt) continue;
            const behind = sequenceDistance(sent.acknowledgment, RcvNxt);
            expect(behind <= 0, () => ({
              events: [sent.acknowledgmentBy?.event, call.event],
              found: `a terminate was completed while ${behind} received bytes were not acknowledged`,
              expected: 'an acknowledgment up to RcvNxt before the completion',
              component: call.caller,
              connection,
              object,
            }));
          }
        },
      },
    };
  }),

  rule('TRM-030', ({ expect, facts }) => {
    interface Return {
      readonly call: Call;
      readonly SndUna: number;
      readonly SndMax: number;
      /** The adapter that has been given frames since. */
      adapter: number | undefined;
      /** Whether several have: then frames may overtake each other. */
      isSpread: boolean;
    }
    const returns = new WaitingMap<number, Return>();
    const unseen = facts.of(unseenFrames);
    // What an adapter without a cable, or asleep, is given to send leaves no frame.
    const forget = (): void => {
      returns.clear();
    };
    return {
      call: {
        MiniportOidRequest: forget,
        MiniportSendNetBufferLists: (call) => {
          const back = call.connection === undefined ? undefined : returns.get(call.connection);
          if (back === undefined || facts.machine.role(call.callee) === 'intermediate-driver') return;
          back.adapter ??= call.callee;
          back.isSpread ||= back.adapter !== call.callee;
        },
        MiniportPause: forget,
        MiniportResetEx: forget,
        NdisMIndicateStatusEx: forget,
        NdisInitiateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call)) returns.delete(connection);
        },
        ProtocolTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack' || unseen.anyPulled) return;
          for (const { block, connection } of connectionsIn(facts, call)) {
            const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            const SndUna = state?.number('SndUna');
            const SndMax = state?.number('SndMax');
            if (block.status !== NDIS_STATUS.SUCCESS || SndUna === undefined || SndMax === undefined)
              continue;
            returns.set(connection, { call, SndUna, SndMax, adapter: undefined, isSpread: false });
          }
        },
      },
      guarded: [
        {
          gate: returns.gate,
          fate: ({ fate }, frame) => {
            if (frame?.path !== 'host' || frame.payloadLength === 0) return;
            // What a full queue throws away is recorded before what stands in the queue.
            if (fate === 'queue-overflow') {
              if (frame.connection !== undefined) returns.delete(frame.connection);
              return;
            }
            if (frame.connection === undefined || !frame.isSegment || frame.isFragment) return;
            const back = returns.get(frame.connection);
            if (back === undefined) return;
            returns.delete(frame.connection);
            if (back.isSpread) return;
            const { call, SndUna, SndMax } = back;
            const inside =
              sequenceDistance(SndUna, frame.sequence) >= 0 && sequenceDistance(frame.sequence, SndMax) >= 0;
            expect(inside, () => ({
              events: [call.event, frame.event],
              found: `the first data of the host stack after the upload lies ${Math.abs(sequenceDistance(SndMax, frame.sequence))} bytes away from SndMax`,
              expected: 'a retransmission from SndUna on, or new data at SndMax',
              component: call.callee,
              connection: frame.connection,
            }));
          },
        },
      ],
    };
  }),

  rule('TRM-039', ({ expect, facts }) => {
    /** What the Flags of the disconnects of a connection have asked for. */
    const closes = new Map<number, number>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call))
            closes.delete(keyOf(call.callee, connection));
        },
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection === undefined) return;
          const key = keyOf(call.callee, call.connection);
          closes.set(key, (closes.get(key) ?? 0) | (call.number('Flags') ?? 0));
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (connectionsIn(facts, call).length > 0)
            expect(true, () => ({ events: [], found: '', expected: '' }));
        },
      },
      chimneyFrame: (frame) => {
        if (frame.connection === undefined || !frame.isSegment) return;
        if ((frame.flags & (tcpFlags.FIN | tcpFlags.RST)) === 0) return;
        const held = facts.objects.connectionAt('miniport', frame.sender, frame.connection);
        if (held?.place !== 'terminating') return;
        const asked = closes.get(keyOf(frame.sender, frame.connection)) ?? 0;
        expect(frame.has(tcpFlags.RST) ? (asked & abortiveClose) !== 0 : asked !== 0, () => ({
          events: [held.since.event, frame.event],
          found: `the target sent a ${frame.has(tcpFlags.RST) ? 'RST' : 'FIN'} during a terminate, and no disconnect explains it`,
          expected: 'a terminate leaves the connection open',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
    };
  }),

  rule('TRM-040', ({ expect, facts }) => {
    const back = new Map<number, Call>();
    const offloaded = new Map<number, Call>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call))
            back.delete(keyOf(call.callee, connection));
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, connection } of connectionsIn(facts, call))
            if (block.status === NDIS_STATUS.SUCCESS) back.set(keyOf(call.caller, connection), call);
        },
        ProtocolInitiateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack') return;
          for (const { block, connection } of connectionsIn(facts, call))
            if (block.status === NDIS_STATUS.SUCCESS) offloaded.set(connection, call);
        },
        NdisTerminateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call)) {
            if (offloaded.delete(connection)) expect(true, () => ({ events: [], found: '', expected: '' }));
          }
        },
      },
      frame: (frame) => {
        const { connection } = frame;
        if (connection === undefined || frame.path === 'peer' || !frame.isSegment) return;
        if (frame.path === 'chimney') {
          const completion = back.get(keyOf(frame.sender, connection));
          if (completion === undefined) return;
          expect(false, () => ({
            events: [completion.event, frame.event],
            found: 'the target sent a segment of a connection whose terminate had been completed',
            expected: 'the host stack alone sends on it',
            component: frame.sender,
            connection,
          }));
          return;
        }
        const initiate = frame.payloadLength === 0 ? undefined : offloaded.get(connection);
        if (initiate === undefined) return;
        expect(false, () => ({
          events: [initiate.event, frame.event],
          found: 'the host stack sent data of a connection that is offloaded',
          expected: 'the target alone sends on it',
          component: initiate.callee,
          connection,
        }));
      },
    };
  }),
];
