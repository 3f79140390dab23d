/** Makes the record of a row out of the columns of its chunk. */
import { isStructureName } from '../ddi/catalogue';
import type { StructureName } from '../ddi/generated/structures';
import { decodeUtf8 } from '../base/utf8';
import { ByteReader, MalformedBytes } from './byteReader';
import type { BytesValues, Chunk, ColumnValues, ListValues } from './chunk';
import type { Definitions } from './definitions';
import {
  blockRoles,
  findingSeverities,
  frameFates,
  framePaths,
  lossReasons,
  stateOwners,
  type BlockSnapshot,
  type CallArgument,
  type EventId,
  type NetBufferListSnapshot,
  type StateChangeRecord,
  type TraceRecord,
} from './records';
import type { Shape } from './shapes';

/** A record whose kind this version does not know, or that is lost; readers skip and count it. */
export interface UnknownRecord {
  readonly kind: 'unknown';
  readonly number: number;
}

/** The number that stands for an event which a loss has taken. */
export const lostRecord: UnknownRecord = { kind: 'unknown', number: -1 };

function member<Name extends string>(names: readonly Name[], index: number, what: string): Name {
  const name = names[index];
  if (name === undefined) throw new MalformedBytes(`unknown ${what} ${index}`);
  return name;
}

function numberAt(column: ColumnValues | undefined, row: number): number {
  return (column as { readonly values: Float64Array }).values[row]!;
}

function optionalAt(column: ColumnValues | undefined, row: number): number | undefined {
  const value = numberAt(column, row);
  return value === 0 ? undefined : value - 1;
}

function bytesAt(column: ColumnValues | undefined, row: number): Uint8Array {
  return (column as BytesValues).at(row);
}

function back(column: ColumnValues | undefined, row: number, event: EventId): EventId | undefined {
  const distance = numberAt(column, row);
  if (distance === 0) return undefined;
  if (distance > event) throw new MalformedBytes(`reference ${distance} back from event ${event}`);
  return event - distance;
}

function backRequired(column: ColumnValues | undefined, row: number, event: EventId): EventId {
  const target = back(column, row, event);
  if (target === undefined) throw new MalformedBytes(`missing reference in event ${event}`);
  return target;
}

function backList(column: ColumnValues | undefined, row: number, event: EventId): EventId[] {
  const { starts, items } = column as ListValues;
  const list: EventId[] = [];
  for (let at = starts[row]!; at < starts[row + 1]!; at++) list.push(backRequired(items[0], at, event));
  return list;
}

function numberList(column: ColumnValues | undefined, row: number): number[] {
  const { starts, items } = column as ListValues;
  const list: number[] = [];
  for (let at = starts[row]!; at < starts[row + 1]!; at++) list.push(numberAt(items[0], at));
  return list;
}

function stringOf(definitions: Definitions, number: number): string {
  const text = definitions.strings[number];
  if (text === undefined) throw new MalformedBytes(`undefined string ${number}`);
  return text;
}

function blocksOf(bytes: Uint8Array, definitions: Definitions): BlockSnapshot[] {
  const input = new ByteReader(bytes, 0, bytes.length);
  const blocks: BlockSnapshot[] = [];
  for (let left = input.count(6); left > 0; left--) {
    const address = input.varint();
    const depth = input.varint();
    const role = member(blockRoles, input.u8(), 'block role');
    const object = input.optional();
    const block = input.block();
    const states: { structure: StructureName; bytes: Uint8Array }[] = [];
    for (let more = input.count(2); more > 0; more--) {
      const structure = stringOf(definitions, input.varint());
      if (!isStructureName(structure))
        throw new MalformedBytes(`unknown structure ${structure.slice(0, 80)}`);
      states.push({ structure, bytes: input.block() });
    }
    blocks.push({ address, depth, role, object, bytes: block, states });
  }
  return blocks;
}

function listsOf(column: ColumnValues | undefined, row: number): NetBufferListSnapshot[] {
  const { starts, items } = column as ListValues;
  const lists: NetBufferListSnapshot[] = [];
  for (let at = starts[row]!; at < starts[row + 1]!; at++) {
    lists.push({
      address: numberAt(items[0], at),
      dataLength: numberAt(items[1], at),
      netBufferCount: numberAt(items[2], at),
      mdlCount: numberAt(items[3], at),
      status: numberAt(items[4], at),
      bytesTransferred: numberAt(items[5], at),
      streamOffset: optionalAt(items[6], at),
    });
  }
  return lists;
}

function argumentsOf(
  shape: Shape,
  columns: readonly ColumnValues[],
  from: number,
  row: number,
  definitions: Definitions,
): CallArgument[] {
  let place = from;
  return shape.members.map(({ kind, name, detail }): CallArgument => {
    switch (kind) {
      case 'number':
        return {
          kind,
          name,
          value: numberAt(columns[place++], row),
          group: detail === '' ? undefined : detail,
        };
      case 'status': {
        const value = numberAt(columns[place++], row);
        if (value > 0xffff_ffff) throw new MalformedBytes(`a status of ${value}`);
        return { kind, name, value };
      }
      case 'text':
        return { kind, name, value: decodeUtf8(bytesAt(columns[place++], row)) };
      case 'pointer': {
        const value = numberAt(columns[place++], row);
        return { kind, name, value, label: stringOf(definitions, numberAt(columns[place++], row)) };
      }
      case 'structure': {
        const address = numberAt(columns[place++], row);
        return {
          kind,
          name,
          structure: detail as StructureName,
          address,
          bytes: bytesAt(columns[place++], row),
        };
      }
      case 'block-list': {
        const blocks = blocksOf(bytesAt(columns[place++], row), definitions);
        return { kind, name, form: detail as 'protocol' | 'miniport', blocks };
      }
      case 'net-buffer-lists':
        return { kind, name, lists: listsOf(columns[place++], row) };
      case 'variable-number':
      case 'variable-bytes':
        throw new MalformedBytes('a call has state variables');
    }
  });
}

