/** Writes a scenario as YAML: in the order of the schema, with units, and without what goes without saying. */
import { stringify } from 'yaml';
import type { ScenarioDefinition } from './definition';
import { quantityKind, quantityText } from './quantityText';
import { alternativeFor, scenarioJsonSchema, type SchemaNode } from './schemaNames';

/** What editors look for to offer what the schema knows. */
const schemaComment = '# yaml-language-server: $schema=../docs/scenario.schema.json';

const widestLine = 110;

/** The word for an empty list. */
const emptyList = 'none';

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return isMapping(value) ? Object.keys(value).length === 0 : Array.isArray(value) && value.length === 0;
}

function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A value as it is written; undefined where it goes without saying. */
function written(value: unknown, node: SchemaNode | undefined, isRequired: boolean): unknown {
  if (!isRequired && node?.default !== undefined && equal(value, node.default)) return undefined;
  if (typeof value === 'number') {
    const kind = quantityKind(node?.anyOf?.find(({ pattern }) => pattern !== undefined)?.pattern);
    const text = kind === undefined ? '' : quantityText(value, kind);
    return text === '' || text === String(value) ? value : text;
  }
  if (Array.isArray(value)) {
    // A list that may be absent is another thing when it is empty, where the schema has a word for that.
    if (value.length === 0 && node?.anyOf?.some((one) => one.const === emptyList) === true) return emptyList;
    if (value.length === 0 && !isRequired) return undefined;
    return value.map((item) => written(item, node?.items, true));
  }
  if (!isMapping(value)) return value;
  const schema = node === undefined ? undefined : alternativeFor(node, value);
  const known = Object.keys(schema?.properties ?? {});
  const names = [...known, ...Object.keys(value).filter((name) => !known.includes(name))];
  const members: Record<string, unknown> = {};
  for (const name of names) {
    if (value[name] === undefined) continue;
    const others = schema?.additionalProperties;
    const member = schema?.properties?.[name] ?? (typeof others === 'object' ? others : undefined);
    const text = written(value[name], member, schema?.required?.includes(name) ?? false);
    if (text !== undefined) members[name] = text;
  }
  return isEmpty(members) && !isRequired && isMapping(node?.default) ? undefined : members;
}

/** The text of a file that is read as this definition. */
export function writeScenario(definition: ScenarioDefinition): string {
  const members = written(definition, scenarioJsonSchema(), true);
  return `${schemaComment}\n${stringify(members, { lineWidth: widestLine })}`;
}
