/**
 * Connections as `netstat -t` lists them (Proto, Local Address, Foreign Address, State, Offload State), at any virtual time of a trace.
 * Listening ports are in no trace.
 */
import { offloadStateVariable } from '../ddi/offloadState';
import type { StateOwner, VirtualTime } from '../trace/records';
import type { TraceModel } from './traceModel';

/** Where a connection's state is, in netstat's words. */
export type OffloadStateName = 'InHost' | 'Offloading' | 'Offloaded' | 'Uploading';

/** A line of the table. */
export interface NetstatRow {
  readonly protocol: 'TCP';
  /** Address and port. */
  readonly local: string;
  readonly foreign: string;
  readonly state: string;
  readonly offloadState: OffloadStateName;
}

/** Names of TCP_OFFLOAD_CONNECTION_STATE values as netstat writes them. */
const stateNames = [
  'CLOSED',
  'LISTENING',
  'SYN_SENT',
  'SYN_RECEIVED',
  'ESTABLISHED',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK',
  'TIME_WAIT',
] as const;

/** netstat's name of a TCP state. */
export function netstatState(state: number): string {
  return stateNames[state] ?? `STATE_${state}`;
}

const offloadStates: Readonly<Record<Exclude<StateOwner, 'gone'>, OffloadStateName>> = {
  host: 'InHost',
  offloading: 'Offloading',
  target: 'Offloaded',
  uploading: 'Uploading',
};

/** Connections at a time, by their ids; closed ones are not listed. */
export function netstatAt(model: TraceModel, time: VirtualTime = Infinity): NetstatRow[] {
  const { store } = model;
  if (store === undefined) return [];
  // Everything that has happened at that time has happened.
  const event = store.firstAtOrAfter(time === Infinity ? Infinity : time + 0.5) - 1;
  const variable = offloadStateVariable('tcp', 'delegated', 'State')?.index;
  const rows: NetstatRow[] = [];
  for (const object of store.stateObjects) {
    if (object.layer !== 'tcp' || object.connection === undefined) continue;
    const at = model.states.objectAt(object.id, event);
    const connection = store.connections[object.connection];
    if (at === undefined || at.owner === 'gone' || connection === undefined) continue;
    const state = Number(at.variables.find((one) => one.variable === variable)?.value ?? 0);
    if (state === 0) continue;
    rows.push({
      protocol: 'TCP',
      local: connection.local,
      foreign: connection.remote,
      state: netstatState(state),
      offloadState: offloadStates[at.owner],
    });
  }
  return rows;
}

/** The table as text. */
export function netstatText(rows: readonly NetstatRow[]): string {
  const line = (proto: string, local: string, foreign: string, state: string, offload: string): string =>
    `  ${proto.padEnd(6)} ${local.padEnd(22)} ${foreign.padEnd(22)} ${state.padEnd(15)} ${offload}`.trimEnd();
  return [
    '',
    'Active Connections',
    '',
    line('Proto', 'Local Address', 'Foreign Address', 'State', 'Offload State'),
    ...rows.map((row) => line(row.protocol, row.local, row.foreign, row.state, row.offloadState)),
    '',
  ].join('\n');
}
