/** What a part of an expression turns out to be once its names are resolved, and how it is called in messages. */
import type { AddressPattern } from './addresses';
import type { Condition, NumberValue, TextValue } from './checked';
import type { FieldDefinition, FieldReference } from './fieldTypes';
import type { Quantity } from './syntax';

/** A typed part of an expression. */
export type Operand =
  | {
      readonly type: 'number';
      readonly quantity: Quantity;
      readonly value: NumberValue;
      readonly field: FieldDefinition | undefined;
    }
  | { readonly type: 'status'; readonly value: NumberValue; readonly field: FieldDefinition | undefined }
  | { readonly type: 'boolean'; readonly value: NumberValue; readonly field: FieldDefinition | undefined }
  | { readonly type: 'text'; readonly value: TextValue; readonly field: FieldDefinition | undefined }
  | { readonly type: 'address'; readonly value: TextValue }
  /** An address as written. */
  | { readonly type: 'pattern'; readonly pattern: AddressPattern }
  /** An argument of a call: it is what it is compared with. */
  | { readonly type: 'dynamic'; readonly reference: FieldReference }
  /** A field that stands for several. */
  | { readonly type: 'parts'; readonly field: FieldDefinition; readonly operands: readonly Operand[] }
  | { readonly type: 'condition'; readonly condition: Condition };

/** The operand that a single-valued field is. */
export function fieldOperand(reference: FieldReference): Operand {
  const { field } = reference;
  const value = { kind: 'field', reference } as const;
  switch (field.type) {
    case 'count':
    case 'bytes':
    case 'time':
      return { type: 'number', quantity: field.type, value, field };
    case 'status':
      return { type: 'status', value, field };
    case 'boolean':
      return { type: 'boolean', value, field };
    case 'text':
      return { type: 'text', value, field };
    case 'address':
      return { type: 'address', value };
    case 'dynamic':
      return { type: 'dynamic', reference };
  }
}

/** What an operand is, for a sentence. */
export function operandName(operand: Operand): string {
  switch (operand.type) {
    case 'number':
      return operand.quantity === 'time'
        ? 'a time'
        : operand.quantity === 'bytes'
          ? 'a number of bytes'
          : 'a number';
    case 'status':
      return 'a status code';
    case 'boolean':
      return 'true or false';
    case 'text':
      return 'text';
    case 'address':
    case 'pattern':
      return 'an address';
    case 'dynamic':
      return 'an argument';
    case 'parts':
      return operandName(operand.operands[0]!);
    case 'condition':
      return 'a condition';
  }
}

/** The number that an operand is, with its value known already; undefined for anything else. */
export function constantOf(operand: Operand): number | undefined {
  if (operand.type !== 'number' && operand.type !== 'status') return undefined;
  return operand.value.kind === 'constant' ? operand.value.value : undefined;
}

/** The text that an operand is, if it is known already. */
export function constantText(operand: Operand): string | undefined {
  return operand.type === 'text' && operand.value.kind === 'constant' ? operand.value.value : undefined;
}
