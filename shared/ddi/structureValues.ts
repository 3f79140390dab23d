import { structureLayout } from './catalogue';
import type { StructureName, StructureValueTypes } from './generated/structures';

/**
 * The value of one field: a number for integers up to 4 bytes and bit-fields, a bigint for 8-byte integers,
 * pointers and handles, bytes, an array of bigints for pointer arrays, a record for a nested structure.
 */
export type FieldValue = number | bigint | Uint8Array | readonly bigint[] | FieldValues;

/** Field values by field name, for code that handles any structure. */
export interface FieldValues {
  readonly [field: string]: FieldValue;
}

/** Field values of one structure; a misspelt name or a value of the wrong type does not compile. */
export type StructureValues<Name extends StructureName> = StructureValueTypes[Name];

/** The three members of an NDIS_OBJECT_HEADER. */
export interface ObjectHeaderValues {
  readonly Type: number;
  readonly Revision: number;
  readonly Size: number;
}

/**
 * What Header of a structure holds when a correct driver fills it in: the published type, the newest revision
 * (or the asked one) and the size constant of that revision in bytes. The revision is 1 where none is
 * published.
 * @throws RangeError if the structure has no NDIS_OBJECT_HEADER, if the revision is unknown, or if the
 * catalogue has no single type for it and none is given (block lists, event handler tables).
 */
export function objectHeader(
  name: StructureName,
  choice: { readonly type?: number; readonly revision?: number } = {},
): ObjectHeaderValues {
  const { header } = structureLayout(name);
  const revision =
    choice.revision === undefined
      ? header?.revisions.at(-1)
      : header?.revisions.find((candidate) => (candidate.value ?? 1) === choice.revision);
  if (header === undefined || revision === undefined) {
    throw new RangeError(`${name}.Header: no revision ${choice.revision ?? ''} is known`);
  }
  const type = choice.type ?? header.typeValue;
  if (type === undefined) throw new RangeError(`${name}.Header.Type: state it, it holds a ${header.type}`);
  return { Type: type, Revision: revision.value ?? 1, Size: revision.size };
}

/**
 * What the OFFLOAD_STATE_HEADER of a state structure holds: its whole length in bytes and no recognized
 * options.
 * @throws RangeError if the structure does not begin with that header.
 */
export function stateHeader(name: StructureName): {
  readonly Length: number;
  readonly RecognizedOptions: number;
} {
  const layout = structureLayout(name);
  if (layout.fields[0]?.structure !== 'OFFLOAD_STATE_HEADER') {
    throw new RangeError(`${name}.Header is no OFFLOAD_STATE_HEADER`);
  }
  return { Length: layout.size, RecognizedOptions: 0 };
}
