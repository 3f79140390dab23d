/** What a target leaves to the host stack: it goes up by NdisMIndicateReceiveNetBufferLists, unprocessed (section 12 of the data digest). */
import { fateDelivers } from '../../../trace/frameFates';
import type { EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import type { WireFrame } from '../../engine/frame';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { adapterProfiles } from '../../facts/adapterProfiles';
import { knowledgeTime } from './arrivals';
import { hasBytesAt, u16At } from './targetFrames';
import { WaitingMap } from '../../engine/gate';

const broadcast = new Uint8Array(6).fill(0xff);

/** A frame that has arrived and is to be indicated. */
export interface Waiting {
  readonly frame: WireFrame;
  readonly time: VirtualTime;
  readonly target: number;
}

/**
 * Decides of frames for the machine itself that `concerns` names whether they are indicated, while the adapter receives at all: from a packet
 * filter on, until it is paused, reset, put to sleep or halted.
 */
export function watchIndications(
  context: RuleContext,
  concerns: (frame: WireFrame, target: number) => boolean,
  decide: (indicated: boolean, waiting: Waiting, evidence: EventId) => void,
): Required<Pick<Handlers, 'guarded' | 'peerFate' | 'call'>> {
  const { facts } = context;
  const profiles = facts.of(adapterProfiles);
  const receiving = new Set<number>();
  const waiting = new WaitingMap<EventId, Waiting>();
  const settle = (): void => {
    for (const [event, one] of waiting) {
      if (facts.now - one.time < knowledgeTime) return;
      waiting.delete(event);
      decide(false, one, facts.event);
    }
  };
  const stops = ({ callee }: Call): void => {
    receiving.delete(callee);
    for (const [event, { target }] of waiting) if (target === callee) waiting.delete(event);
  };
  return {
    guarded: [{ gate: waiting.gate, fate: settle, frame: settle }],
    peerFate: ({ fate, receiver }, frame, time) => {
      if (!receiving.has(receiver) || !fateDelivers(fate) || fate !== 'delivered') return;
      const own = profiles.of(receiver)?.currentAddress;
      if (own === undefined || (!hasBytesAt(frame, 0, own) && !hasBytesAt(frame, 0, broadcast))) return;
      if (concerns(frame, receiver)) waiting.set(frame.event, { frame, time, target: receiver });
    },
    call: {
      NdisMIndicateReceiveNetBufferLists: (call) => {
        const { cause } = call.record;
        const one = cause === undefined ? undefined : waiting.get(cause);
        if (one?.target !== call.caller) return;
        waiting.delete(cause!);
        decide(true, one, call.event);
      },
      MiniportOidRequest: (call) => {
        const filter = call.number('PacketFilter');
        if (filter !== undefined && call.text('RequestType') === 'NdisRequestSetInformation') {
          if (filter === 0) stops(call);
          else receiving.add(call.callee);
        }
        if (call.number('PowerState') !== undefined) stops(call);
      },
      MiniportPause: stops,
      MiniportHaltEx: stops,
      MiniportResetEx: stops,
      MiniportDevicePnPEventNotify: stops,
    },
  };
}

/** A breach by a target that has not passed a frame up. */
export function notIndicated({ frame, target }: Waiting, evidence: EventId, what: string): Breach {
  return {
    events: [frame.event, evidence],
    found: `${what} did not reach the host stack`,
    expected: 'NdisMIndicateReceiveNetBufferLists',
    component: target,
    connection: frame.connection,
  };
}

/** Protocol of the datagram in a frame that is no fragment and has no IPv6 extension headers; with the offset of its header. */
export function upperOf(frame: WireFrame): { readonly protocol: number; readonly at: number } | undefined {
  const { bytes } = frame.record;
  const at = frame.internetAt;
  if (frame.ipVersion === 4)
    return frame.isFragment ? undefined : { protocol: bytes[at + 9]!, at: at + (bytes[at]! & 15) * 4 };
  return frame.ipVersion === 6 ? { protocol: bytes[at + 6]!, at: at + 40 } : undefined;
}

/** Whether a frame is of ARP, ICMP or RIP. */
function isManagement(frame: WireFrame): boolean {
  const { bytes } = frame.record;
  if (bytes[frame.internetAt - 2] === 0x08 && bytes[frame.internetAt - 1] === 0x06) return true;
  const upper = upperOf(frame);
  if (upper === undefined) return false;
  return upper.protocol === 1 || (upper.protocol === 17 && u16At(bytes, upper.at + 2) === ripPort);
}

const ripPort = 520;
const fragmentHeader = 44;

function isAnyFragment(frame: WireFrame): boolean {
  return (
    frame.isFragment || (frame.ipVersion === 6 && frame.record.bytes[frame.internetAt + 6] === fragmentHeader)
  );
}

/** See the file's head. */
export const hostPathRules: readonly Rule[] = [
  rule('WIR-028', (context) =>
    watchIndications(context, isManagement, (indicated, waiting, evidence) => {
      context.expect(indicated, () => notIndicated(waiting, evidence, 'a message of ARP, ICMP or RIP'));
    }),
  ),

  rule('WIR-030', (context) =>
    watchIndications(context, isAnyFragment, (indicated, waiting, evidence) => {
      context.expect(indicated, () => notIndicated(waiting, evidence, 'a fragment'));
    }),
  ),
];
