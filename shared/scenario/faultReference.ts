/** The reference of faults as Markdown, out of their schema: docs/faults.md is made of it. */
import { z } from 'zod';
import { faultResources, faultSchema } from './faults';

/** What of a JSON Schema this file looks at. */
interface FieldSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
}

interface KindSchema {
  readonly description: string;
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}

/** Fields that every fault has, and one that those have which happen by themselves. */
const common = ['at', 'when', 'probability', 'times', 'every'];

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function row(name: string, field: FieldSchema, isRequired: boolean): string {
  const choices =
    field.enum === undefined ? '' : ` One of ${field.enum.map((one) => `\`${one}\``).join(', ')}.`;
  const given = field.default === undefined ? '' : ` \`${JSON.stringify(field.default)}\` if absent.`;
  const needed = isRequired && given === '' ? ' Required.' : '';
  return `| \`${name}\` | ${cell(`${field.description ?? ''}${choices}${given}${needed}`)} |`;
}

function tableOf(names: readonly string[], { properties, required = [] }: KindSchema): string[] {
  return [
    '| field | meaning |',
    '| --- | --- |',
    ...names.map((name) => row(name, properties[name]!, required.includes(name))),
    '',
  ];
}

/** See the file's head. */
export function faultReference(): string {
  const { oneOf, anyOf } = z.toJSONSchema(faultSchema, { io: 'input' }) as {
    oneOf?: KindSchema[];
    anyOf?: KindSchema[];
  };
  const kinds = oneOf ?? anyOf ?? [];
  const withAll = kinds.find(({ properties }) => 'every' in properties)!;
  return [
    '## When',
    '',
    ...tableOf(common, withAll),
    '`every` is a field of faults that happen by themselves: they are marked with †.',
    '',
    '## Kinds',
    '',
    ...kinds.flatMap((kind) => {
      const names = Object.keys(kind.properties).filter((name) => name !== 'kind' && !common.includes(name));
      const mark = 'every' in kind.properties ? ' †' : '';
      return [
        `### ${kind.properties['kind']!.const ?? ''}${mark}`,
        '',
        kind.description,
        '',
        ...(names.length === 0 ? [] : tableOf(names, kind)),
      ];
    }),
    '## Resources',
    '',
    'What a target can lack, with the layer of the objects that it refuses and the status that they get.',
    '',
    '| resource | layer | status |',
    '| --- | --- | --- |',
    ...Object.entries(faultResources).map(
      ([name, { layer, status }]) => `| \`${name}\` | ${layer} | NDIS_STATUS_${status} |`,
    ),
    '',
  ].join('\n');
}
