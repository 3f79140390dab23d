/** Questions that conformance tests ask of a recorded trace. They read records only, never the emulator. */
import type { Call } from '../../shared/analysis/callIndex';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { FunctionName, StructureName } from '../../shared/ddi/catalogue';
import { decodeStructure, type FieldValues } from '../../shared/ddi/structureCodec';
import type {
  BlockSnapshot,
  CallArgument,
  CallRecord,
  NetBufferListSnapshot,
  ReturnRecord,
} from '../../shared/trace/records';

/** All calls of a function, in order. */
export function callsOf(model: TraceModel, name: FunctionName): Call[] {
  return model.calls.calls.filter((call) => call.functionName === name);
}

/** The call record behind a call. */
export function recordOf(model: TraceModel, call: Call): CallRecord {
  const record = model.store!.record(call.event);
  if (record.kind !== 'call') throw new Error(`event ${call.event} is no call`);
  return record;
}

/** The return record of a call. */
export function returnOf(model: TraceModel, call: Call): ReturnRecord {
  const record = model.store!.record(call.returnEvent!);
  if (record.kind !== 'return') throw new Error(`event ${call.returnEvent!} is no return`);
  return record;
}

/** The calls around a call, innermost first. */
export function callersWithin(model: TraceModel, call: Call): Call[] {
  const callers: Call[] = [];
  for (let parent = call.parent; parent !== undefined;) {
    const outer = model.calls.at(parent)!;
    callers.push(outer);
    parent = outer.parent;
  }
  return callers;
}

/** Names of the calls around a call, innermost first. */
export function callersOf(model: TraceModel, call: Call): string[] {
  return callersWithin(model, call).map(({ functionName }) => functionName);
}

/** The first argument of a kind. */
export function argumentOf<Kind extends CallArgument['kind']>(
  record: CallRecord,
  kind: Kind,
): Extract<CallArgument, { kind: Kind }> {
  const found = record.arguments.find((argument) => argument.kind === kind);
  if (found === undefined) throw new Error(`${record.functionName} has no ${kind} argument`);
  return found as Extract<CallArgument, { kind: Kind }>;
}

/** The blocks that a state-manipulation call passes. */
export function blocksOf(model: TraceModel, call: Call): readonly BlockSnapshot[] {
  return argumentOf(recordOf(model, call), 'block-list').blocks;
}

/** The lists that a data call passes. */
export function listsOf(model: TraceModel, call: Call): readonly NetBufferListSnapshot[] {
  return argumentOf(recordOf(model, call), 'net-buffer-lists').lists;
}

/** Decoded members of a structure. */
export function membersOf(structure: StructureName, bytes: Uint8Array): FieldValues {
  const decoded = decodeStructure(structure, bytes);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value.values;
}

/** A number member of a block of either form. */
export function blockMember(
  form: 'protocol' | 'miniport',
  block: BlockSnapshot,
  member: string,
): number | bigint {
  const structure =
    form === 'protocol' ? 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST' : 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST';
  const value = membersOf(structure, block.bytes)[member];
  if (typeof value !== 'number' && typeof value !== 'bigint') throw new Error(`${member} is no number`);
  return value;
}
