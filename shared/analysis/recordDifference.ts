/**
 * What differs between two records of the same call in two runs. Addresses are not compared: they say where something stood in memory, not
 * what was done.
 */
import { structureLayout, type StructureName } from '../ddi/catalogue';
import { statusName } from '../ddi/status';
import type { BlockSnapshot, CallArgument, NetBufferListSnapshot } from '../trace/records';
import type { TraceStore } from '../trace/traceStore';

/** The first thing that differs, and how it reads on both sides. */
export interface ValueDifference {
  /** Such as `OffloadBlockList[2].Status`. */
  readonly name: string;
  readonly left: string;
  readonly right: string;
}

interface ComparedField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const comparedFields = new Map<StructureName, readonly ComparedField[]>();

/** Fields of a structure that hold no address, and share no memory with one in a union. */
function fieldsOf(structure: StructureName): readonly ComparedField[] {
  const known = comparedFields.get(structure);
  if (known !== undefined) return known;
  const found: ComparedField[] = [];
  const addresses = new Set<number>();
  const collect = (name: StructureName, base: number, prefix: string): void => {
    for (const field of structureLayout(name).fields) {
      const offset = base + field.offset;
      switch (field.kind) {
        case 'structure':
          if (field.structure !== undefined) collect(field.structure, offset, `${prefix}${field.name}.`);
          break;
        case 'pointer':
        case 'handle':
        case 'codePointer':
        case 'pointers':
          for (let at = 0; at < field.size; at++) addresses.add(offset + at);
          break;
        default:
          found.push({ name: prefix + field.name, offset, size: field.size });
      }
    }
  };
  collect(structure, 0, '');
  const fields = found.filter(({ offset, size }) => {
    for (let at = 0; at < size; at++) if (addresses.has(offset + at)) return false;
    return true;
  });
  comparedFields.set(structure, fields);
  return fields;
}

function sameBytes(
  left: Uint8Array,
  right: Uint8Array,
  from = 0,
  end = Math.max(left.length, right.length),
): boolean {
  for (let at = from; at < end; at++) if (left[at] !== right[at]) return false;
  return true;
}

