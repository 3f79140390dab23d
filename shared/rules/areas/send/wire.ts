/** Rules about sends that frames decide: what goes out, in what order, and what acknowledgments say of it. */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { EventId, VirtualTime } from '../../../trace/records';
import { chainOf } from '../../engine/attachedLists';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { flows, type Flow, type Flows } from '../../facts/flows';
import { unseenFrames, type UnseenFrames } from '../../facts/unseenFrames';
import { stays, type PlacedSend, type Stay, type Stays } from '../../facts/stays';

const nagle = constantValue('TCP_FLAG_NAGLING_ENABLED');

/** Bytes of IP and TCP headers without options. */
const headers = { 4: 40, 6: 60 } as const;

/** An acknowledgment that has arrived so long before the end of a connection has been processed, ns. */
const processingTime = 10_000_000;

/** What was made before an update may leave so long behind it, ns. */
const queueTime = 25_000_000;

/** What these rules build on. */
interface Basis {
  readonly expect: RuleContext['expect'];
  readonly facts: RuleContext['facts'];
  readonly stays: Stays;
  readonly flows: Flows;
  readonly unseen: UnseenFrames;
}

function basisOf({ expect, facts }: RuleContext): Basis {
  return { expect, facts, stays: facts.of(stays), flows: facts.of(flows), unseen: facts.of(unseenFrames) };
}

/** The stay at the driver that sends a frame of the chimney. */
function stayOf(basis: Basis, frame: WireFrame): Stay | undefined {
  if (!frame.isSegment || frame.isFragment || frame.payloadLength === 0) return undefined;
  return basis.stays.of(frame.sender, frame.connection);
}

/** First six bytes of payload as a number; undefined where there are fewer. */
export function payloadHead({ record, transportAt, payloadLength }: WireFrame): number | undefined {
  const { bytes } = record;
  const at = transportAt + (bytes[transportAt + 12]! >>> 4) * 4;
  if (payloadLength < 6 || at + 6 > bytes.length) return undefined;
  let value = 0;
  for (let index = at; index < at + 6; index++) value = value * 256 + bytes[index]!;
  return value;
}

/**
 * Bytes that leave for the first time follow upon those that left before: no gap. `isMatter` answers whether the send from which bytes were left
 * out and the one whose bytes go out are this rule's.
 */
function noGap(
  basis: Basis,
  found: string,
  isMatter: (skipped: PlacedSend, sent: PlacedSend) => boolean,
): (frame: WireFrame) => void {
  return (frame) => {
    const stay = stayOf(basis, frame);
    if (stay === undefined) return;
    const { end } = basis.flows.of(frame.connection)?.machine.sent ?? {};
    const { sequence } = frame;
    if (end === undefined || sequenceDistance(end, frame.sequenceEnd) <= 0) return;
    if (basis.unseen.inLifeOf(frame.connection)) return;
    const skipped = stay.sendAt(end);
    const sent = stay.sendAt(sequence);
    if (skipped === undefined || sent === undefined || !isMatter(skipped, sent)) return;
    basis.expect(sequenceDistance(end, sequence) <= 0, () => ({
      events: [skipped.call.event, sent.call.event, frame.event],
      found: `${found}: byte ${sequence} of the stream left before byte ${end}`,
      expected: 'bytes leave for the first time in the order in which they were posted',
      component: frame.sender,
      connection: frame.connection,
      object: stay.object,
    }));
  };
}

/** Calls `judge` for each send that a target completes, with its place and what the peer has acknowledged. */
function withAcknowledgment(
  { facts, stays: connections, flows: segments }: Basis,
  call: Call,
  judge: (
    list: Call['lists'][number],
    place: PlacedSend,
    flow: Flow,
    stay: Stay,
    acknowledged: number,
  ) => void,
): void {
  const stay = connections.ofCompletion(call);
  const flow = segments.of(stay?.connection);
  const acknowledgment = flow?.peer.arrived.acknowledgment;
  // What is forwarded acknowledges as well, and is no frame.
  if (stay === undefined || stay.forwarded || flow === undefined || acknowledgment === undefined) return;
  for (const { list, lent } of facts.lists.givenBack(call)) {
    const place = lent?.purpose === 'send' ? stay.placeOf(list.address) : undefined;
    if (place === undefined) continue;
    const past = sequenceDistance(place.start, acknowledgment);
    judge(list, place, flow, stay, Math.max(0, Math.min(place.length, past)));
  }
}

