/** Rules of the area "terminate" about received data and the state that comes back. */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { NDIS_STATUS } from '../../../ddi/status';
import { bufferedDataOf, chainOf } from '../../engine/attachedLists';
import { fateDelivers } from '../../../trace/frameFates';
import type { VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags } from '../../engine/frame';
import { rule, type Facts, type Handlers, type Rule, type FactDefinition } from '../../engine/rule';
import { stateVariable } from '../../engine/stateVariable';
import type { StructureView } from '../../engine/structureView';
import type { TreeBlock } from '../../engine/tree';
import { flows, type Flow } from '../../facts/flows';
import { stays } from '../../facts/stays';
import { uploads } from '../../facts/uploads';
import { unseenFrames } from '../../facts/unseenFrames';
import { connectionsIn, keyOf } from './requests';

/** Acknowledgments that have reached a driver. */
interface Acknowledgments {
  highest: number | undefined;
  /** What the highest was until each of the latest arrivals. */
  readonly before: { readonly until: VirtualTime; readonly number: number | undefined }[];
}

/** What has become of received bytes at the miniport edge of a driver, since the connection was offloaded to it. */
interface Delivery {
  /** RcvNxt of the initiate less what was buffered then. */
  readonly start: number;
  /** RcvNxt of the initiate. */
  readonly first: number;
  /** Bytes completed or taken from indications. */
  delivered: number;
}

class Deliveries implements Handlers {
  private readonly byConnection = new Map<number, Delivery>();

  constructor(private readonly facts: Facts) {}

  of(driver: number, connection: number): Delivery | undefined {
    return this.byConnection.get(keyOf(driver, connection));
  }

  readonly call: NonNullable<Handlers['call']> = {
    MiniportInitiateOffload: (call) => {
      for (const { block, connection } of connectionsIn(this.facts, call)) {
        const first = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('RcvNxt');
        if (first === undefined) continue;
        const start = (first - bytesIn(call, block)) >>> 0;
        this.byConnection.set(keyOf(call.callee, connection), { start, first, delivered: 0 });
      }
    },
    NdisTcpOffloadReceiveComplete: (call) => {
      for (const { list, lent } of this.facts.lists.givenBack(call)) {
        if (lent?.connection === undefined) continue;
        const delivery = this.of(call.caller, lent.connection);
        if (delivery !== undefined) delivery.delivered += list.bytesTransferred;
      }
    },
  };

  readonly returned: NonNullable<Handlers['returned']> = {
    NdisTcpOffloadReceiveHandler: (call) => {
      if (call.connection === undefined) return;
      const delivery = this.of(call.caller, call.connection);
      if (delivery === undefined) return;
      delivery.delivered +=
        call.status === NDIS_STATUS.SUCCESS
          ? call.lists.reduce((sum, list) => sum + list.dataLength, 0)
          : (call.numberOut('BytesConsumed') ?? 0);
    },
  };
}

const deliveries: FactDefinition<Deliveries> = { start: (facts) => new Deliveries(facts) };

function bytesIn(call: Call, block: TreeBlock): number {
  return bufferedDataOf(call, block).reduce((sum, list) => sum + list.dataLength, 0);
}

/** A connection that comes back, with the arithmetic of what it has received. */
interface Account {
  readonly call: Call;
  readonly block: TreeBlock;
  readonly object: number;
  readonly connection: number;
  readonly state: StructureView;
  readonly flow: Flow;
  readonly buffered: number;
  readonly RcvNxt: number;
  /** Where delivery and BufferedData end, the FIN counted in: RcvNxt if all is well. */
  readonly accounted: number;
}

/** Calls `judge` for each connection that a terminate gives back whole. */
function forEachAccount(facts: Facts, judge: (account: Account) => void): (call: Call) => void {
  const received = facts.of(deliveries);
  const traffic = facts.of(flows);
  const aborts = facts.of(uploads);
  return (call) => {
    for (const { block, object, connection } of connectionsIn(facts, call)) {
      const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
      const flow = traffic.of(connection);
      const delivery = received.of(call.caller, connection);
      if (block.status !== NDIS_STATUS.SUCCESS || state === undefined) continue;
      if (flow === undefined || delivery === undefined) continue;
      if (aborts.abortOf(call.caller, connection) !== undefined) continue;
      const RcvNxt = state.number('RcvNxt') ?? 0;
      const buffered = bytesIn(call, block);
      let accounted = (delivery.start + delivery.delivered + buffered) >>> 0;
      const { finEnd } = flow.peer.arrived;
      if (
        finEnd !== undefined &&
        sequenceDistance(delivery.first, finEnd) > 0 &&
        sequenceDistance(finEnd, RcvNxt) >= 0
      )
        accounted = (accounted + 1) >>> 0;
      judge({ call, block, object, connection, state, flow, buffered, RcvNxt, accounted });
    }
  };
}

const tracked = ['State', 'RcvNxt', 'SndUna', 'SndMax', 'CWnd', 'SsThresh'] as const;
const variables = tracked.map((name) => ({
  name,
  index: stateVariable('tcp', `TCP_OFFLOAD_STATE_DELEGATED.${name}`),
}));

