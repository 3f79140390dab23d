/** The events of a trace in memory as rows that expressions are evaluated on. A row is an event's id. */
import type { Call } from '../analysis/callIndex';
import type { Frame } from '../analysis/frameIndex';
import { functionEntry, isFunctionName } from '../ddi/catalogue';
import type { CallArgument, EventId, StateOwner, TraceRecord } from '../trace/records';
import { argumentNumber, argumentText } from './argumentValues';
import type { CheckedExpression } from './checked';
import { compileExpression, type ExpressionSource, type NumberReader, type TextReader } from './compile';
import { eventLine, summaryOf } from './eventText';
import type { EventKind, FieldReference } from './fieldTypes';
import { FrameHeaders } from './frameHeaders';
import type { RowModel, RowStore } from './rowStore';
import { StateColumns } from './stateColumns';

const kindsOfRecords: Readonly<Partial<Record<TraceRecord['kind'], EventKind>>> = {
  call: 'call',
  frame: 'frame',
  'state-change': 'state',
  ownership: 'ownership',
  note: 'note',
};

/** A record, or what stands for one that is lost or that this version does not know. */
type AnyRecord = ReturnType<RowStore['record']>;

/** Address and port of one end of a connection. */
interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Reads `192.0.2.1:7` and `[2001:db8::1]:7`. */
function endpoint(text: string | undefined): Endpoint | undefined {
  const colon = text?.lastIndexOf(':') ?? -1;
  if (text === undefined || colon < 0) return undefined;
  return { address: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

const asNumber = (value: number | undefined): number => value ?? NaN;

type CallNumber = (call: Call, rows: TraceRows) => number;
type FrameNumber = (frame: Frame) => number;

/** Fields of calls that are numbers. */
const callNumbers: Readonly<Record<string, CallNumber>> = {
  irql: (call) => call.irql,
  processor: (call) => call.processor,
  status: (call) => (call.status === undefined ? NaN : call.status >>> 0),
  duration: (call) => (call.end === undefined ? NaN : call.end - call.start),
  returned: (call) => Number(call.end !== undefined),
  asynchronous: (call) => Number(isAsynchronous(call.functionName)),
  completed: (call) => (isAsynchronous(call.functionName) ? Number(call.completedBy !== undefined) : NaN),
  latency: (call, rows) => rows.completionTime(call) - call.start,
  pending: (call, rows) => {
    if (!isAsynchronous(call.functionName)) return NaN;
    const end = rows.completionTime(call);
    return (end === end ? end : rows.store.lastTime) - call.start;
  },
  completedBy: (call) => asNumber(call.completedBy),
  completes: (call) => asNumber(call.completes[0]),
  parent: (call) => asNumber(call.parent),
  depth: (call) => call.depth,
};

/** Fields of frames that are numbers and do not stand in headers. */
const frameNumbers: Readonly<Record<string, FrameNumber>> = {
  'frame.length': (frame) => frame.length,
  'frame.latency': (frame) => asNumber(frame.fateTime) - frame.sent,
  'frame.duplicates': (frame) => frame.duplicates,
  retransmission: (frame) => Number(frame.retransmission),
  forwarded: (frame) => Number(frame.forwarded),
};

const asynchronousFunctions = new Map<string, boolean>();

function isAsynchronous(name: string): boolean {
  let answer = asynchronousFunctions.get(name);
  if (answer === undefined) {
    answer = isFunctionName(name) && functionEntry(name).asynchronous === true;
    asynchronousFunctions.set(name, answer);
  }
  return answer;
}

/** See the file's head. The trace may grow; a row that is there already never changes but by what happens to it. */
export class TraceRows implements ExpressionSource<EventId> {
  private readonly headers = new FrameHeaders();
  private headersOf = -1;
  private readonly endpoints: (readonly [Endpoint | undefined, Endpoint | undefined])[] = [];
  private lastRecord: AnyRecord | undefined;
  private lastRecordOf = -1;

  /**
   * `store` is the model's, once its header has been read.
   * @param states values of state variables, where somebody collects them in another way than by walking over the records
   */
  constructor(
    readonly model: RowModel,
    readonly store: RowStore,
    private readonly states = new StateColumns(store),
  ) {}

  /** What an expression calls the kind of a record; undefined for records that are no events of their own. */
  kind(event: EventId): EventKind | undefined {
    const kind = this.store.kind(event);
    return kind === 'unknown' ? undefined : kindsOfRecords[kind];
  }

  /** Events from `from` that match, in order. */
  *matching(expression: CheckedExpression, from: EventId = 0): Generator<EventId> {
    const predicate = compileExpression(expression, this);
    const { store } = this;
    for (let event = store.nextPresent(from); event < store.length; event = store.nextPresent(event + 1)) {
      const kind = this.kind(event);
      if (kind !== undefined && expression.kinds.has(kind) && predicate(event)) yield event;
    }
  }

  /** Time at which a request was completed; NaN before that. */
  completionTime(call: Call): number {
    return call.completedBy === undefined ? NaN : asNumber(this.model.calls.at(call.completedBy)?.start);
  }

  number(reference: FieldReference): NumberReader<EventId> | undefined {
    if (reference.kind === 'argument') {
      const { argument, member } = reference;
      return (event) => {
        const found = this.argument(event, argument);
        return found === undefined ? NaN : argumentNumber(found, member);
      };
    }
    if (reference.kind === 'variable') {
      const { variable } = reference;
      this.states.request(variable);
      return (event) => {
        const object = this.object(event);
        return object === undefined ? NaN : this.states.numberAt(variable, object, event);
      };
    }
    const { name } = reference.field;
    const ofCall = callNumbers[name];
    if (ofCall !== undefined)
      return (event) => {
        const call = this.model.calls.at(event);
        return call === undefined ? NaN : ofCall(call, this);
      };
    const ofFrame = frameNumbers[name];
    if (ofFrame !== undefined)
      return (event) => {
        const frame = this.model.frames.at(event);
        return frame === undefined ? NaN : ofFrame(frame);
      };
    return this.otherNumber(name);
  }

  private otherNumber(name: string): NumberReader<EventId> | undefined {
    switch (name) {
      case 'id':
        return (event) => event;
      case 'time':
        return (event) => this.store.time(event);
      case 'age':
        return (event) => this.store.lastTime - this.store.time(event);
      case 'connection':
        return (event) => asNumber(this.connection(event));
      case 'local.port':
        return (event) => asNumber(this.endpoint(event, 0)?.port);
      case 'remote.port':
        return (event) => asNumber(this.endpoint(event, 1)?.port);
      case 'cause':
        return (event) => {
          const record = this.record(event);
          return 'cause' in record ? asNumber(record.cause) : NaN;
        };
      case 'bytes':
        return (event) => this.bytes(event);
      case 'lists':
        return (event) =>
          this.sum(event, (argument) => (argument.kind === 'net-buffer-lists' ? argument.lists.length : NaN));
      case 'blocks':
        return (event) =>
          this.sum(event, (argument) => (argument.kind === 'block-list' ? argument.blocks.length : NaN));
      case 'object':
        return (event) => asNumber(this.ownObject(event));
      default:
        return /^(eth|vlan|ip|icmp|tcp)\./.test(name)
          ? (event) => this.frameHeaders(event)?.field(name) ?? NaN
          : undefined;
    }
  }

  text(reference: FieldReference): TextReader<EventId> | undefined {
    if (reference.kind === 'argument') {
      const { argument, member } = reference;
      return (event) => {
        const found = this.argument(event, argument);
        return found === undefined ? undefined : argumentText(found, member);
      };
    }
    if (reference.kind === 'variable') {
      const { variable } = reference;
      this.states.request(variable);
      return (event) => {
        const object = this.object(event);
        return object === undefined ? undefined : this.states.textAt(variable, object, event);
      };
    }
    const { name } = reference.field;
    switch (name) {
      case 'kind':
        return (event) => this.kind(event);
      case 'summary':
        return (event) => {
          const line = eventLine(this.model, this.store, event);
          return line === undefined ? undefined : summaryOf(line);
        };
      case 'handler':
        return (event) => this.model.calls.at(event)?.functionName;
      case 'local':
        return (event) => this.endpoint(event, 0)?.address;
      case 'remote':
        return (event) => this.endpoint(event, 1)?.address;
      case 'owner':
        return (event) => this.owner(event);
      case 'layer':
        return (event) => this.declaredObject(event)?.layer;
      case 'object.name':
        return (event) => this.declaredObject(event)?.label;
      case 'note':
        return (event) => {
          if (this.store.kind(event) !== 'note') return undefined;
          const record = this.record(event);
          return record.kind === 'note' ? record.text : undefined;
        };
      case 'path':
        return (event) => this.model.frames.at(event)?.path;
      case 'frame.fate':
        return (event) => this.model.frames.at(event)?.fate;
      case 'protocol':
        return (event) => this.frameHeaders(event)?.protocol;
      default:
        return this.componentText(name) ?? this.headerAddress(name);
    }
  }

  changed(reference: FieldReference): ((event: EventId) => boolean) | undefined {
    if (reference.kind === 'variable') {
      const { layer, index } = reference.variable;
      return (event) => {
        if (this.store.kind(event) !== 'state-change') return false;
        const record = this.record(event);
        if (record.kind !== 'state-change' || this.store.stateObjects[record.object]?.layer !== layer)
          return false;
        return record.changes.some(({ variable }) => variable === index);
      };
    }
    return reference.field.name === 'owner' ? (event) => this.store.kind(event) === 'ownership' : undefined;
  }

  private headerAddress(name: string): TextReader<EventId> | undefined {
    return /^(eth|ip)\./.test(name) ? (event) => this.frameHeaders(event)?.address(name) : undefined;
  }

  /** Names and roles of components. */
  private componentText(name: string): TextReader<EventId> | undefined {
    const [part, detail] = name.split('.');
    const idOf = this.componentId(part!);
    if (idOf === undefined) return undefined;
    const { components } = this.store;
    return (event) => {
      const id = idOf(event);
      if (id === undefined) return undefined;
      return detail === 'role' ? components[id]?.role : components[id]?.name;
    };
  }

  private componentId(part: string): ((event: EventId) => number | undefined) | undefined {
    switch (part) {
      case 'caller':
        return (event) => this.model.calls.at(event)?.caller;
      case 'callee':
        return (event) => this.model.calls.at(event)?.callee;
      case 'sender':
        return (event) => this.model.frames.at(event)?.sender;
      case 'receiver':
        return (event) => this.model.frames.at(event)?.receiver;
      case 'writer':
        return (event) => {
          const kind = this.store.kind(event);
          if (kind !== 'state-change' && kind !== 'note') return undefined;
          const record = this.record(event);
          if (record.kind === 'state-change') return record.writer;
          return record.kind === 'note' ? record.component : undefined;
        };
      default:
        return undefined;
    }
  }

  /** The record of an event; decoding it once is enough for all fields of an expression. */
  private record(event: EventId): AnyRecord {
    if (this.lastRecordOf !== event || this.lastRecord === undefined) {
      this.lastRecord = this.store.record(event);
      this.lastRecordOf = event;
    }
    return this.lastRecord;
  }

  private frameHeaders(event: EventId): FrameHeaders | undefined {
    if (this.headersOf === event) return this.headers;
    if (this.store.kind(event) !== 'frame') return undefined;
    const record = this.record(event);
    if (record.kind !== 'frame') return undefined;
    this.headers.read(record.bytes, record.length);
    this.headersOf = event;
    return this.headers;
  }

  private argument(event: EventId, name: string): CallArgument | undefined {
    if (this.store.kind(event) !== 'call') return undefined;
    const record = this.record(event);
    if (record.kind !== 'call') return undefined;
    const given = record.arguments.find((argument) => argument.name === name);
    const end = this.model.calls.at(event)?.returnEvent;
    if (given !== undefined || end === undefined) return given;
    const returned = this.store.record(end);
    return returned.kind === 'return' ? returned.outputs.find((output) => output.name === name) : undefined;
  }

  /** The sum over all arguments that have a number; NaN if none has. */
  private sum(event: EventId, numberOf: (argument: CallArgument) => number): number {
    if (this.store.kind(event) !== 'call') return NaN;
    const record = this.record(event);
    if (record.kind !== 'call') return NaN;
    let sum = NaN;
    for (const argument of record.arguments) {
      const number = numberOf(argument);
      if (number === number) sum = (sum === sum ? sum : 0) + number;
    }
    return sum;
  }

  private bytes(event: EventId): number {
    if (this.store.kind(event) === 'frame') return asNumber(this.model.frames.at(event)?.payloadLength);
    return this.sum(event, dataBytes);
  }

  private ownObject(event: EventId): number | undefined {
    const kind = this.store.kind(event);
    if (kind !== 'state-change' && kind !== 'ownership') return undefined;
    const record = this.record(event);
    return record.kind === 'state-change' || record.kind === 'ownership' ? record.object : undefined;
  }

  private declaredObject(event: EventId): RowStore['stateObjects'][number] | undefined {
    const object = this.ownObject(event);
    return object === undefined ? undefined : this.store.stateObjects[object];
  }

  /** The state object that an event is about: its own, or that of its connection. */
  private object(event: EventId): number | undefined {
    const own = this.ownObject(event);
    if (own !== undefined) return own;
    const connection = this.connection(event);
    return connection === undefined ? undefined : this.states.objectOf(connection, event);
  }

  private owner(event: EventId): StateOwner | undefined {
    const object = this.object(event);
    return object === undefined ? undefined : this.states.ownerAt(object, event);
  }

  private connection(event: EventId): number | undefined {
    switch (this.store.kind(event)) {
      case 'call':
        return this.model.calls.at(event)?.connection;
      case 'frame':
        return this.model.frames.at(event)?.connection;
      case 'note': {
        const record = this.record(event);
        return record.kind === 'note' ? record.connection : undefined;
      }
      default:
        return this.declaredObject(event)?.connection;
    }
  }

  private endpoint(event: EventId, side: 0 | 1): Endpoint | undefined {
    const connection = this.connection(event);
    if (connection === undefined) return undefined;
    const declared = this.store.connections[connection];
    if (declared === undefined) return undefined;
    const pair = (this.endpoints[connection] ??= [endpoint(declared.local), endpoint(declared.remote)]);
    return pair[side];
  }
}

function dataBytes(argument: CallArgument): number {
  if (argument.kind !== 'net-buffer-lists') return NaN;
  let bytes = 0;
  for (const list of argument.lists) bytes += list.dataLength;
  return bytes;
}
