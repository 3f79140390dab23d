/**
 * A trace as tracks with slices, instants, counters and flows between slices: what timeline viewers show. The formats of Perfetto and
 * Chrome are two spellings of it.
 *
 * A component is a process. The calls into it are slices on one thread for each processor, nested as they were made. What overlaps
 * without nesting (requests until their completion, frames until they arrive) is spread over as many lanes as it needs.
 */
import { statusName } from '../ddi/status';
import type { Call } from '../analysis/callIndex';
import type { Frame } from '../analysis/frameIndex';
import type { EventId, VirtualTime } from '../trace/records';
import { countersOf, type CounterUnit } from './counters';
import { callData, isAsynchronous } from './tables/callTables';
import { componentName, type TableSource } from './tableTypes';

/** A value beside a slice. */
export type TimelineValue = number | string | boolean;

/** Something that happens on the timeline, in the order in which a track has to hear it. */
export type TimelineItem =
  /** Declares a process; ids of tracks count from 1 over all kinds. */
  | { readonly kind: 'process'; readonly track: number; readonly name: string }
  /** Declares a thread of a process, whose slices nest. */
  | { readonly kind: 'thread'; readonly track: number; readonly process: number; readonly name: string }
  /** Declares a lane of a process; lanes of one name belong together. */
  | { readonly kind: 'lane'; readonly track: number; readonly process: number; readonly name: string }
  /** Declares a counter of a process. */
  | {
      readonly kind: 'counter';
      readonly track: number;
      readonly process: number;
      readonly name: string;
      readonly unit: CounterUnit;
    }
  | {
      readonly kind: 'begin';
      readonly track: number;
      readonly time: VirtualTime;
      readonly name: string;
      readonly category: TimelineCategory;
      readonly values: Readonly<Record<string, TimelineValue>>;
      /** Flows that leave the slice. */
      readonly leaving: readonly number[];
      /** Flows that end in it. */
      readonly arriving: readonly number[];
    }
  | { readonly kind: 'end'; readonly track: number; readonly time: VirtualTime }
  | {
      readonly kind: 'instant';
      readonly track: number;
      readonly time: VirtualTime;
      readonly name: string;
      readonly category: TimelineCategory;
      readonly values: Readonly<Record<string, TimelineValue>>;
    }
  | { readonly kind: 'sample'; readonly track: number; readonly time: VirtualTime; readonly value: number };

/** What kind of thing a slice is. */
export type TimelineCategory = 'call' | 'request' | 'frame' | 'ownership' | 'milestone';

/** The flows of a trace: each from one slice to one other, so that none forks. */
class Flows {
  private readonly leavingEvents = new Map<EventId, number[]>();
  private readonly arrivingEvents = new Map<EventId, number[]>();
  private count = 0;

  constructor({ model }: TableSource) {
    const isSlice = (event: EventId): boolean =>
      model.calls.at(event) !== undefined || model.frames.at(event) !== undefined;
    const link = (from: EventId | undefined, to: EventId): void => {
      if (from === undefined || !isSlice(from)) return;
      const flow = ++this.count;
      push(this.leavingEvents, from, flow);
      push(this.arrivingEvents, to, flow);
    };
    for (const call of model.calls.calls) {
      for (const request of call.completes) link(request, call.event);
      link(call.cause, call.event);
    }
  }

  /** Adds what led to frames, which their records tell. */
  linkFrame(frame: EventId, cause: EventId | undefined, isSlice: (event: EventId) => boolean): void {
    if (cause === undefined || !isSlice(cause)) return;
    const flow = ++this.count;
    push(this.leavingEvents, cause, flow);
    push(this.arrivingEvents, frame, flow);
  }

  leaving(event: EventId): readonly number[] {
    return this.leavingEvents.get(event) ?? [];
  }

  arriving(event: EventId): readonly number[] {
    return this.arrivingEvents.get(event) ?? [];
  }
}

