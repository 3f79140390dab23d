/**
 * A snapshot of each adapter's chimney, in the place of `netsh interface tcp show chimneystats`. Public text says what that command is
 * for (which adapters support and have enabled it, and how much is offloaded), not how its columns are called: these are ours.
 */
import { constantValue, nameInGroup } from '../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../ddi/status';
import { decodeStructure } from '../ddi/structureCodec';
import type { CallArgument, CallRecord, VirtualTime } from '../trace/records';
import type { Call } from './callIndex';
import type { TraceModel } from './traceModel';

/** How often something happened, by its name. */
export type Counts = Readonly<Record<string, number>>;

/** One adapter. */
export interface ChimneyStatistics {
  /** Index from 1, as an interface index would be. */
  readonly index: number;
  readonly adapter: string;
  /** Whether its driver reports connection offload, and whether the parameters were set with success. */
  readonly supported: boolean;
  readonly enabled: boolean;
  /** Connections that it can hold; undefined if it does not say. */
  readonly capacity: number | undefined;
  /** Connections that it holds now, the most that it has held, and all that it has taken. */
  readonly offloaded: number;
  readonly peak: number;
  readonly total: number;
  /** Connections that it refused, by status, and uploads that it asked for, by reason. */
  readonly refused: Counts;
  readonly uploadsAskedFor: Counts;
}

const retrieve = constantValue('TcpIndicateRetrieve');

interface Counting {
  supported: boolean;
  enabled: boolean;
  capacity: number | undefined;
  readonly held: Set<number>;
  peak: number;
  total: number;
  readonly refused: Record<string, number>;
  readonly uploadsAskedFor: Record<string, number>;
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** TCP objects of a completed tree with their statuses. */
function tcpBlocks(
  model: TraceModel,
  values: readonly CallArgument[],
): { readonly object: number; readonly status: number }[] {
  const found: { object: number; status: number }[] = [];
  for (const value of values) {
    if (value.kind !== 'block-list') continue;
    const structure =
      value.form === 'miniport' ? 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST' : 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST';
    for (const { object, role, bytes } of value.blocks) {
      if (object === undefined || (role !== 'new' && role !== 'reference')) continue;
      if (model.store?.stateObjects[object]?.layer !== 'tcp') continue;
      const decoded = decodeStructure(structure, bytes);
      if (decoded.ok) found.push({ object, status: decoded.value.values['Status'] ?? 0 });
    }
  }
  return found;
}

function numberOf(record: CallRecord, name: string): number | undefined {
  for (const value of record.arguments)
    if (value.kind === 'number' && value.name === name) return value.value;
  return undefined;
}

function onCall(model: TraceModel, call: Call, adapters: ReadonlyMap<number, Counting>): void {
  const adapter = adapters.get(call.caller) ?? adapters.get(call.callee);
  if (adapter === undefined) return;
  switch (call.functionName) {
    case 'NdisMSetMiniportAttributes':
    case 'MiniportOidRequest':
    case 'NdisMInitiateOffloadComplete':
    case 'NdisMTerminateOffloadComplete':
    case 'NdisTcpOffloadEventHandler':
      break;
    default:
      return;
  }
  const record = model.store?.record(call.event);
  if (record?.kind !== 'call') return;
  switch (call.functionName) {
    case 'NdisMSetMiniportAttributes':
      for (const value of record.arguments) {
        if (value.kind !== 'structure' || value.structure !== 'NDIS_TCP_CONNECTION_OFFLOAD') continue;
        const decoded = decodeStructure('NDIS_TCP_CONNECTION_OFFLOAD', value.bytes);
        if (!decoded.ok || !value.name.includes('HardwareCapabilities')) continue;
        adapter.capacity = decoded.value.values['TcpConnectionOffloadCapacity'] ?? 0;
        adapter.supported = true;
      }
      return;
    case 'MiniportOidRequest': {
      const sets = record.arguments.some(
        (value) => value.kind === 'structure' && value.structure === 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS',
      );
      if (sets && call.status === NDIS_STATUS.SUCCESS) adapter.enabled = true;
      return;
    }
    case 'NdisMInitiateOffloadComplete':
      for (const { object, status } of tcpBlocks(model, record.arguments)) {
        if (status === NDIS_STATUS.SUCCESS) {
          adapter.held.add(object);
          adapter.total++;
        } else count(adapter.refused, statusName(status));
      }
      adapter.peak = Math.max(adapter.peak, adapter.held.size);
      return;
    case 'NdisMTerminateOffloadComplete':
      for (const { object, status } of tcpBlocks(model, record.arguments))
        if (status === NDIS_STATUS.SUCCESS) adapter.held.delete(object);
      return;
    case 'NdisTcpOffloadEventHandler': {
      if (numberOf(record, 'EventType') !== retrieve) return;
      const reason = numberOf(record, 'EventSpecificInformation') ?? 0;
      count(adapter.uploadsAskedFor, nameInGroup('TCP_UPLOAD_REASON', reason) ?? `reason ${reason}`);
      return;
    }
    default:
  }
}

/** The adapters of a trace at a time, in the order of their drivers. */
export function chimneyStatisticsAt(model: TraceModel, time: VirtualTime = Infinity): ChimneyStatistics[] {
  const adapters = new Map<number, Counting>();
  const { store } = model;
  if (store === undefined) return [];
  for (const { id, role } of store.components) {
    if (role !== 'offload-target') continue;
    adapters.set(id, {
      supported: false,
      enabled: false,
      capacity: undefined,
      held: new Set(),
      peak: 0,
      total: 0,
      refused: {},
      uploadsAskedFor: {},
    });
  }
  for (const call of model.calls.calls) {
    if (call.start > time) break;
    onCall(model, call, adapters);
  }
  return [...adapters].map(([id, adapter], position) => ({
    index: position + 1,
    adapter: store.components[id]!.name,
    supported: adapter.supported,
    enabled: adapter.enabled,
    capacity: adapter.capacity,
    offloaded: adapter.held.size,
    peak: adapter.peak,
    total: adapter.total,
    refused: adapter.refused,
    uploadsAskedFor: adapter.uploadsAskedFor,
  }));
}

/** The snapshot as text. */
export function chimneyStatisticsText(all: readonly ChimneyStatistics[]): string {
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const lines = [
    `${'Idx'.padEnd(4)} ${'Supported'.padEnd(10)} ${'Enabled'.padEnd(8)} ${'Capacity'.padStart(9)} ${'Offloaded'.padStart(10)} ${'Peak'.padStart(7)} ${'Total'.padStart(7)}  Adapter`,
  ];
  for (const one of all) {
    const capacity = one.capacity === undefined ? '-' : String(one.capacity);
    lines.push(
      `${String(one.index).padEnd(4)} ${yes(one.supported).padEnd(10)} ${yes(one.enabled).padEnd(8)} ${capacity.padStart(9)} ${String(one.offloaded).padStart(10)} ${String(one.peak).padStart(7)} ${String(one.total).padStart(7)}  ${one.adapter}`,
    );
    for (const [name, times] of Object.entries(one.refused))
      lines.push(`       refused ${times} times: ${name}`);
    for (const [name, times] of Object.entries(one.uploadsAskedFor))
      lines.push(`       asked ${times} times for an upload: ${name}`);
  }
  return `${lines.join('\n')}\n`;
}
