/**
 * Events of a stretch of time that belong to a connection, a component or a handler, or that returned a status. The index says which chunks can hold
 * any; only those are opened.
 */
import type { Chunk, ColumnValues } from './chunk';
import { connectionRows } from './chunkPostings';
import { holds, type ChunkSummary } from './chunkSummary';
import type { EventId, TraceRecord, VirtualTime } from './records';
import type { TraceFile } from './traceFile';

/** What is looked for; all that is given must hold. */
export interface EventQuery {
  /** Events at `from` or later, and before `to`; ns. */
  readonly from?: VirtualTime | undefined;
  readonly to?: VirtualTime | undefined;
  readonly kind?: TraceRecord['kind'] | undefined;
  /** Calls, frames and notes of this connection. */
  readonly connection?: number | undefined;
  /** Calls from or to this component, frames that it sends, notes about it. */
  readonly component?: number | undefined;
  /** Calls of this function. */
  readonly functionName?: string | undefined;
  /** Calls that returned this status, by the time of their return. */
  readonly status?: number | undefined;
  /** Most events that are answered. */
  readonly limit?: number | undefined;
}

function values(column: ColumnValues | undefined): Float64Array {
  return (column as { readonly values: Float64Array }).values;
}

/** Numbers of the shapes that rows of the query may have. */
function fittingShapes(file: TraceFile, query: EventQuery): ReadonlySet<number> {
  const fitting = new Set<number>();
  file.definitions.shapes.forEach(({ kind, name }, number) => {
    if (query.status !== undefined) {
      if (kind === 'return') fitting.add(number);
      return;
    }
    if (query.kind !== undefined && kind !== query.kind) return;
    if (query.functionName !== undefined && !(kind === 'call' && name === query.functionName)) return;
    if (query.component !== undefined && kind !== 'call' && kind !== 'frame' && kind !== 'note') return;
    if (query.connection !== undefined && kind !== 'call' && kind !== 'frame' && kind !== 'note') return;
    fitting.add(number);
  });
  return fitting;
}

function mayHold(summary: ChunkSummary, query: EventQuery, shapes: ReadonlySet<number>): boolean {
  const { connections, statuses } = summary;
  if (query.status !== undefined) return statuses === undefined || holds(statuses, query.status);
  if (query.connection !== undefined && connections !== undefined && !holds(connections, query.connection))
    return false;
  for (let index = 0; index < summary.shapes.length; index++)
    if (shapes.has(summary.shapes[index]!)) return true;
  return false;
}

/** Whether a row is about a component. */
function isAbout(file: TraceFile, chunk: Chunk, row: number, component: number): boolean {
  const shapeNumber = chunk.shapes()[row]!;
  const { shape, columns } = chunk.columns(shapeNumber);
  const first = values(columns[0])[chunk.ranks()[row]!]!;
  if (shape.kind !== 'call') return first === component;
  const site = file.definitions.sites[first];
  return site !== undefined && (site.callee === component || site.caller === component);
}

/** Calls of a chunk's returns with a status; those of other chunks are looked at for connection and function. */
async function callsWithStatus(
  file: TraceFile,
  chunk: Chunk,
  rows: readonly [number, number],
  query: EventQuery,
): Promise<EventId[]> {
  const found: EventId[] = [];
  const shapes = chunk.shapes();
  const ranks = chunk.ranks();
  for (let row = rows[0]; row < rows[1]; row++) {
    const shape = file.definitions.shapes[shapes[row]!]!;
    if (shape.kind !== 'return') continue;
    const { columns } = chunk.columns(shapes[row]!);
    const rank = ranks[row]!;
    if (values(columns[1])[rank] !== query.status! + 1) continue;
    const call = chunk.firstEvent + row - values(columns[0])[rank]!;
    if (call < 0 || call >= file.length) continue;
    const place = file.chunkOf(call);
    const home = place === file.chunkOf(chunk.firstEvent + row) ? chunk : await file.chunk(place);
    if (call < home.firstEvent) continue;
    const callRow = call - home.firstEvent;
    const callShape = file.definitions.shapes[home.shapes()[callRow]!]!;
    if (callShape.kind !== 'call') continue;
    if (query.functionName !== undefined && callShape.name !== query.functionName) continue;
    if (query.connection !== undefined && home.connections()[callRow] !== query.connection + 1) continue;
    if (query.component !== undefined && !isAbout(file, home, callRow, query.component)) continue;
    found.push(call);
  }
  return found;
}

/**
 * Ids of the events that a query asks for, ascending but for `status`, which goes by the time of the returns.
 * @throws MalformedBytes where the file is damaged
 */
export async function findEvents(file: TraceFile, query: EventQuery): Promise<EventId[]> {
  const { from = 0, to = Infinity, limit = Infinity } = query;
  const shapes = fittingShapes(file, query);
  const { chunks } = file.index;
  const found: EventId[] = [];
  for (let place = file.chunkAt(from); place < chunks.length && found.length < limit; place++) {
    const summary = chunks[place]!;
    if (summary.firstTime >= to) break;
    if (!mayHold(summary, query, shapes)) continue;
    const chunk = await file.chunk(place);
    const first = summary.firstTime >= from ? 0 : chunk.firstRowAtOrAfter(from);
    const end = summary.lastTime < to ? chunk.rows : chunk.firstRowAtOrAfter(to);
    if (query.status !== undefined) {
      for (const call of await callsWithStatus(file, chunk, [first, end], query))
        if (found.length < limit) found.push(call);
      continue;
    }
    const rowShapes = chunk.shapes();
    const take = (row: number): void => {
      if (!shapes.has(rowShapes[row]!)) return;
      if (query.component !== undefined && !isAbout(file, chunk, row, query.component)) return;
      found.push(chunk.firstEvent + row);
    };
    if (query.connection !== undefined) {
      const rows = connectionRows(chunk).of(query.connection);
      let at = 0;
      let high = rows.length;
      while (at < high) {
        const middle = (at + high) >>> 1;
        if (rows[middle]! < first) at = middle + 1;
        else high = middle;
      }
      for (; at < rows.length && rows[at]! < end && found.length < limit; at++) take(rows[at]!);
    } else for (let row = first; row < end && found.length < limit; row++) take(row);
  }
  return found;
}
