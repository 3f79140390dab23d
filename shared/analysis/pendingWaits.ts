/** What outstanding requests wait for, in words and with the events that the words are about, as far as the trace shows it. */
import { offloadStateVariable } from '../ddi/offloadState';
import type { CallRecord, EventId, FrameRecord, NetBufferListSnapshot } from '../trace/records';
import { connectionFramesOf, frameIsAt, type SentSegment } from './connectionFrames';
import type { Call } from './callIndex';
import type { PendingRequest } from './pendingAt';
import { listAddresses } from './pendingIndex';
import type { RequestKind } from './requestKinds';
import { sequenceDistance } from './tcpSegment';
import type { TraceModel } from './traceModel';

/**
 * What a request waits for. `nothing-visible`: no record says what; whoever has it may just be working on it, or have forgotten it.
 */
export type WaitKind =
  | 'handler'
  | 'completion'
  | 'acknowledgment'
  | 'repetition'
  | 'window'
  | 'wire'
  | 'peer'
  | 'other-requests'
  | 'nothing-visible';

/** One thing that a request waits for. */
export interface PendingWait {
  readonly kind: WaitKind;
  /** A clause that completes "It waits for". */
  readonly text: string;
  /** The records that it is about, most important first. */
  readonly events: readonly EventId[];
}

/** Records that a wait names at most. */
const mostEvents = 8;

/** Frames that are looked through for those that a call of the host path led to. */
const mostFrames = 256;

/** Steps through calls around a call. */
const mostSteps = 16;

/** The sender's variables of a connection at the instant. */
interface Sender {
  readonly una: number;
  readonly next: number;
  readonly max: number;
  readonly window: number;
  readonly congestionWindow: number;
  /** Sequence number of the first byte of the stream; undefined where the SYN was not recorded. */
  readonly first: number | undefined;
  /** The segments that are not acknowledged, the last one first. */
  readonly inFlight: readonly SentSegment[];
}

const senderVariables = ['SndUna', 'SndNxt', 'SndMax', 'SndWnd', 'CWnd'].map(
  (name) => offloadStateVariable('tcp', 'delegated', name)?.index,
);

/** Requests about data of a connection: a terminate is not complete before they are. */
const dataKinds: ReadonlySet<RequestKind> = new Set(['send', 'receive', 'disconnect', 'forward']);

/** Answers for the requests that are outstanding at one event. What several rows need is looked up once. */
export class PendingWaits {
  private readonly senders = new Map<number, Sender | undefined>();
  private readonly byConnection = new Map<string, PendingRequest[]>();
  private readonly objects = new Map<EventId, ReadonlySet<number>>();
  private readonly innermost = new Map<string, PendingRequest>();
  private readonly now: number;

  /**
   * @param event the instant
   * @param pending everything that is outstanding then, of `pendingAt`
   */
  constructor(
    private readonly model: TraceModel,
    private readonly event: EventId,
    private readonly pending: readonly PendingRequest[],
  ) {
    this.now = model.store!.time(event);
    for (const row of pending) {
      if (row.event !== row.heldBy) continue;
      this.rowsOf(row.holder, row.kind, row.connection).push(row);
      this.innermost.set(keyOf(row.event, row), row);
    }
  }

  /** What a request waits for: at least one thing. */
  of(row: PendingRequest): readonly PendingWait[] {
    const waits: PendingWait[] = [];
    if (row.isInHandler)
      waits.push({
        kind: 'handler',
        text: `${this.functionAt(row.heldBy)}, which has not returned`,
        events: [row.heldBy],
      });
    waits.push(...this.completionUnderWay(row));
    if (waits.length > 0 && waits[0]!.kind === 'completion') return waits;
    waits.push(...this.visible(this.innermost.get(keyOf(row.heldBy, row)) ?? row));
    if (waits.length === 0)
      waits.push({
        kind: 'nothing-visible',
        text: `nothing visible: ${this.nameOf(row.holder)} keeps it`,
        events: [row.heldBy],
      });
    return waits;
  }

  /** A completion that has begun below and has not reached whoever made the request. */
  private completionUnderWay(row: PendingRequest): readonly PendingWait[] {
    if (row.heldBy !== row.event) return [];
    for (const call of this.openCalls())
      if (call.completes.some((completed) => this.isInside(completed, row.event)))
        return [
          {
            kind: 'completion',
            text: `${call.functionName}, which is under way and completes it`,
            events: [call.event],
          },
        ];
    return [];
  }