/** Bytes of a field: a little-endian number, or in hexadecimal where it is longer than 8. */
function fieldText(bytes: Uint8Array, { offset, size }: ComparedField): string {
  const own = bytes.subarray(offset, offset + size);
  if (own.length < size) return 'cut';
  if (size > 8) return Array.from(own, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  let value = 0n;
  for (let at = size - 1; at >= 0; at--) value = value * 256n + BigInt(own[at]!);
  return String(value);
}

function structureDifference(
  name: string,
  structure: StructureName,
  left: Uint8Array,
  right: Uint8Array,
): ValueDifference | undefined {
  if (left.length !== right.length)
    return { name: `${name} (length)`, left: `${left.length} bytes`, right: `${right.length} bytes` };
  if (sameBytes(left, right)) return undefined;
  for (const field of fieldsOf(structure))
    if (!sameBytes(left, right, field.offset, field.offset + field.size))
      return {
        name: `${name}.${field.name}`,
        left: fieldText(left, field),
        right: fieldText(right, field),
      };
  return undefined;
}

function plainDifference(
  name: string,
  left: string | number | undefined,
  right: string | number | undefined,
): ValueDifference | undefined {
  return left === right ? undefined : { name, left: String(left ?? 'none'), right: String(right ?? 'none') };
}

function listDifference(
  name: string,
  left: NetBufferListSnapshot,
  right: NetBufferListSnapshot,
): ValueDifference | undefined {
  return (
    plainDifference(`${name}.dataLength`, left.dataLength, right.dataLength) ??
    plainDifference(`${name}.netBufferCount`, left.netBufferCount, right.netBufferCount) ??
    plainDifference(`${name}.mdlCount`, left.mdlCount, right.mdlCount) ??
    plainDifference(`${name}.Status`, statusName(left.status), statusName(right.status)) ??
    plainDifference(`${name}.TcpOffloadBytesTransferred`, left.bytesTransferred, right.bytesTransferred) ??
    plainDifference(`${name}.streamOffset`, left.streamOffset, right.streamOffset)
  );
}

function blockDifference(
  name: string,
  form: 'protocol' | 'miniport',
  [leftStore, left]: readonly [TraceStore, BlockSnapshot],
  [rightStore, right]: readonly [TraceStore, BlockSnapshot],
): ValueDifference | undefined {
  const label = (store: TraceStore, { object }: BlockSnapshot): string | undefined =>
    object === undefined ? undefined : store.stateObjects[object]?.label;
  const structure =
    form === 'miniport' ? 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST' : 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST';
  const own =
    plainDifference(`${name}.depth`, left.depth, right.depth) ??
    plainDifference(`${name}.role`, left.role, right.role) ??
    plainDifference(`${name}.object`, label(leftStore, left), label(rightStore, right)) ??
    structureDifference(name, structure, left.bytes, right.bytes) ??
    plainDifference(`${name} (states)`, left.states.length, right.states.length);
  if (own !== undefined) return own;
  for (const [index, state] of left.states.entries()) {
    const other = right.states[index]!;
    const differs =
      plainDifference(`${name} (state ${index})`, state.structure, other.structure) ??
      structureDifference(`${name}.${state.structure}`, state.structure, state.bytes, other.bytes);
    if (differs !== undefined) return differs;
  }
  return undefined;
}

function argumentDifference(
  leftStore: TraceStore,
  left: CallArgument,
  rightStore: TraceStore,
  right: CallArgument,
): ValueDifference | undefined {
  const { name } = left;
  if (name !== right.name) return { name: 'arguments', left: name, right: right.name };
  switch (left.kind) {
    case 'number':
      return right.kind === 'number'
        ? plainDifference(name, left.value, right.value)
        : plainDifference(name, left.kind, right.kind);
    case 'status':
      return right.kind === 'status'
        ? plainDifference(name, statusName(left.value), statusName(right.value))
        : plainDifference(name, left.kind, right.kind);
    case 'text':
      return right.kind === 'text'
        ? plainDifference(name, left.value, right.value)
        : plainDifference(name, left.kind, right.kind);
    case 'pointer':
      return right.kind === 'pointer'
        ? plainDifference(name, left.label, right.label)
        : plainDifference(name, left.kind, right.kind);
    case 'structure':
      return right.kind === 'structure'
        ? (plainDifference(name, left.structure, right.structure) ??
            structureDifference(name, left.structure, left.bytes, right.bytes))
        : plainDifference(name, left.kind, right.kind);
    case 'block-list': {
      if (right.kind !== 'block-list') return plainDifference(name, left.kind, right.kind);
      const shape =
        plainDifference(`${name} (form)`, left.form, right.form) ??
        plainDifference(`${name} (blocks)`, left.blocks.length, right.blocks.length);
      if (shape !== undefined) return shape;
      for (const [index, block] of left.blocks.entries()) {
        const differs = blockDifference(
          `${name}[${index}]`,
          left.form,
          [leftStore, block],
          [rightStore, right.blocks[index]!],
        );
        if (differs !== undefined) return differs;
      }
      return undefined;
    }
    case 'net-buffer-lists': {
      if (right.kind !== 'net-buffer-lists') return plainDifference(name, left.kind, right.kind);
      const shape = plainDifference(`${name} (lists)`, left.lists.length, right.lists.length);
      if (shape !== undefined) return shape;
      for (const [index, list] of left.lists.entries()) {
        const differs = listDifference(`${name}[${index}]`, list, right.lists[index]!);
        if (differs !== undefined) return differs;
      }
      return undefined;
    }
  }
}

/** The first argument or output that differs; undefined if none does. */
export function argumentsDifference(
  leftStore: TraceStore,
  left: readonly CallArgument[],
  rightStore: TraceStore,
  right: readonly CallArgument[],
): ValueDifference | undefined {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const one = left[index];
    const other = right[index];
    if (one === undefined || other === undefined)
      return { name: 'arguments', left: one?.name ?? 'none', right: other?.name ?? 'none' };
    const differs = argumentDifference(leftStore, one, rightStore, other);
    if (differs !== undefined) return differs;
  }
  return undefined;
}
