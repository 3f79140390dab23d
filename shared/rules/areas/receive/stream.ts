/** Rules that compare what is handed over with what has arrived, byte by byte as far as records show bytes. */
import { NDIS_STATUS } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { EventId } from '../../../trace/records';
import type { RuleId } from '../../catalogue';
import type { Call } from '../../engine/call';
import type { WireFrame } from '../../engine/frame';
import { RecentMap } from '../../engine/recentMap';
import { rule, type FactDefinition, type Facts, type Handlers, type Rule } from '../../engine/rule';
import { flows } from '../../facts/flows';
import { stays, type Refusal, type Stay } from '../../facts/stays';
import { isOutOfOrder, prefilledBytes } from './posts';

/** Bytes that calls show of data (FirstBytes), and that frames keep of payload at least. */
const shown = 6;
const kept = 16;

/** Segments whose first bytes are remembered, for each connection. */
const mostHeads = 512;

interface Head {
  readonly bytes: Uint8Array;
  /** Offset of the payload. */
  readonly at: number;
  /** Bytes of payload that are there. */
  readonly length: number;
  readonly event: EventId;
}

/** The first bytes of segments that have arrived from the peer, by sequence number. */
class ArrivedBytes implements Handlers {
  private readonly heads = new Map<number, RecentMap<number, Head>>();

  constructor(private readonly facts: Facts) {}

  readonly peerFate: NonNullable<Handlers['peerFate']> = ({ fate, receiver }, frame) => {
    if (frame.connection === undefined || frame.payloadLength < shown) return;
    if (!frame.isSegment || frame.isFragment || !fateDelivers(fate) || fate === 'corrupted') return;
    if (this.facts.machine.role(receiver) === 'wire') return;
    this.keep(frame.connection, frame);
  };

  /** Six bytes from a sequence number on, with the segment that brought them. */
  at(connection: number, sequence: number): { readonly value: number; readonly event: EventId } | undefined {
    const heads = this.heads.get(connection);
    if (heads === undefined) return undefined;
    for (let offset = 0; offset <= kept - shown; offset++) {
      const head = heads.get((sequence - offset) >>> 0);
      if (head === undefined || head.length < offset + shown) continue;
      let value = 0;
      for (let index = 0; index < shown; index++) value = value * 256 + head.bytes[head.at + offset + index]!;
      return { value, event: head.event };
    }
    return undefined;
  }

  private keep(connection: number, { record, transportAt, sequence, payloadLength, event }: WireFrame): void {
    const { bytes } = record;
    const at = transportAt + (bytes[transportAt + 12]! >>> 4) * 4;
    const length = Math.min(kept, payloadLength, bytes.length - at);
    if (length < shown) return;
    let heads = this.heads.get(connection);
    if (heads === undefined) this.heads.set(connection, (heads = new RecentMap(mostHeads)));
    heads.set(sequence, { bytes, at, length, event });
  }
}

const arrivedBytes: FactDefinition<ArrivedBytes> = { start: (facts) => new ArrivedBytes(facts) };

/** Which rule a delivery is a matter of. */
type Matter = 'ordinary' | 'refused' | 'partial';

/** What a delivery is, by what was refused before it: the rest of a partial acceptance, other data that was refused, or neither. */
function matterOf(stay: Stay): { readonly matter: Matter; readonly refusal: Refusal | undefined } {
  const refusal = stay.lastRefusal;
  if (refusal === undefined || sequenceDistance(stay.delivered, refusal.end) <= 0)
    return { matter: 'ordinary', refusal: undefined };
  const isRest =
    stay.delivered === refusal.start && refusal.call.status === NDIS_STATUS.OFFLOAD_DATA_PARTIALLY_ACCEPTED;
  return { matter: isRest ? 'partial' : 'refused', refusal };
}

const expectations: Readonly<Record<Matter, string>> = {
  ordinary: 'the bytes that arrived next, oldest first',
  refused: 'what was refused comes again, complete and in order',
  partial: 'the first byte that was not taken comes next',
};

/** The rule for deliveries of a matter. */
function streamRule(id: RuleId, matter: Matter): Rule {
  return rule(id, ({ expect, facts }) => {
    const connections = facts.of(stays);
    const segments = facts.of(flows);
    const arrived = facts.of(arrivedBytes);
    /** Stays in which bytes went wrong: where their next ones belong is not known any more. */
    const lost = new WeakSet<Stay>();
    const judge = (call: Call, stay: Stay, length: number, first: number | undefined): void => {
      if (length === 0 || lost.has(stay)) return;
      const { delivered, connection } = stay;
      const { matter: found, refusal } = matterOf(stay);
      const events = [refusal?.call.event, refusal?.call.returned?.event];
      const breach = (text: string, proof: EventId | undefined) => () => ({
        events: [...events, proof, call.event],
        found: text,
        expected: expectations[matter],
        component: call.caller,
        connection,
        object: stay.object,
      });
      const known = first === undefined || length < shown ? undefined : arrived.at(connection, delivered);
      if (known !== undefined) {
        if (known.value !== first) lost.add(stay);
        if (found === matter)
          expect(
            known.value === first,
            breach(
              'the bytes that were handed over are not those that arrived at this place of the stream',
              known.event,
            ),
          );
      }
      const flow = segments.of(connection);
      const end = flow?.peer.arrived.end;
      if (end === undefined || stay.forwarded || lost.has(stay)) return;
      const beyond = sequenceDistance(end, (delivered + length) >>> 0);
      if (beyond > 0) lost.add(stay);
      if (found === matter)
        expect(
          beyond <= 0,
          breach(`${beyond} bytes more were handed over than had arrived`, flow?.peer.arrived.endBy?.event),
        );
    };
    return {
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          const stay = connections.ofCompletion(call);
          const list = call.lists[0];
          if (stay === undefined || list === undefined) return;
          const lent = facts.lists.find('miniport', call.caller, list.address);
          if (lent?.purpose !== 'receive') return;
          if (isOutOfOrder(facts, call)) lost.add(stay);
          const first = prefilledBytes(lent) > 0 ? undefined : call.number('FirstBytes');
          judge(call, stay, list.bytesTransferred, first);
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          const list = call.lists[0];
          if (stay !== undefined && list !== undefined)
            judge(call, stay, list.dataLength, call.number('FirstBytes'));
        },
      },
    };
  });
}

/** RCV-012. */
export const receivedInOrder = streamRule('RCV-012', 'ordinary');

/** IND-018 and IND-019. */
export const refusedDataRules: readonly Rule[] = [
  streamRule('IND-018', 'partial'),
  streamRule('IND-019', 'refused'),
];
