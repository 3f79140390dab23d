// The one place to import structure encoding and decoding from.
export { type EncodeOptions, encodeStructure } from './structureEncoder';
export {
  type DecodeError,
  type DecodeOptions,
  type DecodeResult,
  type DecodedField,
  type DecodedStructure,
  type StructureProblem,
  decodeStructure,
  fieldValue,
} from './structureDecoder';
export { type StructureRow, describeStructure } from './structureRows';
export {
  type FieldValue,
  type FieldValues,
  type ObjectHeaderValues,
  type StructureValues,
  objectHeader,
  stateHeader,
} from './structureValues';
export type { StructureFieldName } from './catalogue';
