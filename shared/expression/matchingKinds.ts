/** Which kinds of events an expression can match: those that have all fields that it compares. */
import type { Condition, NumberValue, TextValue } from './checked';
import { eventKinds, type EventKind, type FieldReference } from './fieldTypes';

type Kinds = ReadonlySet<EventKind>;

const all: Kinds = new Set(eventKinds);
const none: Kinds = new Set();

function both(left: Kinds, right: Kinds): Kinds {
  return new Set(eventKinds.filter((kind) => left.has(kind) && right.has(kind)));
}

function either(left: Kinds, right: Kinds): Kinds {
  return new Set(eventKinds.filter((kind) => left.has(kind) || right.has(kind)));
}

function kindsOfField({ field }: FieldReference): Kinds {
  return new Set(field.kinds);
}

function kindsOfNumber(value: NumberValue): Kinds {
  switch (value.kind) {
    case 'constant':
      return all;
    case 'field':
      return kindsOfField(value.reference);
    case 'arithmetic':
      return both(kindsOfNumber(value.left), kindsOfNumber(value.right));
    case 'function':
      return value.arguments.map(kindsOfNumber).reduce(both, all);
    case 'length':
      return kindsOfText(value.text);
  }
}

function kindsOfText(value: TextValue): Kinds {
  switch (value.kind) {
    case 'constant':
      return all;
    case 'field':
      return kindsOfField(value.reference);
    case 'function':
      return kindsOfText(value.operand);
  }
}

/** A comparison of `kind` itself; undefined for any other. */
function kindsNamed(condition: Extract<Condition, { kind: 'text' }>): Kinds | undefined {
  const { value, test, negated } = condition;
  if (value.kind !== 'field' || value.reference.field.name !== 'kind') return undefined;
  if (test.kind !== 'equals' && test.kind !== 'oneOf') return undefined;
  const named: readonly string[] = test.kind === 'equals' ? [test.value] : test.values;
  return new Set(eventKinds.filter((kind) => named.includes(kind) !== negated));
}

/** The kinds of events for which a condition can hold; never too few. */
export function kindsThatMatch(condition: Condition): Kinds {
  switch (condition.kind) {
    case 'constant':
      return condition.value ? all : none;
    case 'and':
      return condition.operands.map(kindsThatMatch).reduce(both, all);
    case 'or':
      return condition.operands.map(kindsThatMatch).reduce(either, none);
    case 'not':
      return all;
    case 'numbers':
      return both(kindsOfNumber(condition.left), kindsOfNumber(condition.right));
    case 'ranges':
      return kindsOfNumber(condition.value);
    case 'text':
      return kindsNamed(condition) ?? kindsOfText(condition.value);
    case 'texts':
    case 'matchTexts':
      return both(kindsOfText(condition.left), kindsOfText(condition.right));
    case 'severity':
      return kindsOfNumber(condition.status);
    case 'exists':
      return kindsOfField(condition.reference);
    case 'changed':
      return new Set(condition.reference.field.name === 'owner' ? ['ownership'] : ['state']);
  }
}
