/**
 * What a trace defines once and refers to by number: strings, shapes of rows, sites of calls, components, connections, state
 * objects. Numbers count from 0 in the order of definition. `DEFS` frames carry them, ahead of the chunk that uses them.
 */
import { isStructureName } from '../ddi/catalogue';
import { decodeUtf8, encodeUtf8 } from '../base/utf8';
import { ByteReader, MalformedBytes } from './byteReader';
import type { ByteWriter } from './byteWriter';
import { withinLimit } from './limits';
import {
  componentRoles,
  recordKinds,
  stateLayers,
  type ComponentRecord,
  type ConnectionRecord,
  type Irql,
  type StateObjectRecord,
} from './records';
import {
  columnsFromText,
  columnsOf,
  columnsText,
  kindOf,
  memberKinds,
  type Shape,
  type ShapeMember,
} from './shapes';

/** Kinds of definition on disk; only append. */
const definitionKinds = {
  string: 0,
  shape: 1,
  site: 2,
  component: 3,
  connection: 4,
  stateObject: 5,
} as const;

/** Between whom a call is made, and where. */
export interface CallSite {
  readonly caller: number;
  readonly callee: number;
  readonly irql: Irql;
  readonly processor: number;
}

/** Everything that a trace has defined so far. */
export class Definitions {
  readonly strings: string[] = [];
  readonly shapes: Shape[] = [];
  readonly sites: CallSite[] = [];
  readonly components: ComponentRecord[] = [];
  readonly connections: ConnectionRecord[] = [];
  readonly stateObjects: StateObjectRecord[] = [];
}

/** Writes a string's definition. */
export function writeString(out: ByteWriter, text: string): void {
  out.u8(definitionKinds.string);
  out.block(encodeUtf8(text));
}

/** Writes a shape's definition; `string` numbers a text. */
export function writeShape(out: ByteWriter, shape: Shape, string: (text: string) => number): void {
  const name = string(shape.name);
  const members = shape.members.map((member) => ({
    kind: memberKinds.indexOf(member.kind),
    name: string(member.name),
    detail: string(member.detail),
  }));
  out.u8(definitionKinds.shape);
  out.u8(typeof shape.kind === 'number' ? shape.kind : recordKinds.indexOf(shape.kind));
  out.varint(name);
  out.varint(shape.parameter);
  out.varint(members.length);
  for (const member of members) {
    out.u8(member.kind);
    out.varint(member.name);
    out.varint(member.detail);
  }
  out.block(encodeUtf8(columnsText(shape.columns)));
}

/** Writes a site's definition. */
export function writeSite(out: ByteWriter, { caller, callee, irql, processor }: CallSite): void {
  out.u8(definitionKinds.site);
  out.varint(caller);
  out.varint(callee);
  out.u8(irql + 4 * processor);
}

/** Writes a component's definition. */
export function writeComponent(out: ByteWriter, { role, name }: ComponentRecord): void {
  out.u8(definitionKinds.component);
  out.u8(componentRoles.indexOf(role));
  out.block(encodeUtf8(name));
}

/** Writes a connection's definition. */
export function writeConnection(out: ByteWriter, { local, remote }: ConnectionRecord): void {
  out.u8(definitionKinds.connection);
  out.block(encodeUtf8(local));
  out.block(encodeUtf8(remote));
}

/** Writes a state object's definition. */
export function writeStateObject(out: ByteWriter, object: StateObjectRecord): void {
  out.u8(definitionKinds.stateObject);
  out.u8(stateLayers.indexOf(object.layer));
  out.optional(object.parent);
  out.optional(object.connection);
  out.block(encodeUtf8(object.label));
}

function readShape(input: ByteReader, strings: readonly string[]): Shape {
  const text = (): string => {
    const number = input.varint();
    const found = strings[number];
    if (found === undefined) throw new MalformedBytes(`undefined string ${number}`);
    return found;
  };
  const kind = kindOf(input.u8());
  const name = text();
  const parameter = input.varint();
  const members: ShapeMember[] = [];
  for (let left = withinLimit(input.count(3), 'columns of a shape'); left > 0; left--) {
    const number = input.u8();
    const memberKind = memberKinds[number];
    if (memberKind === undefined) throw new MalformedBytes(`unknown argument kind ${number}`);
    members.push({ kind: memberKind, name: text(), detail: text() });
  }
  const written = decodeUtf8(input.block());
  const columns = columnsFromText(written);
  if (columns === undefined) throw new MalformedBytes('a shape has columns that are none');
  withinLimit(written.length, 'columns of a shape');
  if (typeof kind === 'string') checkShape(kind, parameter, members, written);
  return { kind, name, parameter, members, columns };
}

