/** The reference of the command line as Markdown, out of the program itself. */
import type { Command, Option } from 'commander';
import { verbTable } from './verbTable';

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** What an option is when it is not given, as far as its description does not say so already. */
function defaultText(option: Option): string {
  const value: unknown = option.defaultValueDescription ?? option.defaultValue;
  const isTold = typeof value === 'string' || typeof value === 'number';
  // The number of threads is that of the machine's processors.
  return isTold && option.long !== '--threads' ? ` (default: ${value})` : '';
}

function verbSection(command: Command): string {
  const name = command.name();
  const answers = verbTable.find(({ verb }) => verb === name);
  const usage = command.registeredArguments
    .map((argument) => {
      const text = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? ` <${text}>` : ` [${text}]`;
    })
    .join('');
  const lines = [
    `## ${name}`,
    '',
    `    chimneysweep ${name}${usage} [options]`,
    '',
    command.description(),
    '',
  ];
  const options = command.options.filter(({ hidden }) => !hidden);
  if (options.length > 0) {
    lines.push('| option | meaning |', '| --- | --- |');
    for (const option of options) {
      const required = option.mandatory ? ' (required)' : '';
      lines.push(
        `| \`${cell(option.flags)}\` | ${cell(option.description)}${required}${defaultText(option)} |`,
      );
    }
    lines.push('');
  }
  if (answers === undefined) return lines.join('\n');
  const { exitCodes, json } = answers;
  for (const code of [0, 1, 2] as const)
    if (exitCodes[code] !== undefined) lines.push(`- exit code ${code}: ${exitCodes[code]}`);
  if (json !== undefined) lines.push(`- \`--json\` prints ${json}`);
  lines.push('');
  return lines.join('\n');
}

/** Everything that the program says of its verbs. */
export function cliReference(program: Command): string {
  const overview = program.commands.map(
    (command) => `| [${command.name()}](#${command.name()}) | ${cell(command.description())} |`,
  );
  return [
    '| verb | what it does |',
    '| --- | --- |',
    ...overview,
    '',
    ...program.commands.map((command) => verbSection(command)),
  ].join('\n');
}