function push(map: Map<EventId, number[]>, key: EventId, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** A slice that is open on a thread; `endEvent` orders what happens at one instant. */
interface OpenSlice {
  readonly endEvent: EventId;
  readonly end: VirtualTime | undefined;
}

interface Thread {
  readonly track: number;
  readonly open: OpenSlice[];
}

interface Lane {
  readonly track: number;
  until: VirtualTime;
}

/** Makes the items of one trace. */
class Timeline {
  private tracks = 0;
  private readonly threads = new Map<string, Thread[]>();
  private readonly lanes = new Map<string, Lane[]>();
  private readonly processes: number[] = [];
  private readonly flows: Flows;

  constructor(private readonly source: TableSource) {
    this.flows = new Flows(source);
    const { model, store } = source;
    const isSlice = (event: EventId): boolean =>
      model.calls.at(event) !== undefined || model.frames.at(event) !== undefined;
    for (const frame of model.frames.frames) {
      const record = store.record(frame.event);
      if (record.kind === 'frame') this.flows.linkFrame(frame.event, record.cause, isSlice);
    }
  }

  *items(): Generator<TimelineItem> {
    const { model, store } = this.source;
    for (const component of store.components) {
      const track = ++this.tracks;
      this.processes[component.id] = track;
      yield { kind: 'process', track, name: component.name };
    }
    const run = ++this.tracks;
    yield { kind: 'process', track: run, name: `${store.header.title} (seed ${store.header.seed})` };
    for (const call of model.calls.calls) yield* this.call(call);
    for (const threads of this.threads.values())
      for (const thread of threads) yield* this.close(thread, Infinity);
    for (const call of model.calls.calls) yield* this.request(call);
    for (const frame of model.frames.frames) yield* this.frame(frame);
    yield* this.milestones(run);
    yield* this.ownership(run);
    yield* this.counters(run);
  }

  /** Ends those slices of a thread that are over at an event. */
  private *close(thread: Thread, event: EventId): Generator<TimelineItem> {
    for (let top = thread.open.at(-1); top !== undefined; top = thread.open.at(-1)) {
      if (top.endEvent >= event || top.end === undefined) break;
      thread.open.pop();
      yield { kind: 'end', track: thread.track, time: top.end };
    }
  }

  private *call(call: Call): Generator<TimelineItem> {
    const process = this.processes[call.callee]!;
    const key = `${call.callee}/${call.processor}`;
    let threads = this.threads.get(key);
    if (threads === undefined) this.threads.set(key, (threads = []));
    const endEvent = call.returnEvent ?? Infinity;
    let thread: Thread | undefined;
    for (const candidate of threads) {
      yield* this.close(candidate, call.event);
      const around = candidate.open.at(-1);
      if (around !== undefined && around.endEvent < endEvent) continue;
      thread = candidate;
      break;
    }
    if (thread === undefined) {
      thread = { track: ++this.tracks, open: [] };
      const name = `Processor ${call.processor}${threads.length === 0 ? '' : ` (${threads.length + 1})`}`;
      threads.push(thread);
      yield { kind: 'thread', track: thread.track, process, name };
    }
    thread.open.push({ endEvent, end: call.end });
    yield {
      kind: 'begin',
      track: thread.track,
      time: call.start,
      name: call.functionName,
      category: 'call',
      values: this.callValues(call),
      leaving: this.flows.leaving(call.event),
      arriving: this.flows.arriving(call.event),
    };
  }

  private callValues(call: Call): Readonly<Record<string, TimelineValue>> {
    const { store } = this.source;
    const { bytes, transferred } = callData(store, call.event);
    return {
      event: call.event,
      caller: componentName(store, call.caller) ?? '?',
      irql: call.irql,
      ...(call.connection === undefined ? {} : { connection: call.connection }),
      ...(call.status === undefined ? {} : { status: statusName(call.status) }),
      ...(bytes === undefined ? {} : { bytes }),
      ...(transferred === undefined ? {} : { transferred }),
    };
  }

  /** A lane of a process that is free from a time on. */
  private *lane(
    process: number,
    name: string,
    from: VirtualTime,
    until: VirtualTime,
  ): Generator<TimelineItem, Lane> {
    const key = `${process}/${name}`;
    let lanes = this.lanes.get(key);
    if (lanes === undefined) this.lanes.set(key, (lanes = []));
    let lane = lanes.find((candidate) => candidate.until <= from);
    if (lane === undefined) {
      lane = { track: ++this.tracks, until };
      lanes.push(lane);
      yield { kind: 'lane', track: lane.track, process, name };
    }
    lane.until = until;
    return lane;
  }

  /** An asynchronous request from the call to the first completion; one that nobody completes stays open. */
  private *request(call: Call): Generator<TimelineItem> {
    if (!isAsynchronous(call.functionName)) return;
    const completion =
      call.completedBy === undefined ? undefined : this.source.model.calls.at(call.completedBy);
    const isOpen = completion === undefined && statusName(call.status ?? 0) === 'NDIS_STATUS_PENDING';
    if (completion === undefined && !isOpen) return;
    const until = completion?.start ?? Infinity;
    const lane = yield* this.lane(this.processes[call.callee]!, 'Requests', call.start, until);
    const values = {
      event: call.event,
      ...(call.connection === undefined ? {} : { connection: call.connection }),
      ...(completion === undefined ? {} : { completion: completion.event }),
    };
    const { track } = lane;
    const name = call.functionName;
    yield {
      kind: 'begin',
      track,
      time: call.start,
      name,
      category: 'request',
      values,
      leaving: [],
      arriving: [],
    };
    if (completion !== undefined) yield { kind: 'end', track, time: completion.start };
  }

  private *frame(frame: Frame): Generator<TimelineItem> {
    const until = frame.fateTime ?? Infinity;
    const lane = yield* this.lane(this.processes[frame.sender]!, 'Frames', frame.sent, until);
    yield {
      kind: 'begin',
      track: lane.track,
      time: frame.sent,
      name: `${frame.retransmission ? 'retransmission' : 'frame'} (${frame.path})`,
      category: 'frame',
      values: {
        event: frame.event,
        length: frame.length,
        payload: frame.payloadLength,
        ...(frame.connection === undefined ? {} : { connection: frame.connection }),
        ...(frame.fate === undefined ? {} : { fate: frame.fate }),
      },
      leaving: this.flows.leaving(frame.event),
      arriving: this.flows.arriving(frame.event),
    };
    if (frame.fateTime !== undefined) yield { kind: 'end', track: lane.track, time: frame.fateTime };
  }

  private *milestones(process: number): Generator<TimelineItem> {
    const { model, store } = this.source;
    if (model.notes.notes.length === 0) return;
    const track = ++this.tracks;
    yield { kind: 'lane', track, process, name: 'Milestones' };
    for (const { time, text, event, component } of model.notes.notes) {
      const values = { event, component: componentName(store, component) ?? '?' };
      yield { kind: 'instant', track, time, name: text, category: 'milestone', values };
    }
  }

  private *ownership(process: number): Generator<TimelineItem> {
    const { model, store } = this.source;
    for (const object of store.stateObjects) {
      const spans = model.states.ownershipSpans(object.id);
      if (spans.length === 0) continue;
      const track = ++this.tracks;
      yield { kind: 'lane', track, process, name: object.label };
      for (const { owner, event, from, until } of spans) {
        const values = { event, object: object.id, layer: object.layer };
        yield {
          kind: 'begin',
          track,
          time: from,
          name: owner,
          category: 'ownership',
          values,
          leaving: [],
          arriving: [],
        };
        if (until !== undefined) yield { kind: 'end', track, time: until };
      }
    }
  }

  private *counters(process: number): Generator<TimelineItem> {
    const { store } = this.source;
    for (const { name, unit, connection, times, values } of countersOf(this.source)) {
      const track = ++this.tracks;
      const whose = connection === undefined ? '' : ` ${store.connections[connection]?.local ?? connection}`;
      yield { kind: 'counter', track, process, name: name + whose, unit };
      for (const [index, time] of times.entries())
        yield { kind: 'sample', track, time, value: values[index]! };
    }
  }
}

/** The items of a trace: each track is declared before anything happens on it, and hears of things in their order. */
export function timelineOf(source: TableSource): Generator<TimelineItem> {
  return new Timeline(source).items();
}