function changesOf(
  shape: Shape,
  columns: readonly ColumnValues[],
  row: number,
): StateChangeRecord['changes'] {
  if (shape.parameter !== 1) {
    return shape.members.map(({ kind, detail }, index) => ({
      variable: Number(detail),
      value: kind === 'variable-bytes' ? bytesAt(columns[3 + index], row) : numberAt(columns[3 + index], row),
    }));
  }
  const numbers = columns[3] as ListValues;
  const blocks = columns[4] as ListValues;
  let block = blocks.starts[row]!;
  const changes: { variable: number; value: number | Uint8Array }[] = [];
  for (let at = numbers.starts[row]!; at < numbers.starts[row + 1]!; at++) {
    const tagged = numberAt(numbers.items[0], at);
    if (tagged % 2 === 1 && block === blocks.starts[row + 1])
      throw new MalformedBytes('a change has fewer values than variables');
    const value = tagged % 2 === 1 ? bytesAt(blocks.items[0], block++) : numberAt(numbers.items[1], at);
    changes.push({ variable: Math.floor(tagged / 2), value });
  }
  return changes;
}

/**
 * The record of a row.
 * @param rank rows of the same shape before it in its chunk
 * @throws MalformedBytes where the columns contradict the format
 */
export function decodeRow(
  chunk: Chunk,
  shapeNumber: number,
  rank: number,
  event: EventId,
  connection: number | undefined,
  definitions: Definitions,
): TraceRecord | UnknownRecord {
  const { shape, columns } = chunk.columns(shapeNumber);
  const { kind } = shape;
  if (typeof kind === 'number') return { kind: 'unknown', number: kind };
  const number = (place: number): number => numberAt(columns[place], rank);
  const text = (place: number): string => decodeUtf8(bytesAt(columns[place], rank));
  const declared = <Item>(list: readonly Item[], what: string): Item => {
    const item = list[number(0)];
    if (item === undefined) throw new MalformedBytes(`unknown ${what} ${number(0)}`);
    return item;
  };
  switch (kind) {
    case 'component':
      return declared(definitions.components, 'component');
    case 'connection':
      return declared(definitions.connections, 'connection');
    case 'state-object':
      return declared(definitions.stateObjects, 'state object');
    case 'state-change':
      return {
        kind,
        object: number(0),
        writer: number(1),
        cause: back(columns[2], rank, event),
        changes: changesOf(shape, columns, rank),
      };
    case 'ownership': {
      const owner = member(stateOwners, number(1), 'owner');
      return { kind, object: number(0), owner, cause: back(columns[2], rank, event) };
    }
    case 'relink':
      return {
        kind,
        object: number(0),
        parent: optionalAt(columns[1], rank),
        cause: back(columns[2], rank, event),
      };
    case 'call': {
      const site = definitions.sites[number(0)];
      if (site === undefined) throw new MalformedBytes(`unknown site ${number(0)}`);
      return {
        kind,
        functionName: shape.name,
        caller: site.caller,
        callee: site.callee,
        irql: site.irql,
        processor: site.processor,
        connection,
        parent: back(columns[1], rank, event),
        cause: back(columns[2], rank, event),
        completes: backList(columns[3], rank, event),
        arguments: argumentsOf(shape, columns, 4, rank, definitions),
      };
    }
    case 'return':
      return {
        kind,
        call: backRequired(columns[0], rank, event),
        status: optionalAt(columns[1], rank),
        outputs: argumentsOf(shape, columns, 2, rank, definitions),
      };
    case 'frame': {
      const flags = number(1);
      const header = bytesAt(columns[5], rank);
      const rest = bytesAt(columns[6], rank);
      const bytes = new Uint8Array(header.length + rest.length);
      bytes.set(header);
      bytes.set(rest, header.length);
      return {
        kind,
        sender: number(0),
        path: member(framePaths, flags % 0x80, 'frame path'),
        connection,
        cause: back(columns[2], rank, event),
        length: number(3),
        payloadLength: number(4),
        retransmission: flags >= 0x80,
        bytes,
      };
    }
    case 'frame-fate': {
      const frame = backRequired(columns[0], rank, event);
      const fate = member(frameFates, number(1), 'frame fate');
      const flippedBits = numberList(columns[3], rank);
      const receiver = number(2);
      return flippedBits.length === 0
        ? { kind, frame, fate, receiver }
        : { kind, frame, fate, receiver, flippedBits };
    }
    case 'note':
      return { kind, component: number(0), connection, cause: back(columns[1], rank, event), text: text(2) };
    case 'end':
      return { kind, report: text(0) };
    case 'counter':
      return { kind, component: number(0), name: stringOf(definitions, number(1)), value: number(2) };
    case 'finding':
      return {
        kind,
        rule: stringOf(definitions, number(0)),
        severity: member(findingSeverities, number(1), 'severity'),
        object: optionalAt(columns[2], rank),
        events: backList(columns[3], rank, event),
        text: text(4),
      };
    case 'annotation':
      return {
        kind,
        from: backRequired(columns[0], rank, event),
        to: backRequired(columns[1], rank, event),
        author: text(2),
        text: text(3),
      };
    case 'loss':
      return {
        kind,
        reason: member(lossReasons, number(0), 'reason of loss'),
        records: number(1),
        from: number(2),
        until: number(3),
      };
  }
}
