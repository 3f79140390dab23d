/**
 * Rules about the push timer (TMR-047 to TMR-060), as the completions of receives show it: a push-mode request that holds bytes and isn't full
 * is completed at once by PSH, and otherwise TcpPushTicks after the last data.
 */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { NDIS_STATUS } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import type { NetBufferListSnapshot, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import type { Flow } from '../../facts/flows';
import { targetHolds, type TargetHold } from '../../facts/targetHolds';
import { Awaited, milliseconds } from './awaited';
import { ends } from './retransmitting';

/** What a target that has much to do may need for a pass of the delivery algorithm, virtual ns. */
export const pass = 30_000_000;

export interface PostedRequest {
  readonly call: Call;
  readonly address: number;
  readonly capacity: number;
  /** Bytes that were there when it was posted. */
  readonly prefilled: number;
  readonly pushes: boolean;
}

interface Arrival {
  readonly frame: WireFrame;
  readonly at: VirtualTime;
}

/** Receive requests of a connection and the bytes that are in the first one. */
export class Delivery {
  readonly posted: PostedRequest[] = [];
  /** Bytes that have come in order and have not been handed over. */
  waiting = 0;
  /** The first and the last of them. */
  first: Arrival | undefined;
  last: Arrival | undefined;
  /** Whether `waiting` is known. */
  isSure = false;
  /** Sequence number that comes next, while it is sure. */
  next = 0;

  /** The first request, if it holds bytes and isn't full. */
  get partial(): PostedRequest | undefined {
    const [head] = this.posted;
    return head !== undefined && this.waiting > 0 && this.waiting < head.capacity - head.prefilled
      ? head
      : undefined;
  }

  /** Everything has been handed over. */
  settle(next: number | undefined): void {
    this.waiting = 0;
    this.first = this.last = undefined;
    this.isSure = next !== undefined;
    this.next = next ?? 0;
  }
}

interface DeliveryEvents {
  /** Data has come and lies in the first request, which isn't full. */
  readonly placed?: (hold: TargetHold, delivery: Delivery, head: PostedRequest, arrival: Arrival) => void;
  /** A request is the first one and was posted with bytes in it. */
  readonly prefilled?: (hold: TargetHold, request: PostedRequest) => void;
  /** The first request has been completed before it was full, and nothing but the push timer or PSH is known to be the reason. */
  readonly completed?: (hold: TargetHold, delivery: Delivery, request: PostedRequest, call: Call) => void;
  /** A request has been completed, for whatever reason, or nothing is known any more. */
  readonly over?: (hold: TargetHold, call: Call | undefined) => void;
}

/**
 * Whether what a segment acknowledges, and when it was sent, follow upon what came before it: otherwise a target may refuse it (RFC 7323 section
 * 5, RFC 5961 section 5).
 */
function isInStep(flow: Flow | undefined, frame: WireFrame): boolean {
  if (flow === undefined) return false;
  const { acknowledgment, last } = flow.peer.arrived;
  const { end } = flow.machine.sent;
  if (end === undefined || sequenceDistance(frame.acknowledgment, end) < 0) return false;
  if (acknowledgment !== undefined && sequenceDistance(acknowledgment, frame.acknowledgment) < 0)
    return false;
  const [before, now] = [last?.timestamp, frame.timestamp];
  return before === undefined || now === undefined || sequenceDistance(before, now) >= 0;
}

/** Handlers that keep the receive requests of connections that targets have. */
function deliveries(context: RuleContext, on: DeliveryEvents): Handlers {
  return deliveriesOf(context, on).handlers;
}

/** As `deliveries`, with access to what is known of a connection. */
export function deliveriesOf(
  { facts }: Pick<RuleContext, 'facts'>,
  on: DeliveryEvents = {},
): { readonly handlers: Handlers; readonly of: (hold: TargetHold) => Delivery } {
  const holds = facts.of(targetHolds);
  const all = new WeakMap<TargetHold, Delivery>();
  const of = (hold: TargetHold): Delivery => {
    let delivery = all.get(hold);
    if (delivery === undefined) all.set(hold, (delivery = new Delivery()));
    return delivery;
  };
  const nextOf = (hold: TargetHold): number | undefined => {
    const arrived = holds.flowOf(hold)?.peer.arrived;
    return arrived === undefined || arrived.rangesAhead.length > 0 ? undefined : arrived.contiguousEnd;
  };
  const unsure = (hold: TargetHold): void => {
    of(hold).isSure = false;
    on.over?.(hold, undefined);
  };
  const completeOne = (hold: TargetHold, list: NetBufferListSnapshot, call: Call): boolean => {
    const delivery = of(hold);
    const at = delivery.posted.findIndex(({ address }) => address === list.address);
    if (at < 0) {
      delivery.isSure = false;
      return false;
    }
    const [request] = delivery.posted.splice(at, 1);
    const isPartial = list.bytesTransferred + request!.prefilled < request!.capacity;
    // Bytes that an earlier segment has made ready are handed over piece by piece, and others arrive meanwhile.
    const { cause } = call.record;
    if (cause !== undefined && delivery.first !== undefined && cause < delivery.first.frame.event)
      delivery.isSure = false;
    const isExplained = list.status !== NDIS_STATUS.SUCCESS || hold.ended !== undefined || at !== 0;
    if (isPartial && !isExplained && delivery.isSure && delivery.waiting === list.bytesTransferred)
      on.completed?.(hold, delivery, request!, call);
    delivery.waiting = Math.max(0, delivery.waiting - list.bytesTransferred);
    return isPartial && !isExplained;
  };
  const handlers: Handlers = {
    call: {
      MiniportTcpOffloadReceive: (call) => {
        const hold = holds.of(call.connection);
        if (hold?.target !== call.callee) return;
        const delivery = of(hold);
        const modes = valuesOf(call, 'TcpReceiveNoPush');
        const bytes = valuesOf(call, 'TcpReceiveBytesTransferred');
        const isIdle = delivery.posted.length === 0;
        // Nothing has come yet, and nothing was handed over.
        if (hold.isActive && hold.lastArrival === undefined && hold.given.pointer('BufferedData') === 0)
          delivery.settle(nextOf(hold) === hold.given.number('RcvNxt') ? nextOf(hold) : undefined);
        call.lists.forEach(({ address, dataLength }, index) => {
          delivery.posted.push({
            call,
            address,
            capacity: dataLength,
            prefilled: Math.min(bytes[index] ?? 0, dataLength),
            pushes: (modes[index] ?? 0) === 0,
          });
        });
        const [head] = delivery.posted;
        const isSure = delivery.isSure && delivery.waiting === 0 && hold.isActive;
        if (isIdle && head !== undefined && head.prefilled > 0 && head.pushes && isSure)
          on.prefilled?.(hold, head);
      },
      NdisTcpOffloadReceiveComplete: (call) => {
        const hold = holds.of(call.connection);
        if (hold?.target !== call.caller) return;
        let partial = false;
        for (const list of call.lists) partial = completeOne(hold, list, call) || partial;
        on.over?.(hold, call);
        // A request is completed before it is full only with everything that there is.
        if (partial) of(hold).settle(nextOf(hold));
      },
      MiniportTcpOffloadForward: (call) => {
        const hold = holds.of(call.connection);
        if (hold?.target === call.callee) unsure(hold);
      },
    },
    returned: {
      NdisTcpOffloadReceiveHandler: (call) => {
        const hold = holds.of(call.connection);
        if (hold?.target !== call.caller) return;
        const delivery = of(hold);
        const bytes = call.lists.reduce((sum, { dataLength }) => sum + dataLength, 0);
        if (call.status === NDIS_STATUS.SUCCESS && hold.cached.number('RcvIndicationSize') === 0 && bytes > 0)
          delivery.settle(nextOf(hold));
        else delivery.isSure = false;
      },
    },
    peerFate: ({ fate, receiver }, frame, time) => {
      if (!fateDelivers(fate)) return;
      const hold = holds.of(frame.connection);
      if (hold === undefined || !frame.isSegment) return;
      const delivery = of(hold);
      if (!delivery.isSure) return;
      if (frame.sequenceLength === 0 && (frame.flags & (tcpFlags.RST | tcpFlags.SYN)) === 0) return;
      const isPlain =
        fate !== 'corrupted' &&
        receiver === hold.target &&
        hold.isActive &&
        !frame.isFragment &&
        frame.sequence === delivery.next &&
        isInStep(holds.flowOf(hold), frame) &&
        // What the host stack has to look at first comes another way.
        (frame.ipVersion === 6 || frame.transportAt === frame.internetAt + 20) &&
        (frame.flags & (tcpFlags.FIN | tcpFlags.RST | tcpFlags.SYN | tcpFlags.URG)) === 0;
      if (!isPlain) {
        unsure(hold);
        return;
      }
      const arrival = { frame, at: time };
      delivery.next = frame.sequenceEnd;
      if (delivery.waiting === 0) delivery.first = arrival;
      delivery.last = arrival;
      delivery.waiting += frame.payloadLength;
      const { partial } = delivery;
      if (partial !== undefined) on.placed?.(hold, delivery, partial, arrival);
    },
  };
  return { handlers, of };
}

export function valuesOf(call: Call, name: string): number[] {
  return call.record.arguments.flatMap((one) =>
    one.kind === 'number' && one.name === name ? [one.value] : [],
  );
}

/** TcpPushTicks in virtual ns, and what may be missing or too much. */
function intervalOf(hold: TargetHold): { readonly interval: number; readonly tolerance: number } | undefined {
  const ticks = hold.parameter('TcpPushTicks');
  if (ticks === undefined || hold.tick === undefined || ticks === 0) return undefined;
  return { interval: ticks * hold.tick, tolerance: 2 * hold.tick + pass };
}

/** Handlers that wait for the completion of a request; `wait` begins to. */
function awaitedCompletion(
  context: RuleContext,
  events: (awaited: Awaited) => Pick<DeliveryEvents, 'placed' | 'prefilled'>,
): Handlers {
  const awaited = new Awaited(context.expect);
  const watched = deliveries(context, {
    ...events(awaited),
    over: (hold, call) => {
      if (call === undefined) awaited.cancel(hold.connection);
      else awaited.met(hold.connection, call.time);
    },
  });
  return {
    ...watched,
    guarded: [awaited.clock],
    call: {
      ...watched.call,
      ...ends(context.facts.of(targetHolds), awaited),
      NdisTcpOffloadEventHandler: (call) => {
        awaited.cancel(call.connection);
      },
    },
    end: ({ time, complete }) => {
      if (complete) awaited.reached(time);
    },
  };
}

/** A request that the push timer has completed: when the first and the last of its data came, and how long before. */
function byTimer(
  delivery: Delivery,
  request: PostedRequest,
  call: Call,
): { readonly first: Arrival; readonly last: Arrival; readonly waited: number } | undefined {
  const { first, last } = delivery;
  if (!request.pushes || first === undefined || last === undefined || last.frame.has(tcpFlags.PSH))
    return undefined;
  return { first, last, waited: call.time - last.at };
}

/** See the file's head. */
export const pushingRules: readonly Rule[] = [
  rule('TMR-047', (context) =>
    awaitedCompletion(context, (awaited) => ({
      placed: (hold, delivery, head, { frame, at }) => {
        const known = intervalOf(hold);
        if (!head.pushes || known === undefined || frame.has(tcpFlags.PSH)) return;
        awaited.wait(hold.connection, at + 10 * known.interval + pass, () => ({
          events: [head.call.event, frame.event],
          found: `${delivery.waiting} bytes lie in a push-mode request of ${head.capacity}, and it is not completed for ten times TcpPushTicks`,
          expected: 'the push timer is started when the first byte is placed, and completes the request',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    })),
  ),

  rule('TMR-048', (context) =>
    awaitedCompletion(context, (awaited) => ({
      placed: (hold) => {
        awaited.cancel(hold.connection);
      },
      prefilled: (hold, request) => {
        const known = intervalOf(hold);
        if (known === undefined) return;
        awaited.wait(hold.connection, request.call.time + known.interval + known.tolerance, () => ({
          events: [request.call.event],
          found: `a push-mode request with ${request.prefilled} bytes in it was posted, and is not completed after TcpPushTicks`,
          expected: 'the push timer is started by the post',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    })),
  ),

  rule('TMR-050', (context) =>
    deliveries(context, {
      completed: (hold, delivery, request, call) => {
        const known = intervalOf(hold);
        const timed = byTimer(delivery, request, call);
        if (known === undefined || timed === undefined || timed.first === timed.last) return;
        context.expect(timed.waited >= known.interval - known.tolerance, () => ({
          events: [timed.first.frame.event, timed.last.frame.event, call.event],
          found: `a partly filled push-mode request was completed ${milliseconds(timed.waited)} after further data had come`,
          expected: `new data restarts the push timer: ${milliseconds(known.interval)} (TcpPushTicks)`,
          component: hold.target,
          connection: hold.connection,
        }));
      },
    }),
  ),

  rule('TMR-052', (context) =>
    awaitedCompletion(context, (awaited) => ({
      placed: (hold, delivery, head, { frame, at }) => {
        if (!head.pushes || !frame.has(tcpFlags.PSH)) return;
        awaited.wait(hold.connection, at + pass, () => ({
          events: [head.call.event, frame.event],
          found: `PSH came with ${delivery.waiting} bytes in a push-mode request of ${head.capacity}, and the request stays open`,
          expected: 'it is completed in the same pass',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    })),
  ),

  rule('TMR-053', (context) =>
    deliveries(context, {
      placed: (_hold, _delivery, head, { frame }) => {
        if (!head.pushes && frame.has(tcpFlags.PSH)) context.expect(true, nothing);
      },
      completed: (hold, delivery, request, call) => {
        const { last } = delivery;
        if (request.pushes || last?.frame.has(tcpFlags.PSH) !== true || call.time - last.at > pass) return;
        context.expect(false, () => ({
          events: [request.call.event, last.frame.event, call.event],
          found: `PSH completed a nonpush request with ${delivery.waiting} of ${request.capacity} bytes`,
          expected: 'PSH means nothing to nonpush requests',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    }),
  ),

  rule('TMR-055', (context) =>
    deliveries(context, {
      placed: (_hold, _delivery, head, { frame }) => {
        if (!head.pushes && !frame.has(tcpFlags.PSH)) context.expect(true, nothing);
      },
      completed: (hold, delivery, request, call) => {
        const { last } = delivery;
        const known = intervalOf(hold);
        if (request.pushes || last === undefined || known === undefined) return;
        const waited = call.time - last.at;
        if (Math.abs(waited - known.interval) > known.tolerance) return;
        context.expect(false, () => ({
          events: [request.call.event, last.frame.event, call.event],
          found: `a nonpush request was completed with ${delivery.waiting} of ${request.capacity} bytes when TcpPushTicks had passed`,
          expected: 'the push timer does nothing to nonpush requests',
          component: hold.target,
          connection: hold.connection,
        }));
      },
    }),
  ),

  rule('TMR-056', (context) =>
    deliveries(context, {
      completed: (hold, delivery, request, call) => {
        const known = intervalOf(hold);
        const timed = byTimer(delivery, request, call);
        if (known === undefined || timed === undefined) return;
        // Too early behind further data is a timer that was not restarted.
        if (timed.first !== timed.last && timed.waited < known.interval) return;
        context.expect(Math.abs(timed.waited - known.interval) <= known.tolerance, () => ({
          events: [timed.last.frame.event, call.event],
          found: `a partly filled push-mode request was completed ${milliseconds(timed.waited)} after its data`,
          expected: `${milliseconds(known.interval)} (TcpPushTicks)`,
          component: hold.target,
          connection: hold.connection,
        }));
      },
    }),
  ),

  rule('TMR-060', (context) => {
    const seen = new WeakSet<TargetHold>();
    return deliveries(context, {
      completed: (hold, delivery, request, call) => {
        const known = intervalOf(hold);
        const timed = byTimer(delivery, request, call);
        if (known === undefined || timed === undefined || seen.has(hold)) return;
        seen.add(hold);
        if (timed.first !== timed.last) return;
        context.expect(timed.waited >= known.interval - known.tolerance, () => ({
          events: [hold.taken?.event, timed.last.frame.event, call.event],
          found: `the first push interval after the offload lasted ${milliseconds(timed.waited)}`,
          expected: `a full interval of ${milliseconds(known.interval)}`,
          component: hold.target,
          connection: hold.connection,
        }));
      },
    });
  }),
];

export function nothing(): Breach {
  return { events: [], found: '', expected: '' };
}
