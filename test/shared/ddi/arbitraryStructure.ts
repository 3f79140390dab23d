import fc from 'fast-check';
import { structureLayout } from '../../../shared/ddi/catalogue';
import type { StructureField, StructureName } from '../../../shared/ddi/catalogue';
import type { FieldValue, FieldValues } from '../../../shared/ddi/structureCodec';

/** Fixed, so that a failure is the same on every machine; fast-check prints it with the failing case. */
export const propertySettings = { seed: 20070129, numRuns: 60 } as const;

const wide = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** Any value that a field can hold, arrays at full length. */
export function arbitraryValue(field: StructureField): fc.Arbitrary<FieldValue> {
  switch (field.kind) {
    case 'unsigned':
      return fc.integer({ min: 0, max: 2 ** (field.size * 8) - 1 });
    case 'signed':
      return fc.integer({ min: -(2 ** (field.size * 8 - 1)), max: 2 ** (field.size * 8 - 1) - 1 });
    case 'bits':
      return fc.integer({ min: 0, max: 2 ** (field.bitWidth ?? 0) - 1 });
    case 'unsigned64':
    case 'pointer':
    case 'handle':
    case 'codePointer':
      return wide;
    case 'bytes': {
      const length =
        field.flexible === true ? { maxLength: 40 } : { minLength: field.size, maxLength: field.size };
      return fc.uint8Array(length);
    }
    case 'pointers':
      return fc.array(wide, { minLength: field.size / 8, maxLength: field.size / 8 });
    case 'structure':
      return arbitraryValues(field.structure ?? 'NDIS_OBJECT_HEADER');
  }
}

function headerValues(name: StructureName): FieldValues {
  const layout = structureLayout(name);
  return layout.fields[0]?.structure === 'OFFLOAD_STATE_HEADER'
    ? { Length: layout.size, RecognizedOptions: 0 }
    : { Type: 0x80, Revision: 1, Size: layout.size };
}

/** A complete set of values: one alternative of every union, headers that declare the whole structure. */
export function arbitraryValues(name: StructureName): fc.Arbitrary<FieldValues> {
  const layout = structureLayout(name);
  const arms = new Map<string, string[]>();
  for (const { union, arm } of layout.fields) {
    if (union === undefined || arm === undefined) continue;
    arms.set(union, [...new Set([...(arms.get(union) ?? []), arm])]);
  }
  const choice = fc.record(
    Object.fromEntries([...arms].map(([union, names]) => [union, fc.constantFrom(...names)])),
  );
  return choice.chain((chosen: Readonly<Record<string, string>>) => {
    const members = layout.fields.filter(
      (field) =>
        field.elementOf === undefined && (field.union === undefined || chosen[field.union] === field.arm),
    );
    return fc.record(
      Object.fromEntries(
        members.map((field) => [
          field.name,
          field.name === 'Header' ? fc.constant(headerValues(name)) : arbitraryValue(field),
        ]),
      ),
    );
  });
}
