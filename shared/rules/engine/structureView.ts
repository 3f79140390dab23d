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
  constructor(
    readonly name: StructureName,
    readonly bytes: Uint8Array,
  ) {}

  /**
   * Value of a member that is a number, flag set or address; undefined where the recorded bytes end before it. An address is the number that
   * arguments have for the same place: 0 for NULL.
   * @throws RangeError if the structure has no such member, which is a mistake in the rule
   */
  number(member: string): number | undefined {
    const { field, offset } = this.place(member);
    if (offset + field.size > this.bytes.length) return undefined;
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    if (field.kind === 'bits') {
      const unit = field.size === 4 ? view.getUint32(offset, true) : this.small(view, field, offset);
      return Math.floor(unit / 2 ** (field.bitOffset ?? 0)) % 2 ** (field.bitWidth ?? 0);
    }
    if (isAddress(field))
      return addressOf(view.getBigUint64(offset, true)) ?? Number(view.getBigUint64(offset, true));
    if (field.size === 8) return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
    if (field.size === 4)
      return field.kind === 'signed' ? view.getInt32(offset, true) : view.getUint32(offset, true);
    return this.small(view, field, offset);
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
    return placesOf(this.name).has(member);
  }

  private small(view: DataView, field: StructureField, offset: number): number {
    const signed = field.kind === 'signed';
    if (field.size === 2) return signed ? view.getInt16(offset, true) : view.getUint16(offset, true);
    return signed ? view.getInt8(offset) : view.getUint8(offset);
  }

  private place(member: string): Place {
    const place = placesOf(this.name).get(member);
    if (place === undefined) throw new RangeError(`${this.name} has no member ${member}`);
    return place;
  }
}
