/** Decodes the body of one record. Every read is bounded by the record; every reference must point backwards. */
import type { StructureName } from '../../ddi/generated/structures';
import { isStructureName } from '../../ddi/catalogue';
import { decodeUtf8 } from '../../base/utf8';
import { MalformedBytes, type ByteReader } from '../byteReader';
import {
  argumentKinds,
  blockRoles,
  componentRoles,
  frameFates,
  framePaths,
  stateLayers,
  stateOwners,
  type BlockSnapshot,
  type CallArgument,
  type EventId,
  type Irql,
  type NetBufferListSnapshot,
  type StateValue,
  type TraceRecord,
} from '../records';

/** The kinds of records that version 1 had. */
const recordKindsOfVersionOne = [
  'component',
  'connection',
  'state-object',
  'state-change',
  'ownership',
  'call',
  'return',
  'frame',
  'frame-fate',
  'note',
  'end',
] as const satisfies readonly TraceRecord['kind'][];

function member<Name extends string>(names: readonly Name[], index: number, what: string): Name {
  const name = names[index];
  if (name === undefined) throw new MalformedBytes(`unknown ${what} ${index}`);
  return name;
}

/** A record whose kind this version does not know; readers skip and count it. */
export interface UnknownRecord {
  readonly kind: 'unknown';
  readonly number: number;
}

/** What the decoder needs to know about the trace around a record. */
export interface DecodingContext {
  readonly strings: readonly string[];
}

/**
 * Decodes the record with ordinal `event` from `input`, which stands behind the time.
 * @throws MalformedBytes when the body contradicts the format.
 */
export function decodeRecord(
  kindNumber: number,
  event: EventId,
  input: ByteReader,
  context: DecodingContext,
): TraceRecord | UnknownRecord {
  const kind = recordKindsOfVersionOne[kindNumber];
  if (kind === undefined) return { kind: 'unknown', number: kindNumber };

  const back = (): EventId | undefined => {
    const distance = input.varint();
    if (distance === 0) return undefined;
    if (distance > event) throw new MalformedBytes(`reference ${distance} back from event ${event}`);
    return event - distance;
  };
  const backRequired = (): EventId => {
    const target = back();
    if (target === undefined) throw new MalformedBytes(`missing reference in event ${event}`);
    return target;
  };
  const backList = (): EventId[] => {
    const list: EventId[] = [];
    for (let left = input.count(1); left > 0; left--) list.push(backRequired());
    return list;
  };
  const string = (): string => {
    const index = input.varint();
    const text = context.strings[index];
    if (text === undefined) throw new MalformedBytes(`undefined string ${index}`);
    return text;
  };
  const rest = (): string => decodeUtf8(input.raw(input.end - input.position));
  const structureName = (): StructureName => {
    const name = string();
    if (!isStructureName(name)) throw new MalformedBytes(`unknown structure ${name.slice(0, 80)}`);
    return name;
  };
  const argument = (): CallArgument => {
    const argumentKind = member(argumentKinds, input.u8(), 'argument kind');
    const name = string();
    switch (argumentKind) {
      case 'number': {
        const value = input.varint();
        const group = string();
        return { kind: 'number', name, value, group: group === '' ? undefined : group };
      }
      case 'status':
        return { kind: 'status', name, value: input.u32() };
      case 'text':
        return { kind: 'text', name, value: decodeUtf8(input.block()) };
      case 'pointer': {
        const value = input.varint();
        return { kind: 'pointer', name, value, label: string() };
      }
      case 'structure': {
        const structure = structureName();
        return { kind: 'structure', name, structure, address: input.varint(), bytes: input.block() };
      }
      case 'block-list': {
        const form = member(['protocol', 'miniport'] as const, input.u8(), 'block list form');
        const blocks: BlockSnapshot[] = [];
        for (let left = input.count(6); left > 0; left--) {
          const address = input.varint();
          const depth = input.varint();
          const role = member(blockRoles, input.u8(), 'block role');
          const object = input.optional();
          const bytes = input.block();
          const states: { structure: StructureName; bytes: Uint8Array }[] = [];
          for (let more = input.count(2); more > 0; more--) {
            states.push({ structure: structureName(), bytes: input.block() });
          }
          blocks.push({ address, depth, role, object, bytes, states });
        }
        return { kind: 'block-list', name, form, blocks };
      }
      case 'net-buffer-lists': {
        const lists: NetBufferListSnapshot[] = [];
        for (let left = input.count(10); left > 0; left--) {
          lists.push({
            address: input.varint(),
            dataLength: input.varint(),
            netBufferCount: input.varint(),
            mdlCount: input.varint(),
            status: input.u32(),
            bytesTransferred: input.varint(),
            streamOffset: input.optional(),
          });
        }
        return { kind: 'net-buffer-lists', name, lists };
      }
    }
  };
  const argumentList = (): CallArgument[] => {
    const list: CallArgument[] = [];
    for (let left = input.count(2); left > 0; left--) list.push(argument());
    return list;
  };

  switch (kind) {
    case 'component':
      return { kind, id: input.varint(), role: member(componentRoles, input.u8(), 'role'), name: rest() };
    case 'connection':
      return {
        kind,
        id: input.varint(),
        local: decodeUtf8(input.block()),
        remote: decodeUtf8(input.block()),
      };
    case 'state-object':
      return {
        kind,
        id: input.varint(),
        layer: member(stateLayers, input.u8(), 'layer'),
        parent: input.optional(),
        connection: input.optional(),
        label: rest(),
      };
    case 'state-change': {
      const object = input.varint();
      const writer = input.varint();
      const cause = back();
      const changes: { variable: number; value: StateValue }[] = [];
      for (let left = input.count(2); left > 0; left--) {
        const tagged = input.varint();
        changes.push({
          variable: Math.floor(tagged / 2),
          value: tagged % 2 === 1 ? input.block() : input.varint(),
        });
      }
      return { kind, object, writer, cause, changes };
    }
    case 'ownership':
      return { kind, object: input.varint(), owner: member(stateOwners, input.u8(), 'owner'), cause: back() };
    case 'call': {
      const functionName = string();
      const caller = input.varint();
      const callee = input.varint();
      const level = input.u8();
      const irql = level % 4;
      if (irql > 2) throw new MalformedBytes(`unknown IRQL ${irql}`);
      return {
        kind,
        functionName,
        caller,
        callee,
        irql: irql as Irql,
        processor: level >>> 2,
        connection: input.optional(),
        parent: back(),
        cause: back(),
        completes: backList(),
        arguments: argumentList(),
      };
    }
    case 'return':
      return { kind, call: backRequired(), status: input.optional(), outputs: argumentList() };
    case 'frame': {
      const sender = input.varint();
      const flags = input.u8();
      return {
        kind,
        sender,
        path: member(framePaths, flags & 0x7f, 'frame path'),
        connection: input.optional(),
        cause: back(),
        length: input.varint(),
        payloadLength: input.varint(),
        retransmission: (flags & 0x80) !== 0,
        bytes: input.raw(input.end - input.position),
      };
    }
    case 'frame-fate': {
      const frame = backRequired();
      const fate = member(frameFates, input.u8(), 'frame fate');
      const receiver = input.varint();
      if (input.position === input.end) return { kind, frame, fate, receiver };
      const flippedBits: number[] = [];
      while (input.position < input.end) flippedBits.push(input.varint());
      return { kind, frame, fate, receiver, flippedBits };
    }
    case 'note':
      return { kind, component: input.varint(), connection: input.optional(), cause: back(), text: rest() };
    case 'end':
      return { kind, report: rest() };
  }
}
