/** Tables about calls: the calls, what completes them, what they pass. */
import type { Call } from '../../analysis/callIndex';
import { formatAddress } from '../../base/address';
import { functionEntry, isFunctionName } from '../../ddi/catalogue';
import { statusName } from '../../ddi/status';
import type { CallArgument, CallRecord, EventId, ReturnRecord } from '../../trace/records';
import type { TraceStore } from '../../trace/traceStore';
import { column, componentName, optional, table, type TableSource } from '../tableTypes';

/** Sums over the NET_BUFFER_LISTs that a call passes. */
export interface CallData {
  /** Bytes of data in them; undefined where the call passes none. */
  readonly bytes: number | undefined;
  /** Bytes that completions report as transferred; undefined where the call passes none. */
  readonly transferred: number | undefined;
}

/** Adds up what a call passes. */
export function callData(store: TraceStore, event: EventId): CallData {
  const record = store.record(event);
  if (record.kind !== 'call') return { bytes: undefined, transferred: undefined };
  let bytes: number | undefined;
  let transferred: number | undefined;
  for (const argument of record.arguments) {
    if (argument.kind !== 'net-buffer-lists') continue;
    for (const list of argument.lists) {
      bytes = (bytes ?? 0) + list.dataLength;
      transferred = (transferred ?? 0) + list.bytesTransferred;
    }
  }
  return { bytes, transferred };
}

interface CallRow extends CallData {
  readonly call: Call;
  readonly store: TraceStore;
  readonly completion: Call | undefined;
}

/** Whether the work of a function is completed by another call. */
export function isAsynchronous(functionName: string): boolean {
  return isFunctionName(functionName) && functionEntry(functionName).asynchronous === true;
}

/** All calls. */
export const calls = table<CallRow>({
  name: 'calls',
  meaning: 'Calls across the boundaries of drivers: into NDIS, of handlers, of completions; one row a call.',
  *rows({ model, store }) {
    for (const call of model.calls.calls) {
      const completion = call.completedBy === undefined ? undefined : model.calls.at(call.completedBy);
      yield { call, store, completion, ...callData(store, call.event) };
    }
  },
  columns: [
    column('call', 'bigint', 'Id of the call: its event', ({ call }) => call.event),
    column('function', 'varchar', 'Function name as the WDK spells it', ({ call }) => call.functionName),
    column('caller', 'integer', 'Who calls: `components.component`', ({ call }) => call.caller),
    optional('caller_name', 'varchar', 'Name of the caller', ({ call, store }) =>
      componentName(store, call.caller),
    ),
    column('callee', 'integer', 'Who is called: `components.component`', ({ call }) => call.callee),
    optional('callee_name', 'varchar', 'Name of the callee', ({ call, store }) =>
      componentName(store, call.callee),
    ),
    column(
      'irql',
      'integer',
      'IRQL: 0 PASSIVE_LEVEL, 1 APC_LEVEL, 2 DISPATCH_LEVEL',
      ({ call }) => call.irql,
    ),
    column('processor', 'integer', 'Processor that makes the call', ({ call }) => call.processor),
    optional(
      'connection',
      'integer',
      '`connections.connection`; null for none',
      ({ call }) => call.connection,
    ),
    optional('parent', 'bigint', 'Call inside which it was made; null for none', ({ call }) => call.parent),
    optional(
      'cause',
      'bigint',
      'Event that led to it where that is not the parent; null where none is known',
      ({ call }) => call.cause,
    ),
    column('depth', 'integer', 'Open calls around it in the same callee', ({ call }) => call.depth),
    column('start_ns', 'bigint', 'Virtual time of the call, ns', ({ call }) => call.start),
    optional(
      'end_ns',
      'bigint',
      'Virtual time of its return, ns; null while it is open',
      ({ call }) => call.end,
    ),
    optional('duration_ns', 'bigint', '`end_ns - start_ns`', ({ call }) =>
      call.end === undefined ? undefined : call.end - call.start,
    ),
    optional(
      'status',
      'bigint',
      'Status that it returned, unsigned; null for VOID and open calls',
      ({ call }) => call.status,
    ),
    optional('status_name', 'varchar', 'Name of that status', ({ call }) =>
      call.status === undefined ? undefined : statusName(call.status),
    ),
    column('asynchronous', 'boolean', 'Whether another call completes its work', ({ call }) =>
      isAsynchronous(call.functionName),
    ),
    optional(
      'completed_by',
      'bigint',
      'First call that completes this request: `calls.call`; null for none',
      ({ completion }) => completion?.event,
    ),
    optional(
      'completed_ns',
      'bigint',
      'Virtual time of that call, ns',
      ({ completion }) => completion?.start,
    ),
    optional('latency_ns', 'bigint', 'From the request to its completion, ns', ({ call, completion }) =>
      completion === undefined ? undefined : completion.start - call.start,
    ),
    optional(
      'data_length',
      'bigint',
      'Bytes of data in the NET_BUFFER_LISTs that it passes; null where it passes none',
      ({ bytes }) => bytes,
    ),
    optional(
      'transferred',
      'bigint',
      'Bytes that its NET_BUFFER_LISTs report as transferred; null where it passes none',
      ({ transferred }) => transferred,
    ),
  ],
});