  /** Calls that have been made and have not returned, among the last ones before the instant. */
  private openCalls(): readonly Call[] {
    if (this.open !== undefined) return this.open;
    const { calls } = this.model.calls;
    const open: Call[] = [];
    let at = this.model.calls.firstStartingAt(this.now + 0.5) - 1;
    for (let looked = 0; at >= 0 && looked < mostFrames; at--, looked++) {
      const call = calls[at]!;
      if (call.event <= this.event && (call.returnEvent === undefined || call.returnEvent > this.event))
        open.push(call);
    }
    return (this.open = open);
  }

  private open: readonly Call[] | undefined;

  private isInside(event: EventId, outer: EventId): boolean {
    for (let at: EventId | undefined = event, step = 0; at !== undefined && step < mostSteps; step++) {
      if (at === outer) return true;
      at = this.model.calls.at(at)?.parent;
    }
    return false;
  }

  private visible(row: PendingRequest): readonly PendingWait[] {
    switch (row.kind) {
      case 'send':
        return this.sendWaits(row);
      case 'receive':
        return this.receiveWaits(row);
      case 'disconnect':
        return this.disconnectWaits(row);
      case 'terminate':
        return this.others(row, dataKinds);
      case 'packet-send':
        return this.packetWaits(row);
      case 'pause':
      case 'close':
        return this.others(row, new Set<RequestKind>(['packet-send', 'oid']));
      case 'initiate':
      case 'update':
      case 'query':
      case 'invalidate':
      case 'forward':
      case 'oid':
      case 'restart':
      case 'reset':
      case 'open':
      case 'bind':
      case 'unbind':
      case 'net-pnp':
        return [];
    }
  }

  private sendWaits(row: PendingRequest): PendingWait[] {
    if (row.attached && row.connection === undefined)
      return [
        {
          kind: 'acknowledgment',
          text: `the peers' acknowledgments of the send data that came with it (${row.lists - row.listsBack} lists)`,
          events: [row.heldBy],
        },
      ];
    const sender = this.senderOf(row.connection);
    const range = this.streamRange(row);
    if (sender?.first === undefined || range === undefined) return [];
    const first = (sender.first + range.first) >>> 0;
    const end = (first + range.length) >>> 0;
    if (sequenceDistance(sender.una, end) <= 0) return [];
    const waits: PendingWait[] = [];
    const from = sequenceDistance(sender.una, first) > 0 ? first : sender.una;
    const until = sequenceDistance(end, sender.max) < 0 ? sender.max : end;
    if (sequenceDistance(from, until) > 0) waits.push(this.flightWait(sender, from, until));
    const unsent = sequenceDistance(sender.max, first) > 0 ? first : sender.max;
    if (sequenceDistance(unsent, end) > 0) waits.push(...this.windowWaits(row, sender, unsent, end));
    return waits;
  }

  /** Bytes that have been sent: the first of them that is not acknowledged decides. */
  private flightWait(sender: Sender, from: number, until: number): PendingWait {
    const carrier = sender.inFlight.find(
      ({ sequence, length }) =>
        sequenceDistance(sequence, from) >= 0 && sequenceDistance(from, sequence + length) > 0,
    );
    const bytes = bytesText(sender, from, until);
    if (carrier === undefined)
      return {
        kind: 'wire',
        text: `the wire, which no frame with them has reached, and then the peer's acknowledgment of ${bytes}`,
        events: [],
      };
    const { event } = carrier.frame;
    switch (frameIsAt(carrier.frame, this.now)) {
      case 'on its way':
        return {
          kind: 'wire',
          text: `the wire, and then the peer's acknowledgment of ${bytes}`,
          events: [event],
        };
      case 'lost':
        return {
          kind: 'repetition',
          text: `the repetition of a frame that was lost, and then the peer's acknowledgment of ${bytes}`,
          events: [event],
        };
      case 'arrived':
        return { kind: 'acknowledgment', text: `the peer's acknowledgment of ${bytes}`, events: [event] };
    }
  }

  /** Bytes that have not been sent. */
  private windowWaits(row: PendingRequest, sender: Sender, from: number, until: number): PendingWait[] {
    const inFlight = sequenceDistance(sender.una, sender.next);
    const bytes = bytesText(sender, from, until);
    const before = sequenceDistance(sender.max, from);
    const waits: PendingWait[] = [];
    if (sender.window === 0)
      waits.push({
        kind: 'window',
        text: `the peer's window, which is closed, to send ${bytes}`,
        events: [],
      });
    else if (Math.min(sender.window, sender.congestionWindow) - inFlight >= fullSegment(sender))
      waits.push({
        kind: 'nothing-visible',
        text: `nothing visible: there is room in the windows, and ${this.nameOf(row.holder)} has not sent ${bytes}`,
        events: [row.heldBy],
      });
    else
      waits.push({
        kind: 'window',
        text:
          sender.window <= sender.congestionWindow
            ? `room in the peer's window (${sender.window} bytes, ${inFlight} of them in flight) to send ${bytes}`
            : `room in the congestion window (${sender.congestionWindow} bytes, ${inFlight} of them in flight) to send ${bytes}`,
        events: sender.inFlight.slice(-1).map(({ frame }) => frame.event),
      });
    if (before > 0) {
      const earlier = this.rowsOf(row.holder, row.kind, row.connection).filter(
        (other) => other.event < row.event || (other.event === row.event && other !== row),
      );
      if (earlier.length > 0)
        waits.push({
          kind: 'other-requests',
          text: `its turn behind ${before} bytes of earlier sends`,
          events: eventsOf(earlier.slice(-mostEvents).reverse()),
        });
    }
    return waits;
  }

