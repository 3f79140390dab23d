/**
 * Why an event happened, step by step back to what came from outside, and what followed from it. Twelve bytes an event once somebody asks
 * what followed, four before.
 *
 * A trace does not say which wait was a timer's: a step whose `waited` is not 0 was put off by a timer, a queue or the hardware.
 */
import type { EventId, TraceRecord, VirtualTime } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import type { TraceStore } from '../trace/traceStore';
import { uint32Column } from './column';
import { EventPositions } from './eventPositions';
import type { FrameColumns } from './frameColumns';

/**
 * How an event hangs together with the one that led to it. `inside`: a call made while the other had not returned. `return`: the return of
 * the call. `arrival`: what a delivered frame led to. `fate`: what became of the frame. `caused`: anything else that the trace names as cause.
 */
export type CausalLink = 'inside' | 'return' | 'arrival' | 'fate' | 'caused';

/** One step. */
export interface CausalStep {
  readonly event: EventId;
  readonly time: VirtualTime;
  /** What led to it; undefined at the end of a chain. */
  readonly because: EventId | undefined;
  readonly link: CausalLink | undefined;
  /** Time between what led to it (for a frame, its delivery) and the event, ns. */
  readonly waited: VirtualTime;
  /** Number of steps from where the search began. */
  readonly distance: number;
}

/** What came from outside: a frame that a peer sent, a call by an application, or something that the trace gives no cause. */
export interface CausalOrigin {
  readonly kind: 'peer-frame' | 'application-call' | 'uncaused';
  readonly event: EventId;
}

/** A chain from an event back to its origin. */
export interface CausalChain {
  /** From the event itself to its origin. */
  readonly steps: readonly CausalStep[];
  readonly origin: CausalOrigin;
}

/** Every event's cause; a {@link TraceListener}. */
export class CausalLinks implements TraceListener {
  private readonly positions = new EventPositions();
  /** By position of an event: that of its cause, raised by one so that 0 is none. */
  private readonly because = uint32Column();
  /** By position: where the consequences begin in `consequences`, which are positions too; made when somebody asks. */
  private starts = new Uint32Array(0);
  private consequences = new Uint32Array(0);
  private counted = -1;

  /** @param frames the frames of the same trace. */
  constructor(private readonly frames: FrameColumns) {}

  onRecord(record: TraceRecord, event: EventId): void {
    const { because, positions } = this;
    const cause = causeOf(record);
    // What claims to be caused by something later is damage, and would make chains go round; what caused it may be lost.
    const causedBy = cause === undefined || cause >= event ? -1 : positions.of(cause);
    const position = positions.take(event);
    // Behind a loss, declarations are reported once more under the id of the loss record.
    if (position < because.length) return;
    // Records of unknown kinds are not reported; they have no cause.
    while (because.length < position) because.push(0);
    because.push(causedBy + 1);
  }

  /** What led to an event; undefined if the trace names nothing that is still there. */
  becauseOf(event: EventId): EventId | undefined {
    const position = this.positions.of(event);
    const value = position < 0 ? 0 : this.because.get(position);
    return value === 0 ? undefined : this.positions.at(value - 1);
  }

  /** When a frame was delivered, ns; undefined for what is no frame or never arrived. */
  arrivalTime(frame: EventId): VirtualTime | undefined {
    const position = this.frames.at(frame);
    return position < 0 ? undefined : this.frames.delivered(position);
  }

  /** The events that an event led to directly, in order. */
  consequencesOf(event: EventId): EventId[] {
    if (this.counted !== this.because.length) this.count();
    const position = this.positions.of(event);
    if (position < 0) return [];
    const { starts, consequences } = this;
    const own = consequences.subarray(starts[position] ?? 0, starts[position + 1] ?? 0);
    return Array.from(own, (consequence) => this.positions.at(consequence));
  }

  private count(): void {
    const { length } = this.because;
    const starts = new Uint32Array(length + 2);
    for (let event = 0; event < length; event++) {
      const value = this.because.get(event);
      if (value !== 0) starts[value]!++;
    }
    // starts[event + 1] holds the number of consequences of `event`, and then where they end.
    for (let event = 1; event < starts.length; event++) starts[event]! += starts[event - 1]!;
    const consequences = new Uint32Array(starts[length + 1]!);
    const next = starts.slice();
    for (let event = 0; event < length; event++) {
      const value = this.because.get(event);
      if (value !== 0) consequences[next[value - 1]!++] = event;
    }
    this.starts = starts;
    this.consequences = consequences;
    this.counted = length;
  }
}

