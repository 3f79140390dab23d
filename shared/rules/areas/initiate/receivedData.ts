/** Received data that changes hands with an offload, and what is received after it (INI-007, INI-023, INI-024, INI-026, INI-056 to INI-058). */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import type { VirtualTime } from '../../../trace/records';
import { bufferedDataOf } from '../../engine/attachedLists';
import { isOfTarget, isOriginal, isRefusal, newBlocks, offeredConnections } from '../../engine/blocks';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { faultOf } from '../../facts/arrivalFaults';
import { stays } from '../../facts/stays';
import { flows } from '../../facts/flows';
import { WaitingMap } from '../../engine/gate';

const retrieve = constantValue('TcpIndicateRetrieve');
const abort = constantValue('TcpIndicateAbort');

/** The part of a segment's payload that the trace keeps. */
export function payloadOf(frame: WireFrame): Uint8Array {
  const { bytes } = frame.record;
  const at = frame.transportAt + (bytes[frame.transportAt + 12]! >>> 4) * 4;
  return bytes.subarray(at, at + frame.payloadLength);
}

function hexOf(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A connection that has come with BufferedData, until its first bytes have gone up. */
interface Awaited {
  readonly initiate: Call;
  /** First bytes of BufferedData, in hexadecimal digits. */
  readonly digits: string;
  /** The segments of the peer that have arrived since, by their first bytes. */
  readonly arrived: { readonly digits: string; readonly frame: WireFrame }[];
}

/** Segments that are remembered. */
const mostArrivals = 64;

/**
 * Looks at the first bytes that go up on a connection that came with BufferedData. Bytes that a segment has brought since are newer data that
 * was delivered first; any others are what the target found where BufferedData had been.
 */
function firstDelivery(
  { facts }: RuleContext,
  look: (awaited: Awaited, call: Call, first: string, newer: WireFrame | undefined) => void,
): Handlers {
  const awaited = new WaitingMap<number, Awaited>();
  const deliver = (call: Call): void => {
    if (awaited.size === 0 || call.connection === undefined || !isOfTarget(facts, call)) return;
    const known = awaited.get(call.connection);
    const first = call.text('DeliveredBytes');
    if (known === undefined || first === undefined) return;
    const length = Math.min(first.length, known.digits.length);
    const isSame = first.slice(0, length) === known.digits.slice(0, length);
    const newer = isSame
      ? undefined
      : known.arrived.find(
          ({ digits }) => digits.length > 0 && first.startsWith(digits.slice(0, first.length)),
        );
    look(known, call, first, newer?.frame);
    // What is refused comes once more.
    if (call.functionName === 'NdisTcpOffloadReceiveComplete' || !isSame) awaited.delete(call.connection);
  };
  return {
    call: {
      MiniportInitiateOffload: (call) => {
        const texts = call.record.arguments.flatMap((argument) =>
          argument.kind === 'text' && argument.name === 'BufferedDataBytes' ? argument.value : [],
        );
        let next = 0;
        for (const { block, delegated } of texts.length === 0 ? [] : offeredConnections(call)) {
          if ((delegated.pointer('BufferedData') ?? 0) === 0) continue;
          const digits = texts[next++];
          const connection = facts.objects.find(block.object)?.connection;
          if (connection !== undefined && digits !== undefined)
            awaited.set(connection, { initiate: call, digits, arrived: [] });
        }
      },
      NdisMInitiateOffloadComplete: (call) => {
        if (awaited.size === 0) return;
        for (const { block } of offeredConnections(call))
          if (isRefusal(block.status)) awaited.delete(facts.objects.find(block.object)?.connection ?? -1);
      },
      MiniportTerminateOffload: (call) => {
        if (awaited.size === 0) return;
        for (const { object } of treeOf(call)) awaited.delete(facts.objects.find(object)?.connection ?? -1);
      },
      NdisTcpOffloadReceiveComplete: deliver,
      NdisTcpOffloadReceiveHandler: deliver,
    },
    returned: {
      NdisTcpOffloadReceiveHandler: (call) => {
        if (call.connection !== undefined && (call.numberOut('BytesConsumed') ?? 0) > 0)
          awaited.delete(call.connection);
      },
    },
    guarded: [
      {
        gate: awaited.gate,
        peerFate: ({ fate }, frame) => {
          if (frame.payloadLength === 0 || !fateDelivers(fate)) return;
          const known = frame.connection === undefined ? undefined : awaited.get(frame.connection);
          if (known === undefined || known.arrived.length >= mostArrivals) return;
          known.arrived.push({ digits: hexOf(payloadOf(frame)), frame });
        },
      },
    ],
  };
}

/** What is known of a connection's round trips since its offload, in ticks. */
interface RoundTrips {
  readonly initiate: Call;
  /** SRtt of the offload. */
  readonly given: number;
  /** Whether segments were on their way at the offload: nobody has measured how long these take. */
  readonly mayBeLonger: boolean;
  /** Segments on their way: where they end, and when they left. */
  readonly under: { readonly end: number; readonly left: VirtualTime }[];
  shortest: number;
  longest: number;
}

/** Unknown while the host has set no parameters: 1,000 (section 2 of the state digest). */
const usualTicksPerSecond = 1000;

/** See the file's head. */
export const receivedDataRules: readonly Rule[] = [
  rule('INI-007', ({ facts, expect }) => {
    /** Targets that have refused a source address while they had none. */
    const without = new Map<number, Call>();
    /** Neighbors with a source address that targets have taken. */
    const taken = new Map<
      number,
      { readonly driver: number; readonly source: Uint8Array; readonly call: Call }
    >();
    const judged = new Set<number>();
    return {
      call: {
        NdisMInitiateOffloadComplete: (call) => {
          const request = facts.objects.requestOf(call)?.call;
          if (request === undefined || !isOfTarget(facts, call)) return;
          const answers = new Map(treeOf(call).map((block) => [block.address, block.status]));
          for (const block of newBlocks(request)) {
            const source = block.state('NEIGHBOR_OFFLOAD_STATE_CONST')?.slice('DlSourceAddress');
            const status = answers.get(block.address);
            if (source === undefined || status === undefined || block.object === undefined) continue;
            if (source.every((byte) => byte === 0)) continue;
            const others = [...taken.values()].filter(({ driver }) => driver === call.caller);
            if (status === NDIS_STATUS.OFFLOAD_HW_ADDRESS_ENTRIES && others.length === 0)
              without.set(call.caller, call);
            if (isRefusal(status)) continue;
            taken.set(block.object, { driver: call.caller, source, call: request });
            judged.delete(block.object);
            const refusal = without.get(call.caller);
            expect(refusal === undefined, () => ({
              events: [refusal?.event, call.event],
              found:
                'a neighbor with a source address is taken by a target that has no source addresses to give',
              expected: 'NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES',
              component: call.caller,
              object: block.object,
            }));
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (taken.size === 0) return;
          for (const { object, status } of treeOf(call))
            if (object !== undefined && status === NDIS_STATUS.SUCCESS) taken.delete(object);
        },
      },
      chimneyFrame: (frame) => {
        if (taken.size === 0 || frame.connection === undefined) return;
        for (const [object, { driver, source, call }] of taken) {
          if (judged.has(object)) continue;
          const held = facts.objects.connectionAt('miniport', driver, frame.connection);
          const path = facts.objects.at('miniport', driver, held?.parent);
          if (path?.parent !== object) continue;
          judged.add(object);
          const used = frame.record.bytes.subarray(6, 12);
          expect(
            used.every((byte, index) => byte === source[index]),
            () => ({
              events: [call.event, frame.event],
              found: `a neighbor was taken with DlSourceAddress ${hexOf(source.subarray(0, 6))}, and frames to it leave from ${hexOf(used)}`,
              expected: 'NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES from a target that can’t use the address',
              component: driver,
              object,
              connection: frame.connection,
            }),
          );
        }
      },
    };
  }),

  rule('INI-023', ({ facts, expect }) => {
    const trips = new Map<number, RoundTrips>();
    let ticksPerSecond = usualTicksPerSecond;
    const judge = (call: Call): void => {
      if (!isOfTarget(facts, call)) return;
      for (const block of treeOf(call)) {
        const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
        const connection = facts.objects.find(block.object)?.connection;
        const known = connection === undefined ? undefined : trips.get(connection);
        const now = delegated?.number('SRtt');
        if (known === undefined || now === undefined || block.status !== NDIS_STATUS.SUCCESS) continue;
        if (known.given === 0) continue;
        // Smoothing stays between what it began with and what it sees; twice that, and two ticks, are for other ways to measure.
        const lowest = Math.min(known.given, known.shortest * 8) / 2 - 16;
        const highest = known.mayBeLonger ? Infinity : Math.max(known.given, known.longest * 8) * 2 + 16;
        expect(now >= lowest && now <= highest, () => ({
          events: [known.initiate.event, call.event],
          found: `SRtt was ${known.given} at the offload and is ${now}, while round trips take ${describeTrips(known)} ticks`,
          expected: 'eight times the smoothed round-trip time both ways',
          component: call.caller,
          object: block.object,
          connection,
        }));
      }
    };
    return {
      call: {
        MiniportOidRequest: (call) => {
          const parameters = call.structure('InformationBuffer');
          if (parameters?.name === 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS')
            ticksPerSecond = parameters.number('TicksPerSecond') ?? ticksPerSecond;
        },
        MiniportInitiateOffload: (call) => {
          if (facts.machine.role(call.callee) === 'intermediate-driver') return;
          for (const { block, delegated } of offeredConnections(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (connection === undefined) continue;
            const given = delegated.number('SRtt') ?? 0;
            const mayBeLonger = delegated.number('SndUna') !== delegated.number('SndMax');
            trips.set(connection, {
              initiate: call,
              given,
              mayBeLonger,
              under: [],
              shortest: Infinity,
              longest: 0,
            });
          }
        },
        NdisMQueryOffloadStateComplete: judge,
        NdisMTerminateOffloadComplete: (call) => {
          judge(call);
          for (const { object } of treeOf(call)) trips.delete(facts.objects.find(object)?.connection ?? -1);
        },
      },
      chimneyFrame: (frame) => {
        if (frame.sequenceLength === 0 || frame.connection === undefined) return;
        const known = trips.get(frame.connection);
        if (known === undefined) return;
        const last = known.under.at(-1);
        if (last === undefined || sequenceDistance(last.end, frame.sequenceEnd) > 0)
          known.under.push({ end: frame.sequenceEnd, left: frame.time });
      },
      peerFate: ({ fate }, frame, time) => {
        if (trips.size === 0 || frame.connection === undefined) return;
        const known = trips.get(frame.connection);
        if (known === undefined || !frame.isSegment || !fateDelivers(fate) || !frame.has(tcpFlags.ACK))
          return;
        const { under } = known;
        while (under.length > 0 && sequenceDistance(under[0]!.end, frame.acknowledgment) >= 0) {
          const ticks = ((time - under.shift()!.left) * ticksPerSecond) / 1e9;
          known.shortest = Math.min(known.shortest, ticks);
          known.longest = Math.max(known.longest, ticks);
        }
      },
    };
  }),

  rule('INI-024', (context) => {
    const { facts, expect } = context;
    const wire = facts.of(flows);
    return {
      call: {
        NdisInitiateOffload: (call) => {
          if (!isOriginal(facts, call)) return;
          for (const { block, delegated } of offeredConnections(call)) {
            const lists = bufferedDataOf(call, block);
            const last = lists.at(-1);
            const connection = facts.objects.find(block.object)?.connection;
            const syn = wire.of(connection)?.peer.sent.syn;
            if (last?.streamOffset === undefined || syn === undefined) continue;
            const end = last.streamOffset + last.dataLength;
            // Sequence numbers repeat after 2^32 bytes; so do the offsets then.
            const wanted = ((delegated.number('RcvNxt') ?? 0) - syn.sequence - 1) >>> 0;
            const broken = lists.findIndex(
              (list, index) =>
                index > 0 &&
                list.streamOffset !== lists[index - 1]!.streamOffset! + lists[index - 1]!.dataLength,
            );
            expect(end % 2 ** 32 === wanted && broken < 0, () => ({
              events: [syn.event, call.event],
              found:
                broken < 0
                  ? `BufferedData ends ${wanted - (end % 2 ** 32)} bytes before RcvNxt`
                  : `BufferedData has a gap in front of list ${broken + 1}`,
              expected: 'the newest data received, immediately below RcvNxt',
              component: call.caller,
              object: block.object,
              connection,
            }));
          }
        },
      },
    };
  }),

  rule('INI-026', (context) =>
    firstDelivery(context, ({ initiate, digits }, call, first, newer) => {
      if (newer !== undefined) return;
      const length = Math.min(first.length, digits.length);
      context.expect(first.slice(0, length) === digits.slice(0, length), () => ({
        events: [initiate.event, call.event],
        found: `BufferedData began with ${digits.slice(0, length)}, and what is delivered in its place with ${first.slice(0, length)}`,
        expected: 'a copy that was made before NdisMInitiateOffloadComplete',
        component: call.caller,
        connection: call.connection,
      }));
    }),
  ),

  rule('INI-056', ({ facts, expect }) => {
    const wire = facts.of(flows);
    const connections = facts.of(stays);
    /** Connections that a target has, with the completion; taken out once there is any reason to pass segments on. */
    const offloaded = new Map<number, Call>();
    const remove = (call: Call): void => {
      for (const { object } of treeOf(call)) offloaded.delete(facts.objects.find(object)?.connection ?? -1);
    };
    return {
      call: {
        NdisMInitiateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const { block } of offeredConnections(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            // What it depends on may have been invalidated while the offload was under way.
            const isStopped = connections.of(call.caller, connection)?.invalidate !== undefined;
            if (connection !== undefined && !isRefusal(block.status) && !isStopped)
              offloaded.set(connection, call);
          }
        },
        MiniportTerminateOffload: remove,
        MiniportInvalidateOffload: () => {
          // Everything behind it stops, and its segments are the host stack's again.
          offloaded.clear();
        },
        NdisTcpOffloadEventHandler: (call) => {
          const type = call.number('EventType');
          if (call.connection !== undefined && (type === retrieve || type === abort))
            offloaded.delete(call.connection);
        },
        MiniportTcpOffloadDisconnect: (call) => {
          if (call.connection !== undefined) offloaded.delete(call.connection);
        },
        NdisMIndicateReceiveNetBufferLists: (call) => {
          const completion = call.connection === undefined ? undefined : offloaded.get(call.connection);
          // Another adapter of a team may get a segment as well.
          if (completion?.caller !== call.caller) return;
          const last = wire.of(call.connection)?.peer.arrived.last;
          // The segment that has just come up: nothing else can be told apart. Those that were on their way at the offload don't count.
          if (last === undefined || last.event !== call.record.cause) return;
          if (last.payloadLength === 0 || last.time < completion.time) return;
          const { flags } = last;
          const isSpecial = (flags & (tcpFlags.SYN | tcpFlags.RST | tcpFlags.URG)) !== 0;
          const hasOptions = last.ipVersion === 4 ? (last.record.bytes[last.internetAt]! & 0xf) !== 5 : false;
          const isTagged = last.internetAt !== 14;
          if (isSpecial || hasOptions || isTagged || last.isFragment || last.ipVersion === undefined) return;
          // What is at fault is the host stack's, too (STT-016, STT-017).
          if (faultOf(last, undefined) !== 'none') return;
          expect(false, () => ({
            events: [completion.event, last.event, call.event],
            found: `a segment of an offloaded connection with ${last.payloadLength} bytes goes up the non-offload path`,
            expected:
              'its payload delivered by NdisTcpOffloadReceiveComplete or NdisTcpOffloadReceiveHandler',
            component: call.caller,
            connection: call.connection,
          }));
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          if (call.connection !== undefined && offloaded.has(call.connection))
            expect(true, () => ({ events: [], found: '', expected: '' }));
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          if (call.connection !== undefined && offloaded.has(call.connection))
            expect(true, () => ({ events: [], found: '', expected: '' }));
        },
      },
    };
  }),

  rule('INI-057', ({ facts, expect }) => {
    /** Connections that came with BufferedData and have had no receive, with the initiate. */
    const waiting = new Map<number, Call>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          if (facts.machine.role(call.callee) === 'intermediate-driver') return;
          for (const { block, delegated } of offeredConnections(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (connection === undefined) continue;
            if ((delegated.pointer('BufferedData') ?? 0) !== 0) waiting.set(connection, call);
            else waiting.delete(connection);
          }
        },
        MiniportTcpOffloadReceive: (call) => {
          if (call.connection === undefined || !waiting.delete(call.connection)) return;
          expect(true, () => ({ events: [], found: '', expected: '' }));
        },
        MiniportTerminateOffload: (call) => {
          for (const { object } of waiting.size === 0 ? [] : treeOf(call))
            waiting.delete(facts.objects.find(object)?.connection ?? -1);
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          const initiate = call.connection === undefined ? undefined : waiting.get(call.connection);
          if (initiate === undefined || !isOfTarget(facts, call)) return;
          expect(false, () => ({
            events: [initiate.event, call.event],
            found: 'received data that came with the offload is indicated before a receive has been posted',
            expected: 'MiniportTcpOffloadReceive first',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('INI-058', (context) =>
    firstDelivery(context, ({ initiate, digits }, call, first, newer) => {
      context.expect(newer === undefined, () => ({
        events: [initiate.event, newer?.event, call.event],
        found: `the first bytes delivered are ${first}, which a segment has brought since the offload`,
        expected: `${digits}, the BufferedData of the offload, in front of anything newer`,
        component: call.caller,
        connection: call.connection,
      }));
    }),
  ),
];

function describeTrips({ shortest, longest }: RoundTrips): string {
  return longest === 0 ? 'an unknown number of' : `${shortest.toFixed(1)} to ${longest.toFixed(1)}`;
}