  private receiveWaits(row: PendingRequest): PendingWait[] {
    const earlier = this.rowsOf(row.holder, 'receive', row.connection).filter(
      (other) => other.event < row.event,
    );
    if (row.connection === undefined) return [];
    const incoming = this.incomingData(row.connection);
    const behind =
      earlier.length === 0
        ? ''
        : `, behind ${earlier.length === 1 ? 'a receive' : `${earlier.length} receives`} posted before it`;
    const first = earlier.slice(0, 1).map((other) => other.event);
    return incoming.length > 0
      ? [
          {
            kind: 'wire',
            text: `data of the peer that is on the wire${behind}`,
            events: [...incoming, ...first],
          },
        ]
      : [{ kind: 'peer', text: `data of the peer${behind}`, events: first }];
  }

  private disconnectWaits(row: PendingRequest): PendingWait[] {
    const before = this.rowsOf(row.holder, 'send', row.connection).filter((other) => other.event < row.event);
    if (before.length > 0)
      return [
        {
          kind: 'other-requests',
          text: `${countText(before.length, 'send')} before it`,
          events: eventsOf(before.slice(0, mostEvents)),
        },
      ];
    const fin = this.senderOf(row.connection)?.inFlight.find(({ isFin }) => isFin);
    if (fin === undefined) return [];
    const { event } = fin.frame;
    const at = frameIsAt(fin.frame, this.now);
    const acknowledgment = "the peer's acknowledgment of this end's FIN";
    if (at === 'arrived') return [{ kind: 'acknowledgment', text: acknowledgment, events: [event] }];
    return at === 'lost'
      ? [
          {
            kind: 'repetition',
            text: `the repetition of the FIN, which was lost, and then ${acknowledgment}`,
            events: [event],
          },
        ]
      : [{ kind: 'wire', text: `the wire, and then ${acknowledgment}`, events: [event] }];
  }

  /** Requests of the same driver that end before this one does: those about the connections that its tree names, or all of the adapter. */
  private others(row: PendingRequest, kinds: ReadonlySet<RequestKind>): PendingWait[] {
    const connections = row.kind === 'terminate' ? this.connectionsOf(row.event) : undefined;
    const found = this.pending.filter(
      (other) =>
        kinds.has(other.kind) &&
        other.holder === row.holder &&
        other.event === other.heldBy &&
        (connections === undefined || (other.connection !== undefined && connections.has(other.connection))),
    );
    if (found.length === 0) return [];
    const counts = new Map<RequestKind, number>();
    for (const { kind } of found) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const text = [...counts].map(([kind, count]) => countText(count, kindNames[kind] ?? kind)).join(', ');
    const ending = row.kind === 'terminate' ? 'to end, or to be given back with it' : 'to end';
    return [
      { kind: 'other-requests', text: `${text} ${ending}`, events: eventsOf(found.slice(0, mostEvents)) },
    ];
  }

  /** A packet of the host path: whether its frame has left. */
  private packetWaits(row: PendingRequest): PendingWait[] {
    const { frames } = this.model.frames;
    const begin = this.model.frames.firstSentAt(row.made);
    const { store } = this.model;
    for (let at = begin; at < Math.min(frames.length, begin + mostFrames); at++) {
      const frame = frames[at]!;
      if (frame.event > this.event) break;
      const record = store!.record(frame.event) as FrameRecord;
      if (record.cause === row.heldBy)
        return [{ kind: 'wire', text: 'the wire: its frame has left', events: [frame.event] }];
    }
    return [];
  }

  /** Frames with data of the peer that are on the wire. */
  private incomingData(connection: number): EventId[] {
    const frames = connectionFramesOf(this.model);
    const all = frames.of(connection);
    const found: EventId[] = [];
    const last = frames.countBy(connection, this.event) - 1;
    for (let at = last; at >= 0 && last - at < mostFrames && found.length < mostEvents; at--) {
      const frame = all[at]!;
      if (frame.path !== 'peer' || frame.payloadLength === 0) continue;
      if (frameIsAt(frame, this.now) === 'on its way') found.push(frame.event);
    }
    return found.reverse();
  }

