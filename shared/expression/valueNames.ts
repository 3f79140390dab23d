/** Names of values: status codes, constants of the DDI, functions. */
import { constantEntry, functionEntry, functionNames } from '../ddi/catalogue';
import { NDIS_STATUS } from '../ddi/status';
import { constantEntries } from '../ddi/generated/constants';
import type { FieldDefinition } from './fieldTypes';

const prefix = 'NDIS_STATUS_';
const statuses = new Map<string, number>();
for (const [key, value] of Object.entries(NDIS_STATUS)) {
  statuses.set(key, value);
  statuses.set(prefix + key, value);
}
for (const { name, group, value } of constantEntries)
  if (group === 'ntstatus' && value !== null) statuses.set(name, value);

/** Status codes as they are usually written: without NDIS_STATUS_. */
export const statusKeys: readonly string[] = Object.keys(NDIS_STATUS);

/** All names of status codes: NDIS_STATUS_X, X, and NTSTATUS names. */
export const statusNames: readonly string[] = [...statuses.keys()];

/** The code of a name, with or without NDIS_STATUS_; undefined if there is none. */
export function statusValue(name: string): number | undefined {
  return statuses.get(name);
}

/** Number of a constant of the DDI; undefined for unknown names, and for those without a published number. */
export function constantNumber(name: string): number | undefined {
  return constantEntry(name)?.value ?? undefined;
}

/** What a trace adds to the names that are known anyway. */
export interface ExpressionVocabulary {
  /** Names of components. */
  readonly components: readonly string[];
  /** Names of arguments and outputs of calls. */
  readonly arguments: readonly string[];
}

/** Where no trace is open. */
export const emptyVocabulary: ExpressionVocabulary = { components: [], arguments: [] };

/** The texts that a field can hold, as far as they are known. */
export function textsOf(field: FieldDefinition, vocabulary: ExpressionVocabulary): readonly string[] {
  if (field.values !== undefined) return field.values;
  if (field.openValues === 'functions') return functionNames;
  return field.openValues === 'components' ? vocabulary.components : [];
}

let parameters: ReadonlySet<string> | undefined;

/** Names of all parameters of the DDI's functions. */
export function parameterNames(): ReadonlySet<string> {
  parameters ??= new Set(
    functionNames.flatMap((name) => functionEntry(name).parameters.map((parameter) => parameter.name)),
  );
  return parameters;
}
