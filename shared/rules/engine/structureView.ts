/** Members of a recorded structure by name, without decoding the rest. */
import { addressOf } from '../../base/address';
import { structureLayout, type StructureField } from '../../ddi/catalogue';
import type { StructureName } from '../../ddi/generated/structures';

interface Place {
  readonly field: StructureField;
  readonly offset: number;
}

const places = new Map<StructureName, Map<string, Place>>();

/** All members of a structure, those of nested ones as `Header.Size`. */
function placesOf(structure: StructureName): Map<string, Place> {
  const known = places.get(structure);
  if (known !== undefined) return known;
  const found = new Map<string, Place>();
  for (const field of structureLayout(structure).fields) {
    found.set(field.name, { field, offset: field.offset });
    if (field.structure === undefined) continue;
    for (const [name, inner] of placesOf(field.structure))
      found.set(`${field.name}.${name}`, { field: inner.field, offset: field.offset + inner.offset });
  }
  places.set(structure, found);
  return found;
}

function isAddress({ kind, size }: StructureField): boolean {
  return size === 8 && (kind === 'pointer' || kind === 'handle' || kind === 'codePointer');
}

/** See the file's head. */
export class StructureView {
  private readonly places: ReadonlyMap<string, Place>;

  constructor(
    readonly name: StructureName,
    readonly bytes: Uint8Array,
  ) {
    this.places = placesOf(name);
  }

  /**
   * Value of a member that is a number, flag set or address; undefined where the recorded bytes end before it. An address is the number that
   * arguments have for the same place: 0 for NULL.
   * @throws RangeError if the structure has no such member, which is a mistake in the rule
   */
  number(member: string): number | undefined {
    const { field, offset } = this.place(member);
    const { kind, size } = field;
    if (offset + size > this.bytes.length) return undefined;
    if (isAddress(field)) {
      const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
      return addressOf(view.getBigUint64(offset, true)) ?? Number(view.getBigUint64(offset, true));
    }
    if (size === 8) return this.unsigned(offset, 4) + this.unsigned(offset + 4, 4) * 2 ** 32;
    const value = this.unsigned(offset, size);
    if (kind === 'bits') return Math.floor(value / 2 ** (field.bitOffset ?? 0)) % 2 ** (field.bitWidth ?? 0);
    if (kind !== 'signed') return value;
    const bits = size === 4 ? 32 : size === 2 ? 16 : 8;
    return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
  }

  /**
   * Address that a pointer member holds, 0 for NULL, undefined where the recorded bytes end before it; a pointer to elsewhere than the
   * emulated pool reads as NaN.
   * @throws RangeError if the structure has no such member
   */
  pointer(member: string): number | undefined {
    const bytes = this.slice(member);
    if (bytes.length < 8) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return addressOf(view.getBigUint64(0, true)) ?? NaN;
  }

  /** Bytes of a member; fewer where the recorded bytes end within it. */
  slice(member: string): Uint8Array {
    const { field, offset } = this.place(member);
    return this.bytes.subarray(offset, offset + field.size);
  }

  /** Whether there is such a member. */
  has(member: string): boolean {
    return this.places.has(member);
  }

  /** A little-endian number of 4, 2 or 1 bytes: a DataView for each read would cost more than the read. */
  private unsigned(offset: number, size: number): number {
    const { bytes } = this;
    if (size === 2) return bytes[offset]! | (bytes[offset + 1]! << 8);
    if (size !== 4) return bytes[offset]!;
    return (
      (bytes[offset]! |
        (bytes[offset + 1]! << 8) |
        (bytes[offset + 2]! << 16) |
        (bytes[offset + 3]! << 24)) >>>
      0
    );
  }

  private place(member: string): Place {
    const place = this.places.get(member);
    if (place === undefined) throw new RangeError(`${this.name} has no member ${member}`);
    return place;
  }
}
