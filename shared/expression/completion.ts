/** What could be written at the caret of an expression: fields, values, functions and operators, best first. */
import { constantEntries } from '../ddi/generated/constants';
import { statusHex, statusMeaning } from '../ddi/status';
import { completionPlace, type CompletionPlace } from './completionPlace';
import { fieldReferences, fieldReference } from './fields';
import type { FieldDefinition } from './fieldTypes';
import { quoted } from './format';
import { expressionFunctions } from './functions';
import { comparisonOperators, textOperators, type Span } from './syntax';
import {
  emptyVocabulary,
  parameterNames,
  statusKeys,
  statusValue,
  textsOf,
  type ExpressionVocabulary,
} from './valueNames';

/** One thing that could be written. */
export interface CompletionCandidate {
  readonly kind: 'field' | 'value' | 'function' | 'operator';
  /** What a list shows. */
  readonly label: string;
  /** What it means, in a few words. */
  readonly detail: string;
  /** What takes the place of the range. */
  readonly insert: string;
}

/** The candidates for a caret. */
export interface Completion {
  /** What a candidate's `insert` replaces. */
  readonly range: Span;
  readonly candidates: readonly CompletionCandidate[];
}

/** Longest list that is answered. */
const mostCandidates = 200;

/** Letters after which all constants of the DDI are worth offering. */
const lettersForConstants = 3;

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const operatorWords = new Set(['and', 'or', 'not', 'in', 'true', 'false', ...textOperators]);

const operatorDetails: Readonly<Record<string, string>> = {
  '==': 'is equal to',
  '!=': 'is there and differs from',
  '<': 'is less than',
  '<=': 'is at most',
  '>': 'is greater than',
  '>=': 'is at least',
  '&&': 'and',
  '||': 'or',
  in: 'is one of: (a, b, 10..20)',
  contains: 'has the text in it',
  startsWith: 'begins with the text',
  endsWith: 'ends with the text',
  like: 'fits a pattern with * and ?',
};

function operator(name: string): CompletionCandidate {
  return { kind: 'operator', label: name, detail: operatorDetails[name] ?? '', insert: name };
}

function fieldCandidate(field: FieldDefinition): CompletionCandidate {
  return { kind: 'field', label: field.name, detail: `${field.type}: ${field.meaning}`, insert: field.name };
}

function textCandidate(text: string, detail: string, asText: boolean): CompletionCandidate {
  const isBare = !asText && plainName.test(text) && !operatorWords.has(text);
  return { kind: 'value', label: text, detail, insert: isBare ? text : quoted(text) };
}

function valuesOf(
  field: FieldDefinition,
  { isText }: CompletionPlace,
  vocabulary: ExpressionVocabulary,
): readonly CompletionCandidate[] {
  if (field.parts !== undefined) {
    const texts = textsOf(field, vocabulary);
    return texts.map((text) => textCandidate(text, field.name, isText));
  }
  switch (field.type) {
    case 'status':
      return statusKeys.map((key) => {
        const value = statusValue(key)!;
        return textCandidate(key, statusMeaning(value) ?? statusHex(value), isText);
      });
    case 'boolean':
      return ['true', 'false'].map((word) => ({
        kind: 'value',
        label: word,
        detail: field.name,
        insert: word,
      }));
    case 'text':
      return textsOf(field, vocabulary).map((text) => textCandidate(text, field.name, isText));
    default:
      return Object.entries(field.names ?? {}).map(([name, value]) =>
        textCandidate(name, String(value), false),
      );
  }
}

function constants(written: string): readonly CompletionCandidate[] {
  if (written.length < lettersForConstants) return [];
  return constantEntries
    .filter(({ value }) => value !== null)
    .map(({ name, meaning }) => ({ kind: 'value', label: name, detail: meaning, insert: name }));
}

function argumentFields(vocabulary: ExpressionVocabulary): readonly CompletionCandidate[] {
  const names = new Set([...vocabulary.arguments, ...parameterNames()]);
  return [...names].flatMap((name) => {
    const reference = fieldReference(`arg.${name}`);
    return reference === undefined || !plainName.test(name) ? [] : [fieldCandidate(reference.field)];
  });
}