interface CompletionRow {
  readonly completion: Call;
  readonly request: EventId;
  readonly requested: Call | undefined;
}

/** Which call completes which requests. */
export const completions = table<CompletionRow>({
  name: 'completions',
  meaning: 'Which call completes which request: one row a pair, as one call may complete several.',
  *rows({ model }) {
    for (const completion of model.calls.calls)
      for (const request of completion.completes)
        yield { completion, request, requested: model.calls.at(request) };
  },
  columns: [
    column(
      'completion',
      'bigint',
      'The call that completes: `calls.call`',
      ({ completion }) => completion.event,
    ),
    column('request', 'bigint', 'The call that is completed: `calls.call`', ({ request }) => request),
    optional(
      'request_function',
      'varchar',
      'Function of the request',
      ({ requested }) => requested?.functionName,
    ),
    column(
      'completion_ns',
      'bigint',
      'Virtual time of the completion, ns',
      ({ completion }) => completion.start,
    ),
    optional('latency_ns', 'bigint', 'From the request to the completion, ns', ({ completion, requested }) =>
      requested === undefined ? undefined : completion.start - requested.start,
    ),
  ],
});

/** One argument or output with the call that it belongs to. */
interface ArgumentRow {
  readonly call: EventId;
  readonly output: boolean;
  readonly position: number;
  readonly argument: CallArgument;
}

const ofCall = (call: EventId, record: CallRecord): ArgumentRow[] =>
  record.arguments.map((argument, position) => ({ call, output: false, position, argument }));
const ofReturn = (record: ReturnRecord): ArgumentRow[] =>
  record.outputs.map((argument, position) => ({ call: record.call, output: true, position, argument }));

function* argumentRows({ store }: TableSource): Generator<ArgumentRow> {
  for (let event = 0; event < store.length; event++) {
    const kind = store.kind(event);
    if (kind !== 'call' && kind !== 'return') continue;
    const record = store.record(event);
    if (record.kind === 'call') yield* ofCall(event, record);
    else if (record.kind === 'return') yield* ofReturn(record);
  }
}

function argumentText(argument: CallArgument): string | undefined {
  switch (argument.kind) {
    case 'text':
      return argument.value;
    case 'status':
      return statusName(argument.value);
    case 'pointer':
      return argument.label;
    case 'structure':
      return argument.structure;
    default:
      return undefined;
  }
}

function argumentNumber(argument: CallArgument): number | undefined {
  switch (argument.kind) {
    case 'number':
    case 'status':
      return argument.value;
    case 'block-list':
      return argument.blocks.length;
    case 'net-buffer-lists':
      return argument.lists.length;
    default:
      return undefined;
  }
}

const argumentKey = [
  column<ArgumentRow>('call', 'bigint', 'The call: `calls.call`', ({ call }) => call),
  column<ArgumentRow>(
    'output',
    'boolean',
    'Whether it is what the call left at its return, not what it was given',
    ({ output }) => output,
  ),
  column<ArgumentRow>(
    'position',
    'integer',
    'Place among the arguments (or outputs), from 0',
    ({ position }) => position,
  ),
];

