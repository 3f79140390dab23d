/** The functions of the language, as data for checker, completion and reference page. */

/** One function. */
export interface FunctionDescription {
  readonly name: string;
  /** How it is written, with names for its arguments. */
  readonly signature: string;
  readonly fewest: number;
  readonly most: number;
  readonly meaning: string;
}

/** All functions. */
export const expressionFunctions = [
  {
    name: 'exists',
    signature: 'exists(field)',
    fewest: 1,
    most: 1,
    meaning: 'Whether the event has the field. `has` is the same.',
  },
  { name: 'has', signature: 'has(field)', fewest: 1, most: 1, meaning: 'Whether the event has the field.' },
  {
    name: 'changed',
    signature: 'changed(field)',
    fewest: 1,
    most: 1,
    meaning: 'Whether this event gave a state variable, or `owner`, a new value.',
  },
  {
    name: 'failed',
    signature: 'failed(status)',
    fewest: 1,
    most: 1,
    meaning: 'Whether the severity of a status code is error. NDIS_STATUS_PENDING is none.',
  },
  {
    name: 'succeeded',
    signature: 'succeeded(status)',
    fewest: 1,
    most: 1,
    meaning: 'What NT_SUCCESS says: severity success or information, NDIS_STATUS_PENDING included.',
  },
  { name: 'min', signature: 'min(a, b, …)', fewest: 2, most: 16, meaning: 'The smallest of its arguments.' },
  { name: 'max', signature: 'max(a, b, …)', fewest: 2, most: 16, meaning: 'The largest of its arguments.' },
  { name: 'abs', signature: 'abs(number)', fewest: 1, most: 1, meaning: 'The number without its sign.' },
  {
    name: 'distance',
    signature: 'distance(a, b)',
    fewest: 2,
    most: 2,
    meaning:
      'How far sequence number a is ahead of b, modulo 2^32 and negative where it is behind (RFC 9293, 3.4).',
  },
  { name: 'lower', signature: 'lower(text)', fewest: 1, most: 1, meaning: 'The text in small letters.' },
  { name: 'upper', signature: 'upper(text)', fewest: 1, most: 1, meaning: 'The text in capital letters.' },
  {
    name: 'length',
    signature: 'length(text)',
    fewest: 1,
    most: 1,
    meaning: 'Number of characters of the text.',
  },
] as const satisfies readonly FunctionDescription[];

/** Name of a function. */
export type FunctionName = (typeof expressionFunctions)[number]['name'];

/** Whether a name that came from outside is a function. */
export function isExpressionFunction(name: string): name is FunctionName {
  return expressionFunctions.some((candidate) => candidate.name === name);
}

/** What is known of a function. */
export function expressionFunction(name: FunctionName): FunctionDescription {
  return expressionFunctions.find((candidate) => candidate.name === name)!;
}
