/** Events as flat rows, for formats that know nothing of calls and structures. */
import { silentProbe } from '../../../electron/emulator/observe/silentProbe';
import type { Probe } from '../../../electron/emulator/probe';
import type { CallArgument } from '../../../shared/trace/records';

/** Kinds of row. */
export const rowKinds = { call: 0, return: 1, frame: 2, fate: 3, change: 4 } as const;

/** One event; the object and its bytes are used again for the next one. */
export interface FlatRow {
  time: number;
  kind: number;
  /** Number of the function's name; 0 for none. */
  name: number;
  component: number;
  /** -1 for none. */
  connection: number;
  /** The call, the frame or the object that it is about; -1 for none. */
  reference: number;
  status: number;
  /** First number that it carries: a length or a value. */
  value: number;
  /** The structure of a call, the kept bytes of a frame. */
  payload: Uint8Array | undefined;
}

const snapLength = 128;

/** A probe that makes a row of each event. */
export function flatProbe(take: (row: FlatRow) => void): { readonly probe: Probe; readonly names: string[] } {
  const names = [''];
  const numbers = new Map<string, number>();
  let events = 0;
  const row: FlatRow = {
    time: 0,
    kind: 0,
    name: 0,
    component: 0,
    connection: -1,
    reference: -1,
    status: 0,
    value: 0,
    payload: undefined,
  };
  const give = (
    time: number,
    kind: number,
    component: number,
    connection: number | undefined,
    reference: number | undefined,
    value: number,
    payload: Uint8Array | undefined,
  ): number => {
    row.time = time;
    row.kind = kind;
    row.component = component;
    row.connection = connection ?? -1;
    row.reference = reference ?? -1;
    row.value = value;
    row.payload = payload;
    take(row);
    row.name = row.status = 0;
    return events++;
  };
  const valueOf = (args: readonly CallArgument[]): number => {
    for (const argument of args)
      if (argument.kind === 'net-buffer-lists') return argument.lists[0]?.dataLength ?? 0;
    return 0;
  };
  const payloadOf = (args: readonly CallArgument[]): Uint8Array | undefined => {
    for (const argument of args) if (argument.kind === 'structure') return argument.bytes;
    return undefined;
  };
  const probe: Probe = {
    ...silentProbe(),
    call: (time, call) => {
      let name = numbers.get(call.functionName);
      if (name === undefined) {
        numbers.set(call.functionName, (name = names.length));
        names.push(call.functionName);
      }
      row.name = name;
      const { arguments: args, completes } = call;
      const reference = completes[0] ?? call.parent ?? call.cause;
      return give(
        time,
        rowKinds.call,
        call.callee,
        call.connection,
        reference,
        valueOf(args),
        payloadOf(args),
      );
    },
    return: (time, { call, status }) => {
      row.status = status ?? 0;
      give(time, rowKinds.return, 0, undefined, call, 0, undefined);
    },
    frame: (time, sender, _path, connection, cause, length, _payload, _again, bytes) =>
      give(time, rowKinds.frame, sender, connection, cause, length, bytes.subarray(0, snapLength)),
    frameFate: (time, frame, _fate, receiver) => {
      give(time, rowKinds.fate, receiver, undefined, frame, 0, undefined);
    },
    stateNumbers: (time, object, writer, _cause, _count, _variables, values) => {
      give(time, rowKinds.change, writer, undefined, object, values[0]!, undefined);
    },
  };
  return { probe, names };
}