/** What calls are given and what they leave. */
export const callArguments = table<ArgumentRow>({
  name: 'arguments',
  meaning: 'What each call is given, and its outputs: one row an argument.',
  rows: argumentRows,
  columns: [
    ...argumentKey,
    column('name', 'varchar', 'Name of the parameter', ({ argument }) => argument.name),
    column(
      'kind',
      'varchar',
      '`number`, `status`, `text`, `pointer`, `structure`, `block-list` or `net-buffer-lists`',
      ({ argument }) => argument.kind,
    ),
    optional(
      'value',
      'bigint',
      'The number or status; how many blocks or lists there are; null for others',
      ({ argument }) => argumentNumber(argument),
    ),
    optional(
      'text',
      'varchar',
      'The text, the name of the status, what the pointer points at, the name of the structure; null for others',
      ({ argument }) => argumentText(argument),
    ),
    optional(
      'address',
      'varchar',
      'Value of a pointer, address of a structure; null for others',
      ({ argument }) =>
        argument.kind === 'pointer'
          ? formatAddress(argument.value)
          : argument.kind === 'structure'
            ? formatAddress(argument.address)
            : undefined,
    ),
    optional('bytes', 'blob', 'Bytes of a structure in the x64 layout; null for others', ({ argument }) =>
      argument.kind === 'structure' ? argument.bytes : undefined,
    ),
  ],
});

type Block = Extract<CallArgument, { kind: 'block-list' }>['blocks'][number];
interface BlockRow extends ArgumentRow {
  readonly form: string;
  readonly ordinal: number;
  readonly block: Block;
  readonly object: number | undefined;
}

/** The trees of offload block lists. */
export const blocks = table<BlockRow>({
  name: 'blocks',
  meaning: 'The block lists in trees that calls pass: one row a block, in the order of the walk.',
  *rows(source) {
    for (const row of argumentRows(source)) {
      if (row.argument.kind !== 'block-list') continue;
      const { form } = row.argument;
      for (const [ordinal, block] of row.argument.blocks.entries()) {
        const isKnown = block.object !== undefined && source.store.stateObjects[block.object] !== undefined;
        yield { ...row, form, ordinal, block, object: isKnown ? block.object : undefined };
      }
    }
  },
  columns: [
    ...argumentKey,
    column('block', 'integer', 'Place in the walk over the tree, from 0', ({ ordinal }) => ordinal),
    column('form', 'varchar', '`protocol` or `miniport`: whose structure it is', ({ form }) => form),
    column('address', 'varchar', 'Address of the block', ({ block }) => formatAddress(block.address)),
    column(
      'depth',
      'bigint',
      '0 for the root list, 1 for its dependents, and so on',
      ({ block }) => block.depth,
    ),
    column('role', 'varchar', '`placeholder`, `linker`, `new` or `reference`', ({ block }) => block.role),
    optional(
      'object',
      'integer',
      'State object: `objects.object`; null where unknown',
      ({ object }) => object,
    ),
    column('bytes', 'blob', 'Bytes of the block in the x64 layout', ({ block }) => block.bytes),
    optional(
      'structures',
      'varchar',
      'Names of the state structures behind it, separated by spaces; null for none',
      ({ block }) =>
        block.states.length === 0 ? undefined : block.states.map(({ structure }) => structure).join(' '),
    ),
  ],
});

type List = Extract<CallArgument, { kind: 'net-buffer-lists' }>['lists'][number];
interface ListRow extends ArgumentRow {
  readonly ordinal: number;
  readonly list: List;
}

/** The chains of NET_BUFFER_LISTs. */
export const netBufferLists = table<ListRow>({
  name: 'net_buffer_lists',
  meaning: 'The NET_BUFFER_LISTs that calls pass: one row a list, in the order of the chain.',
  *rows(source) {
    for (const row of argumentRows(source)) {
      if (row.argument.kind !== 'net-buffer-lists') continue;
      for (const [ordinal, list] of row.argument.lists.entries()) yield { ...row, ordinal, list };
    }
  },
  columns: [
    ...argumentKey,
    column('list', 'integer', 'Place in the chain, from 0', ({ ordinal }) => ordinal),
    column('address', 'varchar', 'Address of the NET_BUFFER_LIST', ({ list }) => formatAddress(list.address)),
    column('data_length', 'bigint', 'Bytes of data in its NET_BUFFERs', ({ list }) => list.dataLength),
    column('net_buffers', 'bigint', 'Number of its NET_BUFFERs', ({ list }) => list.netBufferCount),
    column('mdls', 'bigint', 'Number of their MDLs', ({ list }) => list.mdlCount),
    column('status', 'bigint', 'Its Status, unsigned', ({ list }) => list.status),
    column('status_name', 'varchar', 'Name of that status', ({ list }) => statusName(list.status)),
    column(
      'transferred',
      'bigint',
      'NetBufferListInfo[TcpOffloadBytesTransferred], bytes',
      ({ list }) => list.bytesTransferred,
    ),
    optional(
      'stream_offset',
      'bigint',
      'Place of its first byte in the stream; null where unknown',
      ({ list }) => list.streamOffset,
    ),
  ],
});
