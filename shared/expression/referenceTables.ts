/** The tables of docs/expressions.md, made from the catalogues so that they say what the program does. */
import { eventFields } from './eventFields';
import { argumentField, fieldReferences } from './fields';
import type { FieldDefinition } from './fieldTypes';
import { eventKinds } from './fieldTypes';
import { frameFields } from './frameFields';
import { expressionFunctions } from './functions';
import { units } from './units';

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function kindsText({ kinds }: FieldDefinition): string {
  return kinds.length === eventKinds.length ? 'all' : kinds.join(', ');
}

function meaningText({ meaning, parts, values, names, aliases, reference }: FieldDefinition): string {
  const list = parts === undefined ? '' : ` Stands for ${parts.map(code).join(', ')}.`;
  const texts = values === undefined || parts !== undefined ? '' : ` One of ${values.map(code).join(', ')}.`;
  const numbers = names === undefined ? '' : ` Names: ${Object.keys(names).map(code).join(', ')}.`;
  const other = aliases === undefined ? '' : ` Also ${aliases.map(code).join(', ')}.`;
  const source = reference === undefined ? '' : ` (${reference})`;
  return `${meaning}${list}${texts}${numbers}${other}${source}`;
}

function fieldTable(fields: readonly FieldDefinition[]): string {
  return table(
    ['Field', 'Type', 'Events', 'Meaning'],
    fields.map((field) => [code(field.name), field.type, kindsText(field), meaningText(field)]),
  );
}

/** All of the generated part, in Markdown. */
export function referenceTables(): string {
  const variables = fieldReferences.flatMap((reference) =>
    reference.kind === 'variable' ? [reference.field] : [],
  );
  const functions = expressionFunctions.map(({ signature, meaning }) => [code(signature), meaning]);
  const unitRows = (quantity: string): string =>
    units
      .filter((unit) => unit.quantity === quantity)
      .map(({ name }) => code(name))
      .join(' ');
  return [
    '### Units',
    `Sizes, in powers of 1,024: ${unitRows('bytes')}. Times: ${unitRows('time')}.`,
    '### Functions',
    table(['Function', 'Meaning'], functions),
    '### Fields of events',
    fieldTable([...eventFields, argumentField]),
    '### Fields of frames',
    fieldTable(frameFields),
    '### Variables of offloaded state',
    fieldTable(variables),
  ].join('\n\n');
}
