/** The reference of scenarios as Markdown, out of their schema: docs/scenarios.md is made of it. */
import { library } from './library';
import { scenarioJsonSchema, type SchemaNode } from './schemaNames';

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** What a member's default is, as far as it says more than that there is none. */
function defaultText({ default: given }: SchemaNode): string {
  if (given === undefined) return '';
  const text = JSON.stringify(given);
  return text === '{}' || text === '[]' ? '' : ` \`${text}\` if absent.`;
}

function choices({ enum: names }: SchemaNode): string {
  return names === undefined ? '' : ` One of ${names.map((name) => `\`${String(name)}\``).join(', ')}.`;
}

/** Rows of a mapping and of the mappings in it, by their paths. */
function rows(node: SchemaNode, before: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    const path = before === '' ? name : `${before}.${name}`;
    const needed = node.required?.includes(name) === true && member.default === undefined ? ' Required.' : '';
    const text = `${member.description ?? ''}${choices(member)}${defaultText(member)}${needed}`;
    const items = member.items?.properties === undefined ? [] : rows(member.items, `${path}[]`);
    return [`| \`${path}\` | ${cell(text)} |`, ...rows(member, path), ...items];
  });
}

function table(node: SchemaNode, before = ''): string[] {
  return ['| member | meaning |', '| --- | --- |', ...rows(node, before), ''];
}

/** Members that all steps have. */
const common = ['after', 'when', 'irql', 'connection', 'note'];

function stepTables(node: SchemaNode): string[] {
  const kinds = node.oneOf ?? node.anyOf ?? [];
  const [first] = kinds;
  if (first === undefined) return [];
  const some = (step: SchemaNode, wanted: (name: string) => boolean): SchemaNode => ({
    ...step,
    properties: Object.fromEntries(Object.entries(step.properties ?? {}).filter(([name]) => wanted(name))),
  });
  return [
    'Every step may have these:',
    '',
    ...table(some(first, (name) => common.includes(name))),
    ...kinds.flatMap((step) => {
      const own = some(step, (name) => name !== 'do' && !common.includes(name));
      const { const: name } = step.properties?.['do'] ?? {};
      return [
        `### ${String(name)}`,
        '',
        step.description ?? '',
        '',
        ...(Object.keys(own.properties ?? {}).length === 0 ? [] : table(own)),
      ];
    }),
  ];
}

/** Headings of the parts of a definition. */
const parts = [
  ['topology', 'Topology'],
  ['workload', 'Workload'],
  ['policy', 'Policy'],
  ['expectations', 'Expectations'],
] as const;

/** See the file's head. */
export function scenarioReference(): string {
  const schema = scenarioJsonSchema();
  const members = schema.properties ?? {};
  return [
    '## Library',
    '',
    '| scenario | title |',
    '| --- | --- |',
    ...library.map(({ scenario, title }) => `| \`${scenario}\` | ${cell(title)} |`),
    '',
    ...parts.flatMap(([name, heading]) => [
      `## ${heading}`,
      '',
      members[name]?.description ?? '',
      '',
      ...table(members[name] ?? {}, name),
    ]),
    '## Steps',
    '',
    members['steps']?.description ?? '',
    '',
    ...stepTables(members['steps']?.items ?? {}),
  ].join('\n');
}