function fieldsFor(written: string, vocabulary: ExpressionVocabulary): readonly CompletionCandidate[] {
  const plain = fieldReferences.map(({ field }) => fieldCandidate(field));
  // Hundreds of arguments would bury everything else.
  return written.toLowerCase().startsWith('arg') ? [...plain, ...argumentFields(vocabulary)] : plain;
}

const functionCandidates = expressionFunctions.map(({ name, signature, meaning }): CompletionCandidate => ({
  kind: 'function',
  label: signature,
  detail: meaning,
  insert: `${name}(`,
}));

/** What may follow a field of a type. */
function operatorsFor(
  field: FieldDefinition | undefined,
  isCompared: boolean,
): readonly CompletionCandidate[] {
  const joining = ['&&', '||'].map(operator);
  if (isCompared) return joining;
  if (field === undefined) return [...comparisonOperators.map(operator), operator('in'), ...joining];
  switch (field.type) {
    case 'boolean':
      return [...joining, operator('=='), operator('!=')];
    case 'text':
      return ['==', '!=', 'in', ...textOperators].map(operator);
    case 'status':
    case 'address':
      return ['==', '!=', 'in'].map(operator);
    case 'dynamic':
      return [...comparisonOperators, 'in', ...textOperators].map(operator);
    default:
      return [...comparisonOperators, 'in'].map(operator);
  }
}

/** How well a candidate fits what has been written: 0 is best, undefined not at all. */
function fit(label: string, written: string): number | undefined {
  if (written === '') return 0;
  if (label.startsWith(written)) return 0;
  const lower = label.toLowerCase();
  const wanted = written.toLowerCase();
  if (lower.startsWith(wanted)) return 1;
  const at = lower.indexOf(wanted);
  if (at < 0) return undefined;
  const opens = /[._ ]/.test(lower[at - 1]!) || label[at] !== lower[at];
  return opens ? 2 : 3;
}

/**
 * Candidates for a caret, an offset into the text. Works in texts that cannot be read yet; never throws.
 * `vocabulary` is what the open trace adds.
 */
export function completeExpression(
  text: string,
  caret: number,
  vocabulary: ExpressionVocabulary = emptyVocabulary,
): Completion {
  const place = completionPlace(text, caret);
  const ranked = offers(place, vocabulary)
    .map((candidate, index) => ({ candidate, index, rank: fit(candidate.label, place.written) }))
    .filter((entry): entry is typeof entry & { readonly rank: number } => entry.rank !== undefined)
    .sort((left, right) => left.rank - right.rank || left.index - right.index);
  const seen = new Set<string>();
  const candidates = ranked
    .map(({ candidate }) => candidate)
    .filter(({ label }) => !seen.has(label) && seen.add(label));
  return { range: place.range, candidates: candidates.slice(0, mostCandidates) };
}

function offers(place: CompletionPlace, vocabulary: ExpressionVocabulary): readonly CompletionCandidate[] {
  const { wants, written, isText } = place;
  switch (wants.kind) {
    case 'operator':
      return isText ? [] : operatorsFor(wants.field, wants.isCompared);
    case 'field': {
      if (isText) return [];
      const fields = fieldsFor(written, vocabulary);
      if (wants.function !== 'changed') return fields;
      return fieldReferences
        .filter((reference) => reference.kind === 'variable' || reference.field.name === 'owner')
        .map(({ field }) => fieldCandidate(field));
    }
    case 'value': {
      if (wants.inText) return isText ? valuesOf(wants.field, place, vocabulary) : [];
      const values = valuesOf(wants.field, place, vocabulary);
      if (isText) return values;
      const isNumber = wants.field.type === 'count' || wants.field.type === 'dynamic';
      return [
        ...values,
        ...(isNumber ? constants(written) : []),
        ...sameType(wants.field, written, vocabulary),
      ];
    }
    case 'operand':
      return isText ? [] : [...fieldsFor(written, vocabulary), ...functionCandidates, operator('not')];
  }
}

/** Fields that can be compared with a field. */
function sameType(
  field: FieldDefinition,
  written: string,
  vocabulary: ExpressionVocabulary,
): readonly CompletionCandidate[] {
  const isNumber = field.type === 'count' || field.type === 'bytes';
  return fieldsFor(written, vocabulary).filter(({ label }) => {
    const other = fieldReference(label)!.field;
    if (label === field.name || other.parts !== undefined) return false;
    return other.type === field.type || (isNumber && (other.type === 'count' || other.type === 'bytes'));
  });
}
