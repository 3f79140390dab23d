/** The JSON Schema of scenario definitions, and which names it knows where. */
import { z } from 'zod';
import { scenarioDefinitionSchema } from './definition';
import type { TreePath } from './yamlTree';

/** A schema, as far as it is used here. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
}

/** Where the published schema is looked for. */
const schemaId = 'https://chimneysweep.invalid/scenario.schema.json';

let made: SchemaNode | undefined;

/** The JSON Schema (draft 2020-12) of scenario files. */
export function scenarioJsonSchema(): SchemaNode {
  made ??= {
    $id: schemaId,
    title: 'Scenario of Chimneysweep',
    ...z.toJSONSchema(scenarioDefinitionSchema, { io: 'input' }),
  } as SchemaNode;
  return made;
}

/** The alternative of a schema that a value is meant for: the one whose constants it has. */
export function alternativeFor(schema: SchemaNode, value: unknown): SchemaNode | undefined {
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives === undefined) return schema;
  return alternatives.find(({ properties = {} }) =>
    Object.entries(properties).some(
      ([name, { const: constant }]) =>
        constant !== undefined && (value as Readonly<Record<string, unknown>> | null)?.[name] === constant,
    ),
  );
}

/** What the schema says of the value at a path; undefined where it says nothing. */
export function schemaAt(value: unknown, path: TreePath): SchemaNode | undefined {
  let schema: SchemaNode | undefined = alternativeFor(scenarioJsonSchema(), value);
  let at = value;
  for (const key of path) {
    if (schema === undefined) return undefined;
    schema = typeof key === 'number' ? schema.items : schema.properties?.[String(key)];
    at = (at as Readonly<Record<PropertyKey, unknown>> | null)?.[key];
    if (schema !== undefined) schema = alternativeFor(schema, at) ?? schema;
  }
  return schema;
}

/** Names of members that the mapping at a path may have; none where that is unknown. */
export function namesAt(value: unknown, path: TreePath): readonly string[] {
  return Object.keys(schemaAt(value, path)?.properties ?? {});
}