/** What a target may need until it has looked at a segment, virtual ns. */
const processingTime = 2_000_000;

/** See the file's head. */
export const receivedDataRules: readonly Rule[] = [
  rule('TRM-009', ({ expect }) => ({
    call: {
      NdisMTerminateOffloadComplete: (call) => {
        for (const { snapshot } of call.blocks.map((one) => ({ snapshot: one }))) {
          const other = snapshot.states.find(
            ({ structure }) => structure.includes('_OFFLOAD_STATE_') && !structure.endsWith('_DELEGATED'),
          );
          expect(other === undefined, () => ({
            events: [call.record.completes[0], call.event],
            found: `a terminate came back with ${other!.structure}`,
            expected: 'a delegated structure at most',
            component: call.caller,
            connection: call.connection,
            object: snapshot.object,
          }));
        }
      },
    },
  })),

  rule('TRM-016', ({ expect, facts }) => {
    const known = facts.of(flows);
    return {
      call: {
        NdisMTerminateOffloadComplete: forEachAccount(facts, (account) => {
          const { call, object, connection, RcvNxt, accounted, flow } = account;
          const beyond = sequenceDistance(RcvNxt, accounted);
          expect(beyond <= 0, () => ({
            events: [flow.peer.arrived.lastWithData?.event, call.event],
            found: `${beyond} bytes above the returned RcvNxt were delivered or came back in BufferedData`,
            expected: 'BufferedData that ends at RcvNxt; data behind a hole is dropped',
            component: call.caller,
            connection,
            object,
          }));
        }),
      },
      chimneyFrame: (frame) => {
        if (frame.connection === undefined || !frame.isSegment) return;
        const held = facts.objects.connectionAt('miniport', frame.sender, frame.connection);
        if (held?.place !== 'terminating') return;
        const arrived = known.of(frame.connection)?.peer.arrived;
        if (arrived?.contiguousEnd === undefined || arrived.rangesAhead.length === 0) return;
        expect(sequenceDistance(arrived.contiguousEnd, frame.acknowledgment) <= 0, () => ({
          events: [held.since.event, frame.event],
          found: 'data behind a hole was acknowledged during a terminate',
          expected: 'an acknowledgment up to the hole',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
    };
  }),

  rule('TRM-019', ({ expect, facts }) => {
    /** The first receive that came back empty during the terminate, by driver and connection. */
    const empty = new Map<number, Call>();
    return {
      call: {
        MiniportTerminateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call))
            empty.delete(keyOf(call.callee, connection));
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.connection === undefined || lent.snapshot.dataLength === 0) continue;
            const held = facts.objects.connectionAt('miniport', call.caller, lent.connection);
            if (held?.place !== 'terminating' || list.bytesTransferred > 0) continue;
            const key = keyOf(call.caller, lent.connection);
            if (list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS && !empty.has(key)) empty.set(key, call);
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, object, connection } of connectionsIn(facts, call)) {
            const bytes = bytesIn(call, block);
            const receive = empty.get(keyOf(call.caller, connection));
            if (bytes === 0 && receive === undefined) continue;
            expect(bytes === 0 || receive === undefined, () => ({
              events: [receive?.event, call.event],
              found: `${bytes} bytes came back in BufferedData although a posted receive was returned empty`,
              expected: 'the data in the posted receives first',
              component: call.caller,
              connection,
              object,
            }));
          }
        },
      },
    };
  }),

  rule('TRM-020', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: forEachAccount(facts, (account) => {
        const { call, object, connection, RcvNxt, accounted, buffered, flow } = account;
        const missing = sequenceDistance(accounted, RcvNxt);
        expect(missing <= 0, () => ({
          events: [flow.peer.arrived.lastWithData?.event, call.event],
          found: `${missing + buffered} bytes below RcvNxt had not been delivered, and BufferedData has ${buffered}`,
          expected: `${missing + buffered} bytes in BufferedData, up to RcvNxt`,
          component: call.caller,
          connection,
          object,
        }));
      }),
    },
  })),

  rule('TRM-021', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: forEachAccount(facts, (account) => {
        const { call, object, connection, accounted, flow, RcvNxt } = account;
        const { acknowledgment, acknowledgmentBy } = flow.machine.sent;
        if (acknowledgment === undefined) return;
        const end = sequenceDistance(accounted, RcvNxt) < 0 ? RcvNxt : accounted;
        const lost = sequenceDistance(end, acknowledgment);
        expect(lost <= 0, () => ({
          events: [acknowledgmentBy?.event, call.event],
          found: `${lost} acknowledged bytes were neither delivered nor handed back`,
          expected: 'delivered bytes and BufferedData up to the highest acknowledgment',
          component: call.caller,
          connection,
          object,
        }));
      }),
    },
  })),

  rule('TRM-031', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: (call) => {
        for (const { block, object, connection } of connectionsIn(facts, call)) {
          const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
          const known = facts.objects.find(object);
          if (block.status !== NDIS_STATUS.SUCCESS || state === undefined || known === undefined) continue;
          const wrong = variables.find(({ name, index }) => {
            const value = known.variables.get(index);
            return typeof value === 'number' && value !== state.number(name);
          });
          expect(wrong === undefined, () => ({
            events: [facts.objects.at('miniport', call.caller, object)?.since.event, call.event],
            found: `a terminate came back with ${wrong!.name} of ${state.number(wrong!.name)}, though the target had it at ${known.variables.get(wrong!.index) as number}`,
            expected: 'every delegated variable as the target has it',
            component: call.caller,
            connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-029', ({ expect, facts }) => {
    const traffic = facts.of(flows);
    const known = facts.of(uploads);
    const connections = facts.of(stays);
    const unseen = facts.of(unseenFrames);
    /** The highest acknowledgment that the target must have looked at when the terminate was asked for. */
    const acknowledged = new Map<number, number>();
    /** The highest one that has reached the driver, and what it was until each of the latest arrivals; by connection and driver. */
    const latest = new Map<number, Acknowledgments>();
    return {
      peerFate: ({ fate, receiver }, frame, time) => {
        const { connection } = frame;
        if (connection === undefined || connections.of(receiver, connection) === undefined) return;
        if (!fateDelivers(fate) || fate === 'corrupted' || !frame.isSegment || !frame.has(tcpFlags.ACK))
          return;
        // These are answered or dropped before anybody looks at what they acknowledge (RFC 9293 section 3.10.7.4).
        if (frame.has(tcpFlags.RST) || frame.has(tcpFlags.SYN)) return;
        const key = keyOf(receiver, connection);
        let known = latest.get(key);
        if (known === undefined) latest.set(key, (known = { highest: undefined, before: [] }));
        const { before } = known;
        while (before.length > 0 && before[0]!.until < time - processingTime) before.shift();
        before.push({ until: time, number: known.highest });
        if (known.highest === undefined || sequenceDistance(known.highest, frame.acknowledgment) > 0)
          known.highest = frame.acknowledgment;
      },
      call: {
        MiniportTerminateOffload: (call) => {
          if (facts.machine.role(call.callee) !== 'offload-target') return;
          for (const { connection } of connectionsIn(facts, call)) {
            const since = call.time - processingTime;
            const key = keyOf(call.callee, connection);
            const known = latest.get(key);
            const recent = known?.before.find(({ until }) => until >= since);
            const acknowledgment = recent === undefined ? known?.highest : recent.number;
            if (acknowledgment === undefined) acknowledged.delete(key);
            else acknowledged.set(key, acknowledgment);
            latest.delete(key);
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, object, connection } of connectionsIn(facts, call)) {
            const chain = chainOf(call, block);
            const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            const flow = traffic.of(connection);
            const at = acknowledged.get(keyOf(call.caller, connection));
            if (chain.length === 0 || state === undefined || flow === undefined) continue;
            // What goes into a pulled cable leaves no frame, and a sleeping adapter reads none.
            if (facts.machine.role(call.caller) !== 'offload-target') continue;
            const since = connections.of(call.caller, connection)?.initiate.event;
            if (unseen.since(call.caller, since)) continue;
            const SndUna = state.number('SndUna') ?? 0;
            const SndMax = state.number('SndMax') ?? 0;
            const { acknowledgment, acknowledgmentBy } = flow.peer.arrived;
            const { end, endBy, finEnd } = flow.machine.sent;
            // A target that has stopped processes no more acknowledgments.
            const stopped = known.of(call.caller, connection).retrieve !== undefined;
            const isOld =
              at !== undefined &&
              sequenceDistance(SndUna, at) > 0 &&
              !stopped &&
              !unseen.inLifeOf(connection);
            // An acknowledgment may have come by way of the host stack.
            const isForwarded = connections.of(call.caller, connection)?.forwarded === true;
            const isNew =
              acknowledgment !== undefined && !isForwarded && sequenceDistance(acknowledgment, SndUna) > 0;
            const isEnd = end === undefined || SndMax === end || unseen.inLifeOf(connection);
            const bytes = chain.reduce((sum, { dataLength }) => sum + dataLength, 0);
            const sent = sequenceDistance(SndUna, SndMax) - (finEnd === undefined ? 0 : 1);
            expect(!isOld && !isNew && isEnd && sent <= bytes, () => ({
              events: [isEnd ? acknowledgmentBy?.event : endBy?.event, call.event],
              found:
                isOld || isNew
                  ? `sends come back with a SndUna ${Math.abs(sequenceDistance(SndUna, (isOld ? at : acknowledgment) ?? SndUna))} away from the highest acknowledgment`
                  : isEnd
                    ? `${sent} bytes are in flight, and the chain has ${bytes}`
                    : `sends come back with a SndMax ${Math.abs(sequenceDistance(end, SndMax))} away from the highest number sent`,
              expected: 'SndUna at the first byte of the chain, SndMax behind the last byte sent',
              component: call.caller,
              connection,
              object,
            }));
          }
        },
      },
    };
  }),
];