/** A shape of a kind that we know must look as we know it. */
function checkShape(
  kind: Exclude<Shape['kind'], number>,
  parameter: number,
  members: readonly ShapeMember[],
  written: string,
): void {
  for (const member of members) {
    const isVariable = member.kind === 'variable-number' || member.kind === 'variable-bytes';
    const fitting = isVariable ? kind === 'state-change' : kind === 'call' || kind === 'return';
    if (!fitting) throw new MalformedBytes(`a ${kind} has no ${member.kind}`);
    if (member.kind === 'structure' && !isStructureName(member.detail))
      throw new MalformedBytes(`unknown structure ${member.detail.slice(0, 80)}`);
    if (member.kind === 'block-list' && member.detail !== 'protocol' && member.detail !== 'miniport')
      throw new MalformedBytes(`unknown block list form ${member.detail.slice(0, 80)}`);
    if (isVariable && !/^\d{1,9}$/.test(member.detail))
      throw new MalformedBytes(`a state variable has the number ${member.detail.slice(0, 80)}`);
  }
  if (columnsText(columnsOf(kind, parameter, members)) !== written)
    throw new MalformedBytes(`a shape of ${kind} has the columns ${written.slice(0, 80)}`);
}

/** How many of each kind have been defined: strings, shapes, sites, components, connections, state objects. */
export type DefinitionCounts = readonly [number, number, number, number, number, number];

/** Begins a `DEFS` payload, which says what has been defined before it. */
export function writeDefinitionsHead(out: ByteWriter, before: DefinitionCounts): void {
  for (const count of before) out.varint(count);
}

/** What the first numbers of a payload say; a reader that had to step over another payload can tell by them what it lacks. */
export function definitionsBefore(payload: Uint8Array): DefinitionCounts {
  const input = new ByteReader(payload, 0, payload.length);
  return readHead(input);
}

function readHead(input: ByteReader): DefinitionCounts {
  return [input.varint(), input.varint(), input.varint(), input.varint(), input.varint(), input.varint()];
}

/**
 * Takes a `DEFS` payload in.
 * @throws MalformedBytes where it makes no sense; what stood before may have been taken in.
 */
export function readDefinitions(payload: Uint8Array, known: Definitions): void {
  const input = new ByteReader(payload, 0, payload.length);
  const { strings, shapes, sites, components, connections, stateObjects } = known;
  const before = readHead(input);
  [strings, shapes, sites, components, connections, stateObjects].forEach((list, index) => {
    if (list.length !== before[index])
      throw new MalformedBytes(`definitions begin behind ${before[index]} of a kind, not ${list.length}`);
  });
  const defined = (id: number | undefined, list: readonly unknown[], what: string): number | undefined => {
    if (id !== undefined && id >= list.length) throw new MalformedBytes(`unknown ${what} ${id}`);
    return id;
  };
  while (input.position < input.end) {
    const kind = input.u8();
    switch (kind) {
      case definitionKinds.string:
        withinLimit(strings.push(decodeUtf8(input.block())), 'strings of a trace');
        break;
      case definitionKinds.shape:
        withinLimit(shapes.push(readShape(input, strings)), 'shapes of a trace');
        break;
      case definitionKinds.site: {
        const caller = defined(input.varint(), components, 'component')!;
        const callee = defined(input.varint(), components, 'component')!;
        const level = input.u8();
        const irql = level % 4;
        if (irql > 2) throw new MalformedBytes(`unknown IRQL ${irql}`);
        sites.push({ caller, callee, irql: irql as Irql, processor: level >>> 2 });
        withinLimit(sites.length, 'sites of a trace');
        break;
      }
      case definitionKinds.component: {
        const number = input.u8();
        const role = componentRoles[number];
        if (role === undefined) throw new MalformedBytes(`unknown role ${number}`);
        const id = components.length;
        components.push({ kind: 'component', id, role, name: decodeUtf8(input.block()) });
        withinLimit(components.length, 'components of a trace');
        break;
      }
      case definitionKinds.connection: {
        const local = decodeUtf8(input.block());
        const id = connections.length;
        connections.push({ kind: 'connection', id, local, remote: decodeUtf8(input.block()) });
        withinLimit(connections.length, 'connections of a trace');
        break;
      }
      case definitionKinds.stateObject: {
        const number = input.u8();
        const layer = stateLayers[number];
        if (layer === undefined) throw new MalformedBytes(`unknown layer ${number}`);
        const parent = defined(input.optional(), stateObjects, 'state object');
        const connection = defined(input.optional(), connections, 'connection');
        const id = stateObjects.length;
        const label = decodeUtf8(input.block());
        stateObjects.push({ kind: 'state-object', id, layer, parent, connection, label });
        withinLimit(stateObjects.length, 'state objects of a trace');
        break;
      }
      default:
        throw new MalformedBytes(`unknown kind of definition ${kind}`);
    }
  }
}