/** What a send that is the host stack's again begins with, by its sequence number; for each connection. */
type HandedBack = Map<number, Map<number, { readonly firstBytes: number; readonly event: number }>>;

function noteHandedBack(
  known: HandedBack,
  { connection, call }: { connection: number; call: Call },
  place: PlacedSend,
) {
  if (place.firstBytes === undefined) return;
  let sends = known.get(connection);
  if (sends === undefined)
    known.set(
      connection,
      (sends = new Map<number, { readonly firstBytes: number; readonly event: number }>()),
    );
  sends.set(place.start, { firstBytes: place.firstBytes, event: call.event });
}

/** See the file's head. */
export const sendWireRules: readonly Rule[] = [
  rule('SND-012', (context) => {
    const basis = basisOf(context);
    return {
      chimneyFrame: (frame) => {
        const stay = stayOf(basis, frame);
        if (stay === undefined) return;
        basis.expect(!frame.has(tcpFlags.URG), () => ({
          events: [stay.sendAt(frame.sequence)?.call.event ?? stay.initiate.event, frame.event],
          found: 'the target sent a segment with URG',
          expected: 'URG is 0: nobody asks a target to send urgent data',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
    };
  }),

  rule('SND-014', (context) => {
    const basis = basisOf(context);
    return {
      chimneyFrame: noGap(basis, 'within one chain', (skipped, sent) => skipped.call === sent.call),
    };
  }),

  rule('SND-015', (context): Handlers => {
    const basis = basisOf(context);
    const gap = noGap(basis, 'of different posts', (skipped, sent) => skipped.call !== sent.call);
    return {
      chimneyFrame: (frame) => {
        gap(frame);
        const stay = stayOf(basis, frame);
        const send = stay?.sendAt(frame.sequence);
        if (stay === undefined || send?.firstBytes === undefined || send.start !== frame.sequence) return;
        const head = payloadHead(frame);
        if (head === undefined) return;
        basis.expect(head === send.firstBytes, () => ({
          events: [send.call.event, frame.event],
          found: 'where the bytes of this post stand in the stream, the target sent others',
          expected: 'the bytes of each post behind those of the posts before',
          component: frame.sender,
          connection: frame.connection,
          object: stay.object,
        }));
      },
    };
  }),

  rule('SND-016', (context) => {
    const basis = basisOf(context);
    return {
      chimneyFrame: (frame) => {
        const stay = stayOf(basis, frame);
        // Only where everything ends that was posted: there PSH has no later segment to stand on.
        if (stay === undefined || frame.has(tcpFlags.FIN) || frame.sequenceEnd !== stay.sendEnd) return;
        const end = basis.flows.of(frame.connection)?.machine.sent.end;
        if (end === undefined || sequenceDistance(end, frame.sequenceEnd) <= 0) return;
        basis.expect(frame.has(tcpFlags.PSH), () => ({
          events: [stay.sendAt((stay.sendEnd - 1) >>> 0)?.call.event, frame.event],
          found: 'the segment with which the last posted byte went out has no PSH',
          expected: 'PSH at the end of a NET_BUFFER_LIST, or at least of all that was posted',
          component: frame.sender,
          connection: frame.connection,
        }));
      },
    };
  }),

  rule('SND-017', (context) => {
    const basis = basisOf(context);
    const { expect } = basis;
    /** Cached flags by object, with the call that told them; the smallest MTU of any path. */
    const flags = new Map<
      number,
      { readonly nagles: boolean; readonly event: number; readonly since: VirtualTime }
    >();
    const mss = new Map<number, number>();
    let mtu = 65_535;
    const learn = (call: Call): void => {
      for (const block of treeOf(call)) {
        const { object } = block;
        mtu = Math.min(mtu, block.state('PATH_OFFLOAD_STATE_CACHED')?.number('PathMtu') ?? mtu);
        if (object === undefined) continue;
        const cached = block.state('TCP_OFFLOAD_STATE_CACHED')?.number('Flags');
        if (cached !== undefined)
          flags.set(object, {
            nagles: (cached & nagle) !== 0,
            event: call.event,
            since: call.functionName === 'MiniportUpdateOffload' ? call.time : -Infinity,
          });
        const remote = block.state('TCP_OFFLOAD_STATE_CONST')?.number('RemoteMss');
        if (remote !== undefined) mss.set(object, remote);
      }
    };
    return {
      call: { MiniportInitiateOffload: learn, MiniportUpdateOffload: learn },
      chimneyFrame: (frame) => {
        const stay = stayOf(basis, frame);
        if (stay === undefined || frame.has(tcpFlags.FIN)) return;
        const flag = flags.get(stay.object);
        const flow = basis.flows.of(frame.connection);
        const end = flow?.machine.sent.end;
        const acknowledged = flow?.peer.arrived.acknowledgment;
        const edge = flow?.peer.arrived.rightEdge;
        if (flag?.nagles !== true || end === undefined || acknowledged === undefined || edge === undefined)
          return;
        const isNew =
          sequenceDistance(end, frame.sequence) === 0 &&
          !frame.record.retransmission &&
          frame.time - flag.since > queueTime &&
          !basis.unseen.inLifeOf(frame.connection);
        // A close sends what there is, and a window that is nearly full leaves no choice.
        if (!isNew || stay.upload !== undefined || sequenceDistance(frame.sequenceEnd, edge) <= 0) return;
        const { bytes } = frame.record;
        const options = (bytes[frame.transportAt + 12]! >>> 4) * 4 - 20;
        const full = Math.min(mss.get(stay.object) ?? 536, mtu - headers[frame.ipVersion ?? 4]) - options;
        const isSmall = frame.payloadLength < full;
        expect(!isSmall || sequenceDistance(acknowledged, end) <= 0, () => ({
          events: [flag.event, flow?.machine.sent.endBy?.event, frame.event],
          found: `${frame.payloadLength} bytes of new data left while ${sequenceDistance(acknowledged, end)} were unacknowledged; a full segment carries ${full}`,
          expected: 'with TCP_FLAG_NAGLING_ENABLED a small segment waits for the acknowledgment',
          component: frame.sender,
          connection: frame.connection,
          object: stay.object,
        }));
      },
    };
  }),

  rule('SND-020', (context) => {
    const basis = basisOf(context);
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          withAcknowledgment(basis, call, (list, place, flow, stay, acknowledged) => {
            if (list.status !== NDIS_STATUS.SUCCESS) return;
            basis.expect(acknowledged === place.length, () => ({
              events: [place.call.event, flow.peer.arrived.acknowledgmentBy?.event, call.event],
              found: `a send was completed with NDIS_STATUS_SUCCESS when the peer had acknowledged ${acknowledged} of its ${place.length} bytes`,
              expected: 'every byte acknowledged',
              component: call.caller,
              connection: stay.connection,
              object: stay.object,
            }));
          });
        },
      },
    };
  }),

  rule('SND-022', (context) => {
    const basis = basisOf(context);
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          withAcknowledgment(basis, call, (list, place, flow, stay, acknowledged) => {
            if (list.status === NDIS_STATUS.SUCCESS) return;
            const breach = (expected: string) => (): Breach => ({
              events: [place.call.event, flow.peer.arrived.acknowledgmentBy?.event, call.event],
              found: `a send that ended with ${statusName(list.status)} reports ${list.bytesTransferred} bytes; the peer had acknowledged ${acknowledged} of its ${place.length}`,
              expected,
              component: call.caller,
              connection: stay.connection,
              object: stay.object,
            });
            basis.expect(
              list.bytesTransferred <= acknowledged,
              breach('no more bytes than the peer has acknowledged'),
            );
            // What came just before the end, or after it, has not been processed any more.
            const end = (stay.abort ?? stay.upload ?? call).time;
            const { lastAt } = flow.peer.arrived;
            if (lastAt > end - processingTime || list.bytesTransferred > acknowledged) return;
            if (basis.unseen.anySince(flow.peer.arrived.acknowledgmentBy?.event)) return;
            basis.expect(list.bytesTransferred === acknowledged, breach(`${acknowledged} bytes`));
          });
        },
      },
    };
  }),

  rule('SND-029', (context) => {
    const basis = basisOf(context);
    const { facts, expect } = basis;
    const back: HandedBack = new Map();
    const returned = new Map<number, Call>();
    /** Sequence number of byte 0 of what the application sends, as posts tell, and the one that told it. */
    const origins = new Map<
      number,
      { readonly origin: number; readonly event: number; readonly stay: EventId }
    >();
    /** Compares the first send of a stay with those of the stay before. */
    const compare = (
      stay: EventId,
      call: Call,
      connection: number,
      lists: Call['lists'],
      start: number,
    ): void => {
      const streamOffset = lists[0]?.streamOffset;
      const known = origins.get(connection);
      if (streamOffset === undefined || known?.stay === stay) return;
      const origin = (start - streamOffset) >>> 0;
      origins.set(connection, { origin, event: call.event, stay });
      if (known === undefined) return;
      expect(known.origin === origin, () => ({
        events: [known.event, call.event],
        found: `byte ${streamOffset} of what the application sends stands ${sequenceDistance(known.origin, origin)} bytes away from where it belongs`,
        expected: 'after an upload the host stack goes on without leaving a byte out or repeating one',
        component: call.caller,
        connection,
      }));
    };
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          withAcknowledgment(basis, call, (list, place, _flow, stay) => {
            if (list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS)
              noteHandedBack(back, { connection: stay.connection, call }, place);
          });
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            const stay = basis.stays.of(call.caller, connection);
            if (stay === undefined || connection === undefined) continue;
            for (const { address } of chainOf(call, block)) {
              const place = stay.placeOf(address);
              if (place !== undefined) noteHandedBack(back, { connection, call }, place);
            }
          }
        },
        ProtocolTerminateOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack') return;
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (connection !== undefined && block.status === NDIS_STATUS.SUCCESS)
              returned.set(connection, call);
          }
        },
        MiniportInitiateOffload: (call) => {
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (connection === undefined) continue;
            returned.delete(connection);
            const start = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('SndUna');
            if (start !== undefined) compare(call.event, call, connection, chainOf(call, block), start);
          }
        },
        MiniportTcpOffloadSend: (call) => {
          const stay = basis.stays.of(call.callee, call.connection);
          // What is posted while the connection goes back is not sent.
          if (stay !== undefined && stay.upload === undefined && stay.abort === undefined)
            compare(stay.initiate.event, call, stay.connection, call.lists, stay.sendEnd);
        },
      },
      hostFrame: (frame) => {
        const { connection } = frame;
        if (connection === undefined || frame.payloadLength === 0) return;
        const upload = returned.get(connection);
        if (upload === undefined || !frame.isSegment || frame.isFragment) return;
        const known = back.get(connection)?.get(frame.sequence);
        const head = known === undefined ? undefined : payloadHead(frame);
        if (known === undefined || head === undefined) return;
        expect(head === known.firstBytes, () => ({
          events: [known.event, upload.event, frame.event],
          found: 'where the bytes of a send stand that the target handed back, the host stack sent others',
          expected: 'the bytes of that send',
          component: frame.sender,
          connection,
        }));
      },
    };
  }),

  rule('SND-030', (context) => {
    const basis = basisOf(context);
    const { expect } = basis;
    /** Where the bytes begin that must not be sent, and the completion that said so. */
    const aborted = new Map<number, { readonly from: number; readonly event: number }>();
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          withAcknowledgment(basis, call, (list, place, _flow, { connection }) => {
            if (list.status !== NDIS_STATUS.REQUEST_ABORTED || list.bytesTransferred >= place.length) return;
            const from = (place.start + list.bytesTransferred) >>> 0;
            const before = aborted.get(connection);
            if (before === undefined || sequenceDistance(before.from, from) < 0)
              aborted.set(connection, { from, event: call.event });
          });
        },
      },
      hostFrame: (frame) => {
        const { connection } = frame;
        const known = connection === undefined ? undefined : aborted.get(connection);
        if (known === undefined || !frame.isSegment) return;
        const carries = frame.payloadLength > 0 && sequenceDistance(known.from, frame.sequenceEnd) > 0;
        expect(!carries, () => ({
          events: [known.event, frame.event],
          found:
            'the host stack sent bytes of a send that had been completed with NDIS_STATUS_REQUEST_ABORTED',
          expected: 'those bytes are dropped',
          component: frame.sender,
          connection,
        }));
      },
    };
  }),
];