  /** Where the bytes of a request that have not come back stand in the stream; undefined where the lists don't say. */
  private streamRange(row: PendingRequest): { readonly first: number; readonly length: number } | undefined {
    const record = this.model.store!.record(row.event);
    if (record.kind !== 'call') return undefined;
    const back = new Set<number>();
    for (const event of row.completions)
      for (const address of listAddresses(this.model, event)) back.add(address);
    const lists = listsOf(record).filter(({ address }) => !back.has(address));
    const first = lists[0]?.streamOffset;
    const last = lists.at(-1);
    if (first === undefined || last?.streamOffset === undefined) return undefined;
    const length = last.streamOffset + last.dataLength - first;
    return length > 0 ? { first, length } : undefined;
  }

  private senderOf(connection: number | undefined): Sender | undefined {
    if (connection === undefined) return undefined;
    if (this.senders.has(connection)) return this.senders.get(connection);
    const sender = this.makeSender(connection);
    this.senders.set(connection, sender);
    return sender;
  }

  private makeSender(connection: number): Sender | undefined {
    const { model, event } = this;
    for (const object of model.store!.stateObjects) {
      if (object.layer !== 'tcp' || object.connection !== connection) continue;
      const at = model.states.objectAt(object.id, event);
      if (at === undefined) continue;
      const [una, next, max, window, congestionWindow] = senderVariables.map((variable) => {
        const value = at.variables.find((one) => one.variable === variable)?.value;
        return typeof value === 'number' ? value : undefined;
      });
      if (una === undefined || next === undefined || max === undefined) continue;
      const frames = connectionFramesOf(model);
      const initial = frames.initialSequence(connection);
      return {
        una,
        next,
        max,
        window: window ?? 0,
        congestionWindow: congestionWindow ?? Infinity,
        first: initial === undefined ? undefined : (initial + 1) >>> 0,
        inFlight: frames.sentBefore(connection, event, una),
      };
    }
    return undefined;
  }

  /** Connections of the TCP objects that a tree names. */
  private connectionsOf(event: EventId): ReadonlySet<number> {
    let found = this.objects.get(event);
    if (found !== undefined) return found;
    const record = this.model.store!.record(event);
    const connections = new Set<number>();
    if (record.kind === 'call') {
      if (record.connection !== undefined) connections.add(record.connection);
      for (const value of record.arguments)
        if (value.kind === 'block-list')
          for (const { object } of value.blocks) {
            const connection =
              object === undefined ? undefined : this.model.store!.stateObjects[object]?.connection;
            if (connection !== undefined) connections.add(connection);
          }
    }
    found = connections;
    this.objects.set(event, found);
    return found;
  }

  private rowsOf(holder: number, kind: RequestKind, connection: number | undefined): PendingRequest[] {
    const key = `${holder} ${kind} ${connection ?? ''}`;
    let rows = this.byConnection.get(key);
    if (rows === undefined) this.byConnection.set(key, (rows = []));
    return rows;
  }

  private functionAt(event: EventId): string {
    return this.model.calls.at(event)?.functionName ?? `event ${event}`;
  }

  private nameOf(component: number): string {
    return this.model.store!.components[component]?.name ?? `component ${component}`;
  }
}

function keyOf(event: EventId, { kind, attached }: PendingRequest): string {
  return `${event} ${kind} ${attached}`;
}

function eventsOf(rows: readonly PendingRequest[]): EventId[] {
  return rows.map(({ event }) => event);
}

/** Kinds of requests as they are counted in sentences. */
const kindNames: Readonly<Partial<Record<RequestKind, string>>> = {
  receive: 'posted receive',
  'packet-send': 'packet send',
  oid: 'OID request',
};

function countText(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** Room that lets a sender go on whatever else it minds: a segment as large as the largest in flight. */
function fullSegment({ inFlight }: Sender): number {
  return inFlight.reduce((most, { length }) => Math.max(most, length), leastSegment);
}

/** Largest segment of which no path is too small (RFC 9293 section 3.7.1: 536 bytes). */
const leastSegment = 536;

/** Bytes by sequence number as they stand in the stream, counted from 0. */
function bytesText(sender: Sender, from: number, until: number): string {
  const first = sequenceDistance(sender.first!, from);
  const last = first + sequenceDistance(from, until) - 1;
  return first === last ? `byte ${first}` : `bytes ${first} to ${last}`;
}

function listsOf(record: CallRecord): NetBufferListSnapshot[] {
  return record.arguments.flatMap((value) => (value.kind === 'net-buffer-lists' ? value.lists : []));
}
