/** What the sections of the HTML report say, as numbers: pure sums over a trace. */
import type { Call } from '../analysis/callIndex';
import { statusName } from '../ddi/status';
import type { FramePath } from '../trace/records';
import { isAsynchronous } from './tables/callTables';
import type { TableSource } from './tableTypes';

/** What became of the calls of one function. */
export interface FunctionRow {
  readonly functionName: string;
  readonly calls: number;
  /** Names of statuses with how often each was returned, the most frequent first. */
  readonly statuses: readonly (readonly [string, number])[];
  /** Requests that were completed. */
  readonly completed: number;
  /** From request to completion, ns; undefined where none was completed. */
  readonly median: number | undefined;
  readonly percentile99: number | undefined;
  readonly largest: number | undefined;
}

/** A value below which a share of sorted values lies (nearest rank); undefined for none. */
export function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Functions by how often they were called. */
export function functionRows({ model }: TableSource): FunctionRow[] {
  const byFunction = new Map<string, Call[]>();
  for (const call of model.calls.calls) {
    const calls = byFunction.get(call.functionName);
    if (calls === undefined) byFunction.set(call.functionName, [call]);
    else calls.push(call);
  }
  const rows = [...byFunction].map(([functionName, calls]): FunctionRow => {
    const statuses = new Map<string, number>();
    const latencies: number[] = [];
    for (const { status, completedBy, start } of calls) {
      if (status !== undefined) statuses.set(statusName(status), (statuses.get(statusName(status)) ?? 0) + 1);
      const completion = completedBy === undefined ? undefined : model.calls.at(completedBy);
      if (completion !== undefined && isAsynchronous(functionName)) latencies.push(completion.start - start);
    }
    latencies.sort((left, right) => left - right);
    return {
      functionName,
      calls: calls.length,
      statuses: [...statuses].sort(([, left], [, right]) => right - left),
      completed: latencies.length,
      median: percentile(latencies, 0.5),
      percentile99: percentile(latencies, 0.99),
      largest: latencies.at(-1),
    };
  });
  return rows.sort(
    (left, right) => right.calls - left.calls || (left.functionName < right.functionName ? -1 : 1),
  );
}

/** What one connection carried. */
export interface ConnectionRow {
  readonly connection: number;
  readonly local: string;
  readonly remote: string;
  /** New TCP payload by path, bytes. */
  readonly bytes: Readonly<Record<FramePath, number>>;
  readonly retransmissions: number;
  /** Time for which the target held its state, ns. */
  readonly offloaded: number;
}

/** Connections by what they carried. */
export function connectionRows({ model, store }: TableSource): ConnectionRow[] {
  const rows = store.connections.map(({ id, local, remote }) => ({
    connection: id,
    local,
    remote,
    bytes: { host: 0, chimney: 0, peer: 0 },
    retransmissions: 0,
    offloaded: 0,
  }));
  for (const frame of model.frames.frames) {
    const row = frame.connection === undefined ? undefined : rows[frame.connection];
    if (row === undefined || frame.forwarded) continue;
    if (frame.retransmission) row.retransmissions++;
    else row.bytes[frame.path] += frame.payloadLength;
  }
  for (const object of store.stateObjects) {
    const row = object.connection === undefined ? undefined : rows[object.connection];
    if (row === undefined || object.layer !== 'tcp') continue;
    for (const { owner, from, until } of model.states.ownershipSpans(object.id))
      if (owner === 'target') row.offloaded += (until ?? store.lastTime) - from;
  }
  const carried = ({ bytes }: ConnectionRow): number => bytes.host + bytes.chimney + bytes.peer;
  return rows.sort((left, right) => carried(right) - carried(left) || left.connection - right.connection);
}
