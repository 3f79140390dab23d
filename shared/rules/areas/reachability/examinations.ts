/** What the host stack does about a neighbor that it has answered to be stale (RCH-020 to RCH-023). */
import { NDIS_STATUS } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import type { VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import type { WireFrame } from '../../engine/frame';
import { rule, type Facts, type Handlers, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { WaitingMap } from '../../engine/gate';

/** DELAY_FIRST_PROBE_TIME of RFC 4861 section 10 with a second to spare, virtual ns. */
const probeDelay = 6_000_000_000;

/** The first probe leaves this soon after an answer without progress, virtual ns. */
const probeStart = 2_000_000_000;

/** MAX_UNICAST_SOLICIT probes, RETRANS_TIMER apart (RFC 4861 section 10), and as long again, virtual ns. */
const probing = 6_000_000_000;

/** A neighbor that the host stack has answered to be stale, until it knows more of it. */
interface Examination {
  readonly object: number;
  readonly host: number;
  /** Its Ethernet address. */
  readonly mac: Uint8Array;
  /** ProtocolIndicateOffloadEvent with the answer 0. */
  readonly answer: Call;
  readonly answeredAt: VirtualTime;
  /** NicReachabilityDelta of the indication, ticks. */
  readonly indicated: number;
  /** NdisQueryOffloadState of the delegated state. */
  query: Call | undefined;
  /** Its completion. */
  queried: Call | undefined;
  /** What it brought, ticks. */
  delta: number | undefined;
  /** The first unicast probe since the answer. */
  probe: WireFrame | undefined;
  /** A frame from the neighbor by which the host stack may know it to be reachable. */
  sign: WireFrame | undefined;
}

/** What rules may want to hear of. */
interface Course {
  readonly asked?: (one: Examination) => void;
  /** The answer to the query is there. */
  readonly learned?: (one: Examination) => void;
  readonly probed?: (one: Examination) => void;
  readonly invalidated?: (one: Examination, call: Call) => void;
  /** Time has passed; answers whether nothing more is of interest. */
  readonly isOver?: (one: Examination, now: VirtualTime) => boolean;
  readonly sends?: (one: Examination, call: Call) => void;
}

function hasBytes(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < 6; index++) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}

const isArp = ({ record: { bytes }, internetAt }: WireFrame): boolean =>
  bytes[internetAt - 2] === 0x08 && bytes[internetAt - 1] === 0x06;

/** An ARP message, or a neighbor solicitation (RFC 4861 section 4.3). */
function isProbe(frame: WireFrame): boolean {
  if (isArp(frame)) return true;
  const { bytes } = frame.record;
  const at = frame.internetAt;
  return frame.ipVersion === 6 && bytes[at + 6] === 58 && bytes[at + 40] === 135;
}

/** Follows examinations; each neighbor has one at a time. */
function examinations(facts: Facts, course: Course): Handlers {
  const open = new WaitingMap<number, Examination>();
  /** The last unicast probe to an Ethernet address, which may be one of an examination that nobody asked for. */
  let lastProbe = -Infinity;

  const settle = (now: VirtualTime): void => {
    for (const one of open.values()) if (course.isOver?.(one, now) === true) open.delete(one.object);
  };
  const drops = (call: Call): void => {
    if (open.size > 0) for (const { object } of treeOf(call)) if (object !== undefined) open.delete(object);
  };
  return {
    returned: {
      ProtocolIndicateOffloadEvent: (call) => {
        settle(call.returned!.time);
        const block = treeOf(call)[0];
        if (call.numberOut('HostReachabilityDelta') !== 0 || block?.object === undefined) return;
        if (facts.machine.role(call.callee) !== 'host-stack' || open.has(block.object)) return;
        const indicated = block.state('NEIGHBOR_OFFLOAD_STATE_DELEGATED')?.number('NicReachabilityDelta');
        const cached = block.state('NEIGHBOR_OFFLOAD_STATE_CACHED');
        if (indicated === undefined || cached === undefined) return;
        if (facts.objects.at('protocol', call.callee, block.object)?.place !== 'held') return;
        // What TCP has brought into doubt is being probed already.
        if (call.time - lastProbe < probing) return;
        open.set(block.object, {
          object: block.object,
          host: call.callee,
          mac: cached.slice('DlDestinationAddress').slice(0, 6),
          answer: call,
          answeredAt: call.returned!.time,
          indicated,
          query: undefined,
          queried: undefined,
          delta: undefined,
          probe: undefined,
          sign: undefined,
        });
      },
    },
    call: {
      NdisQueryOffloadState: (call) => {
        if (open.size === 0) return;
        for (const block of treeOf(call)) {
          const one = block.object === undefined ? undefined : open.get(block.object);
          if (one === undefined || one.query !== undefined || one.host !== call.caller) continue;
          if (block.state('NEIGHBOR_OFFLOAD_STATE_DELEGATED') === undefined) continue;
          one.query = call;
          course.asked?.(one);
        }
        settle(call.time);
      },
      ProtocolQueryOffloadComplete: (call) => {
        if (open.size === 0) return;
        for (const block of treeOf(call)) {
          const one = block.object === undefined ? undefined : open.get(block.object);
          if (one?.query === undefined || one.queried !== undefined || one.host !== call.callee) continue;
          if (facts.objects.requestOf(call)?.call !== one.query) continue;
          const delta = block.state('NEIGHBOR_OFFLOAD_STATE_DELEGATED')?.number('NicReachabilityDelta');
          if (delta === undefined || block.status !== NDIS_STATUS.SUCCESS) {
            open.delete(one.object);
            continue;
          }
          one.queried = call;
          one.delta = delta;
          course.learned?.(one);
        }
      },
      NdisInvalidateOffload: (call) => {
        settle(call.time);
        if (open.size === 0) return;
        for (const { object } of treeOf(call)) {
          const one = object === undefined ? undefined : open.get(object);
          if (one !== undefined && one.host === call.caller) course.invalidated?.(one, call);
        }
        drops(call);
      },
      NdisTerminateOffload: (call) => {
        settle(call.time);
        drops(call);
      },
      NdisSendNetBufferLists: (call) => {
        if (open.size === 0 || course.sends === undefined || call.connection === undefined) return;
        const tcp = facts.objects.find(facts.objects.tcpOf(call.connection));
        const path = facts.objects.at('protocol', call.caller, tcp?.parent);
        if (path?.place !== 'held' || path.parent === undefined) return;
        const one = open.get(path.parent);
        if (one?.host === call.caller) course.sends(one, call);
      },
    },
    hostFrame: (frame) => {
      if ((frame.record.bytes[0]! & 1) !== 0 || !isProbe(frame)) return;
      lastProbe = frame.time;
      for (const one of open.values()) {
        if (one.probe !== undefined || !hasBytes(frame.record.bytes, 0, one.mac)) continue;
        one.probe = frame;
        course.probed?.(one);
      }
    },
    guarded: [
      {
        gate: open.gate,
        frame: ({ time }) => {
          settle(time);
        },
        peerFate: ({ fate }, frame) => {
          if (!fateDelivers(fate) || fate === 'corrupted') return;
          // What comes for a connection in the chimney is the target's to judge.
          if (
            frame.isSegment &&
            facts.objects.find(facts.objects.tcpOf(frame.connection))?.owner === 'target'
          )
            return;
          for (const one of open.values()) if (hasBytes(frame.record.bytes, 6, one.mac)) one.sign = frame;
        },
      },
    ],
    end: ({ time }) => {
      settle(time);
    },
  };
}

const ask = 'NdisQueryOffloadState of the delegated state of the neighbor';

/** See the file's head. */
export const examinationRules: readonly Rule[] = [
  rule('RCH-020', ({ expect, facts }) => {
    const decide = (holds: boolean, { answer, query, host, object, answeredAt }: Examination): void => {
      expect(holds, () => ({
        events: [answer.event, answer.returned?.event, query?.event ?? facts.event],
        found: `the host stack answered that its entry is stale, and has asked nothing for ${((facts.now - answeredAt) / 1e9).toFixed(1)} s`,
        expected: `${ask} when its timer fires`,
        component: host,
        object,
      }));
    };
    return examinations(facts, {
      asked: (one) => {
        decide(facts.now - one.answeredAt <= probeDelay, one);
      },
      isOver: (one, now) => {
        if (one.query !== undefined) return now - one.answeredAt > probeDelay + probing;
        // Whoever probes at once needs no query, and whom something else confirms neither.
        if (one.probe !== undefined || one.sign !== undefined) return now - one.answeredAt > probeDelay;
        if (now - one.answeredAt <= probeDelay) return false;
        decide(false, one);
        return true;
      },
    });
  }),

  rule('RCH-021', ({ expect, facts }) => {
    const hasProgress = ({ delta, indicated }: Examination): boolean =>
      delta !== undefined && delta < indicated;
    const decide = (holds: boolean, { answer, queried, host, object, delta }: Examination, call?: Call) => {
      expect(holds, () => ({
        events: [answer.event, queried?.event, call?.event],
        found: `the queried NicReachabilityDelta, ${delta}, showed progress, and the host stack invalidates the neighbor`,
        expected: 'the exchange ends: the host stack refreshes its own time',
        component: host,
        object,
      }));
    };
    return examinations(facts, {
      invalidated: (one, call) => {
        if (hasProgress(one) && one.probe === undefined) decide(false, one, call);
      },
      isOver: (one, now) => {
        const { queried, answeredAt } = one;
        if (queried === undefined) return now - answeredAt > 2 * probeDelay;
        if (hasProgress(one) && now - queried.time <= probing) return false;
        if (hasProgress(one)) decide(true, one);
        return true;
      },
    });
  }),

  rule('RCH-022', ({ expect, facts }) => {
    const lacksProgress = ({ delta, indicated }: Examination): boolean =>
      delta !== undefined && delta >= indicated;
    const decide = (
      holds: boolean,
      { answer, queried, probe, host, object, delta }: Examination,
      evidence = facts.event,
    ): void => {
      expect(holds, () => ({
        events: [answer.event, queried?.event, probe?.event, evidence],
        found:
          probe === undefined
            ? `the queried NicReachabilityDelta, ${delta}, shows no progress, and the host stack does not probe the neighbor`
            : 'the probes of the host stack went unanswered, and it has not invalidated the neighbor',
        expected: 'unicast probes, and NdisInvalidateOffload of the neighbor if nothing answers them',
        component: host,
        object,
      }));
    };
    return examinations(facts, {
      invalidated: (one, call) => {
        if (lacksProgress(one)) decide(true, one, call.event);
      },
      isOver: (one, now) => {
        const { queried, probe, sign, answeredAt } = one;
        if (queried === undefined) return now - answeredAt > 2 * probeDelay;
        if (!lacksProgress(one)) return true;
        if (sign !== undefined) {
          if (probe !== undefined) decide(true, one, sign.event);
          return true;
        }
        const patience = probe === undefined ? queried.time + probeStart : probe.time + probing;
        if (now <= patience) return false;
        decide(false, one);
        return true;
      },
    });
  }),

  rule('RCH-023', ({ expect, facts }) => {
    return examinations(facts, {
      sends: (one, call) => {
        if (one.probe !== undefined) return;
        const { answer, query, host, object } = one;
        expect(query !== undefined, () => ({
          events: [answer.event, answer.returned?.event, call.event],
          found:
            'the host stack sends a datagram to a neighbor whose entry is in DELAY and has not asked the target',
          expected: `${ask}, and then the datagram`,
          component: host,
          connection: call.connection,
          object,
        }));
      },
      isOver: ({ answeredAt, query }, now) =>
        now - answeredAt > 2 * probeDelay || (query !== undefined && now - query.time > probeStart),
    });
  }),
];