/** The record that a record names as what led to it; undefined where it names none. */
export function causeOf(record: TraceRecord): EventId | undefined {
  switch (record.kind) {
    case 'call':
      return record.parent ?? record.cause;
    case 'return':
      return record.call;
    case 'frame-fate':
      return record.frame;
    case 'frame':
    case 'state-change':
    case 'ownership':
    case 'relink':
    case 'note':
      return record.cause;
    case 'finding':
      return record.events.at(-1);
    case 'annotation':
    case 'counter':
    case 'loss':
    case 'component':
    case 'connection':
    case 'state-object':
    case 'end':
      return undefined;
  }
}

function stepOf(links: CausalLinks, store: TraceStore, event: EventId, distance: number): CausalStep {
  const time = store.time(event);
  const because = links.becauseOf(event);
  if (because === undefined) return { event, time, because, link: undefined, waited: 0, distance };
  const kind = store.kind(event);
  if (kind === 'return') return { event, time, because, link: 'return', waited: 0, distance };
  if (kind === 'frame-fate')
    return { event, time, because, link: 'fate', waited: time - store.time(because), distance };
  if (kind === 'call') {
    const record = store.record(event);
    if (record.kind === 'call' && record.parent === because)
      return { event, time, because, link: 'inside', waited: 0, distance };
  }
  const arrival = links.arrivalTime(because);
  if (arrival !== undefined && arrival <= time)
    return { event, time, because, link: 'arrival', waited: time - arrival, distance };
  return { event, time, because, link: 'caused', waited: time - store.time(because), distance };
}

/** What an event is if the search for causes may end there. */
function originAt(store: TraceStore, event: EventId, isLast: boolean): CausalOrigin | undefined {
  const record = store.record(event);
  if (record.kind === 'frame' && record.path === 'peer') return { kind: 'peer-frame', event };
  if (record.kind === 'call' && store.components[record.caller]?.role === 'application')
    return { kind: 'application-call', event };
  return isLast ? { kind: 'uncaused', event } : undefined;
}

/**
 * The chain from an event back to what came from outside: the last frame of a peer, the last call of an application, or what the trace
 * gives no cause. With `beyondPeers` it goes on through peers, which answer frames, to the beginning.
 */
export function causesOf(
  links: CausalLinks,
  store: TraceStore,
  event: EventId,
  options: { readonly beyondPeers?: boolean } = {},
): CausalChain {
  const steps: CausalStep[] = [];
  for (let at = event; ;) {
    const step = stepOf(links, store, at, steps.length);
    steps.push(step);
    const origin = originAt(store, at, step.because === undefined);
    const goesOn = options.beyondPeers === true && step.because !== undefined;
    if (origin !== undefined && !goesOn) return { steps, origin };
    at = step.because!;
  }
}

/** What followed from an event. */
export interface Consequences {
  /** In the order of their records, without the event itself. */
  readonly steps: readonly CausalStep[];
  /** Whether there are more than were asked for. */
  readonly isCut: boolean;
}

/**
 * What followed from an event, at most `most` events of it. Unless `beyondPeers` is set, the frames with which peers answer are the last:
 * through them everything follows from everything.
 */
export function consequencesOf(
  links: CausalLinks,
  store: TraceStore,
  event: EventId,
  options: { readonly most?: number; readonly beyondPeers?: boolean } = {},
): Consequences {
  const most = options.most ?? 1000;
  const steps: CausalStep[] = [];
  const distances = new Map<EventId, number>([[event, 0]]);
  const waiting = new EventQueue();
  const spread = (from: EventId): void => {
    const distance = distances.get(from)! + 1;
    for (const next of links.consequencesOf(from)) {
      distances.set(next, distance);
      waiting.push(next);
    }
  };
  spread(event);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (steps.length >= most) return { steps, isCut: true };
    steps.push(stepOf(links, store, next, distances.get(next)!));
    const isAnswer = originAt(store, next, false)?.kind === 'peer-frame';
    if (!isAnswer || options.beyondPeers === true) spread(next);
  }
  return { steps, isCut: false };
}

/** Events, of which the first one is taken: a binary heap. */
class EventQueue {
  private readonly events: EventId[] = [];

  push(event: EventId): void {
    const { events } = this;
    let at = events.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (events[above]! <= event) break;
      events[at] = events[above]!;
      at = above;
    }
    events[at] = event;
  }

  pop(): EventId | undefined {
    const { events } = this;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= events.length) break;
      if (below + 1 < events.length && events[below + 1]! < events[below]!) below++;
      if (events[below]! >= last) break;
      events[at] = events[below]!;
      at = below;
    }
    events[at] = last;
    return first;
  }
}
